"""Figures of test probes and test scores."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import Heading, by_panel, heading
from replisome.analysis.plots import Drawn, LeftOut
from replisome.analysis.results import StudyResults, VariantKey
from replisome.analysis.variants import (
    Variant,
    best_on_validation,
    evaluated_variants,
    label,
    selected_score,
)
from replisome.studies.rnacompete.predictions import (
    measure,
    protein_predictions,
    protein_scores,
    proteins_of,
)
from replisome.studies.rnacompete.tables.scores import proteins

CELLS = 45  # hexagons across a panel


@figure("Predicted and measured", pages=2, image=True)
def predicted_and_measured(study: StudyResults) -> Drawn:
    """Test probes of the best model of one protein, chosen on validation, for each protein and protocol.

    The darker, the more probes, on a log scale. On the dashed line the prediction is what was measured. Predictions and
    score are those of one seed.
    """
    best = {variant.key: variant for variant in _best_of_one_protein(study)}

    def draw(panel: Axes, key: VariantKey) -> None:
        found = protein_predictions(study, best[key], 0)
        panel.hexbin(
            found.predicted[0], found.measured, gridsize=CELLS, bins="log", cmap=plots.SHARES, mincnt=1, vmin=0.5
        )
        panel.axline((0, 0), slope=1, color=plots.GREY, lw=plots.THIN, ls="--")

    def written(variant: Variant) -> Heading:
        score = selected_score(study, variant)
        found, reached = protein_predictions(study, variant, 0), protein_scores(study, variant, measure(score), 0)
        numbers = f"n = {len(found.measured):,} test probes", f"{score.title} {score.written(reached.values[0])}"
        about = heading(study, variant.recipe)
        return Heading(
            f"{label(study, variant)}\n{about.name}", (*about.about, f"seed {variant.runs[0].seed}", *numbers)
        )

    headings = {key: written(variant) for key, variant in best.items()}
    x, y, nothing = "predicted (z-score)", "measured (z-score)", "No model of a single protein was tested."
    return by_panel(headings, draw, x, y, nothing=nothing)


def _best_of_one_protein(study: StudyResults) -> list[Variant]:
    """Return the best variant on validation for each protein and protocol: all labels, one-hot input."""
    groups: dict[tuple[str, str], list[Variant]] = {}
    for variant in evaluated_variants(study):
        card = study.cards[variant.recipe]
        if len(card["proteins"]) == 1 and not card["labels_hidden"] and card["encoding"] == "onehot":
            groups.setdefault((card["proteins"][0]["experiment"], card["protocol"]), []).append(variant)
    return [best for members in groups.values() if (best := best_on_validation(study, members))]


@figure("When a protein has few labels", pages=2)
def few_labels(study: StudyResults) -> Drawn:
    """Test scores of a protein against how many training labels it has.

    Some models share their RNA encoder with other proteins, others are of this protein alone. The other proteins keep
    all their labels. In the full settings the orthologues of RBFOX1 are left out, because they bind the same motif.
    Intervals are 95 %, over seeds and test probes.
    """
    several = [variant for variant in evaluated_variants(study) if len(proteins_of(study, variant.recipe)) > 1]
    if not several:
        return LeftOut("This configuration has no model of several proteins.")
    split, score = study.cards[several[0].recipe]["split"], selected_score(study, several[0])
    rows = proteins(study)
    alike = rows["recipe"].map(lambda recipe: study.cards[recipe]["split"] == split)
    rows = rows[alike & rows["test probes"].notna()]  # no means
    rows = rows.assign(learner=rows["model"].where(rows["proteins in it"] > 1, "this protein alone"))
    wanted = {
        str(name): own
        for name, own in rows.groupby("protein", sort=False)
        if own["proteins in it"].max() > 1 and own["training labels"].nunique() > 1
    }
    if not wanted:
        return LeftOut("No protein has models with more and with fewer labels in this configuration.")
    numbers = {learner: number for number, learner in enumerate(rows["learner"].unique())}

    def draw(panel: Axes, name: str) -> None:
        for learner, line in wanted[name].sort_values("training labels").groupby("learner"):
            value, low, high = (line[f"test {score.heading}{bound}"] for bound in ("", " low", " high"))
            lengths = np.nan_to_num([value - low, high - value]).clip(min=0)
            panel.errorbar(line["training labels"], value, lengths, label=learner, **plots.look(numbers[learner]))
        plots.log_scale(panel, "x")

    about = heading(study, several[0].recipe)
    headings = {name: Heading(name, (about.name, *about.about)) for name in wanted}
    return by_panel(headings, draw, "training labels of this protein (log scale)", f"test {score.heading}")

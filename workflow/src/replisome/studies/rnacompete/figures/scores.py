"""Figures of test probes and test scores."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from replisome.analysis import panels
from replisome.analysis.declare import figure
from replisome.analysis.plots import COLOURS, MARKERS, LeftOut, grid, log_scale
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, best_on_validation, evaluated_variants, label, selected_score
from replisome.studies.rnacompete.predictions import (
    measure,
    protein_predictions,
    protein_scores,
    proteins_of,
)
from replisome.studies.rnacompete.tables.scores import proteins


@figure("Predicted and measured")
def predicted_and_measured(study: StudyResults) -> Figure | LeftOut:
    """Test probes of the best model of one protein, chosen on validation, for each protein and protocol.

    The colour counts probes, on a log scale.
    """
    best = _best_of_one_protein(study)
    if not best:
        return LeftOut("No model of a single protein was tested.")
    drawn, axes = grid(len(best), 5.0, sharey=False)
    for panel, variant in zip(axes, best, strict=True):
        score = selected_score(study, variant)
        found, reached = protein_predictions(study, variant, 0), protein_scores(study, variant, measure(score), 0)
        panel.hexbin(found.predicted[0], found.measured, gridsize=60, bins="log", cmap="Blues", mincnt=1)
        panel.set_xlabel("predicted (z-score)")
        panel.set_ylabel("measured (z-score)")
        panel.set_title(
            f"{label(study, variant)}\n{panels.heading(study, variant.recipe)}\nseed {variant.runs[0].seed}, n = "
            f"{len(found.measured):,} test probes; {score.title} {score.written(reached.values[0])}",
            fontsize=10,
        )
    return drawn


def _best_of_one_protein(study: StudyResults) -> list[Variant]:
    """Return the best variant on validation for each protein and protocol: all labels, one-hot input."""
    groups: dict[tuple[str, str], list[Variant]] = {}
    for variant in evaluated_variants(study):
        card = study.cards[variant.recipe]
        if len(card["proteins"]) == 1 and not card["labels_hidden"] and card["encoding"] == "onehot":
            groups.setdefault((card["proteins"][0]["experiment"], card["protocol"]), []).append(variant)
    return [best for members in groups.values() if (best := best_on_validation(study, members))]


@figure("When a protein has few labels")
def few_labels(study: StudyResults) -> Figure | LeftOut:
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
    wanted = [
        (name, own)
        for name, own in rows.groupby("protein", sort=False)
        if own["proteins in it"].max() > 1 and own["training labels"].nunique() > 1
    ]
    if not wanted:
        return LeftOut("No protein has models with more and with fewer labels in this configuration.")
    styles = {learner: number for number, learner in enumerate(rows["learner"].unique())}
    drawn, axes = grid(len(wanted))
    for panel, (name, own) in zip(axes, wanted, strict=True):
        for learner, line in own.sort_values("training labels").groupby("learner"):
            value, low, high = (line[f"test {score.heading}{bound}"] for bound in ("", " low", " high"))
            panel.errorbar(
                line["training labels"],
                value,
                np.nan_to_num([value - low, high - value]).clip(min=0),
                color=COLOURS[styles[learner] % len(COLOURS)],
                marker=MARKERS[styles[learner] % len(MARKERS)],
                label=learner,
                capsize=3,
                lw=1.6,
            )
        log_scale(panel, "x")
        panel.set_xlabel("training labels of this protein")
        panel.set_title(f"{name}\n{panels.heading(study, several[0].recipe)}", fontsize=10)
        panel.legend(fontsize=9)
    axes[0].set_ylabel(f"test {score.heading} ")
    return drawn

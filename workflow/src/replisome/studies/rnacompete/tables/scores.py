"""Tables of what the models reach: test scores, differences, attention heads, single proteins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.intervals import interval
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import columns_on_test, item_scores, score_on_test
from replisome.analysis.statistics import NOTHING, Estimate, mean_over_seeds
from replisome.analysis.variants import (
    Variant,
    about,
    curves_of,
    estimate,
    evaluated_variants,
    frame,
    label,
    selected_score,
    tabulate,
    validation,
    validation_columns,
)
from replisome.config.study import Score
from replisome.studies.rnacompete.motifs import FEW
from replisome.studies.rnacompete.paper import SCORE, reference, reported, reported_gain, scores_of
from replisome.studies.rnacompete.predictions import (
    attention_by_heads,
    difference,
    full_name,
    measure,
    protein_scores,
    proteins_of,
)

ON_TEST = ("spearman", "pearson", "loss")  # scores of every tested model


@table("Every tested model: rank correlation with what was measured")
def scores(study: StudyResults) -> pd.DataFrame:
    """Every model whose test split was read.

    Test intervals are 95 %, over seeds and test probes; validation intervals are 95 %, over seeds. The column "sd over
    seeds" is the standard deviation, over seeds, of the score that was selected by. Correlations are over all valid
    probes of the split, and ties get average ranks; where a recipe has several proteins, a score is the mean over them.
    MSE is the mean squared error of z-scores. All scores are of the epoch that is best on validation, as we read report
    A's "best selected checkpoint"; where both were asked for, the last epoch's test score stands beside them. Report
    A's values speak of RBFOX1 only, and stand only beside networks with its settings, trained on all of its data for 30
    epochs.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        card, (selected, *more) = study.cards[variant.recipe], scores_of(study, variant)
        found = item_scores(study, variant, selected)
        assert found is not None  # it was tested
        last = score_on_test(study, variant.at("last"), selected).value if variant.weights == "best" else np.nan
        return {
            "training probes": card["counts"]["train"],
            **validation_columns(study, variant, *(score.name for score in more)),
            "report A, validation Spearman": reported(study, variant, SCORE, "validation", "final"),
            **columns_on_test(study, variant, ON_TEST),
            "report A, test Spearman": reported(study, variant, SCORE, "test", "final"),
            f"test {selected.heading}, last epoch": last * selected.scale,
            "sd over seeds": found.values.std(ddof=1) if len(found.values) > 1 else np.nan,
            "test probes": card["counts"]["test"],
            "ceiling": card.get("ceiling", {}).get("expected", np.nan),
        }

    return tabulate(study, evaluated_variants(study, diverged=True), columns)


@table("Differences, paired over test probes")
def differences(study: StudyResults) -> pd.DataFrame:
    """Scores less those of the plain BiLSTM on the same probes.

    Test intervals are 95 %, over seeds and test probes. An interval that holds zero does not tell the two models apart.
    """

    def columns(variant: Variant) -> dict[str, Any] | None:
        base = _compared_with(study, variant)
        if base is None:
            return None
        found: dict[str, Any] = {
            "less": f"{label(study, base)} ({base.recipe})" if base.recipe != variant.recipe else label(study, base)
        }
        for score in scores_of(study, variant):
            paired = difference(study, variant, base, measure(score))
            if paired is None:
                return None
            ours, theirs = (validation(study, one, score.name).value for one in (variant, base))
            found[f"validation {score.heading}, difference"] = (ours - theirs) * score.scale
            found |= estimate(f"test {score.heading}, difference", paired, score.scale)
            found["test probes"] = paired.items
        return {**found, "report A, test Spearman, difference": reported_gain(study, variant)}

    single = [v for v in evaluated_variants(study) if len(proteins_of(study, v.recipe)) == 1]
    return tabulate(study, single, columns)


def _compared_with(study: StudyResults, variant: Variant) -> Variant | None:
    """Return the tested plain BiLSTM of the variant's recipe; for tokens, that of the recipe it inherits from."""
    base = reference(study, variant.recipe)
    if base is None or study.cards[variant.recipe]["encoding"] != "onehot":
        inherits = study.resolved(variant.runs[0]).settings.get("inherits", {})
        base = reference(study, inherits.get("recipe", variant.recipe))
    return None if base is None or base == variant or base.runs[0].key not in study.tested else base


@table("Attention heads")
def heads(study: StudyResults) -> pd.DataFrame:
    """Attention pooling by number of heads; 0 heads is the plain BiLSTM with the same hyperparameters.

    Report A says that 4 and 8 heads lower the validation loss, that 8 is best, and that more would not help. Scores are
    of the epoch that is best on validation, and that report A's are is our reading of its "best selected checkpoint".
    Test intervals are 95 %, over seeds and test probes; other intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        lowest = [float(np.nanmin(curve)) for curve in curves_of(study, variant, "validation", "loss")]
        names = [score.name for score in scores_of(study, variant)]
        return {
            "heads": variant.values.get("heads", 0),
            **estimate("lowest validation loss", mean_over_seeds(lowest)),
            **validation_columns(study, variant, *names),
            **columns_on_test(study, variant, names),
            "report A, test Spearman": reported(study, variant, SCORE, "test", "final"),
        }

    members = [variant for found in attention_by_heads(study).values() for variant in found]
    return tabulate(study, members, columns)


@table("One model for several proteins, and one for each")
def proteins(study: StudyResults) -> pd.DataFrame:
    """One model for several proteins beside models of one protein, on the same split, protein by protein.

    The recipes called few01, few05 and few20 keep 1, 5 and 20 % of one protein's training labels, and at most as many
    of its validation labels: to stop early on more labels than training has would not be "few labels". "Less one of its
    own" is the test score less that of a model of this protein alone that had the same labels. Proteins that no recipe
    has for itself count in the mean only. Test intervals are 95 %, over seeds and test probes; validation intervals are
    95 %, over seeds.
    """
    rows = []
    alone = {p[0]["experiment"] for p in (proteins_of(study, r) for r in study.plan.recipes) if len(p) == 1}
    for variant in evaluated_variants(study):
        members, selected = proteins_of(study, variant.recipe), selected_score(study, variant)
        several, one = len(members) > 1, selected.name.removesuffix("_mean")
        if not several and reference(study, variant.recipe) != variant:
            continue
        for number, protein in enumerate(members):
            if protein["experiment"] not in alone and len(members) > FEW:
                continue
            held_out = validation(study, variant, f"{one}.{protein['experiment']}" if several else one)
            own = _alone(study, variant, protein) if several else None
            gain = difference(study, variant, own, measure(selected), number) if own else None
            rows.append(
                {
                    **about(study, variant),
                    "protein": full_name(protein),
                    "proteins in it": len(members),
                    "training labels": protein["train"],
                    "validation labels": protein["validation"],
                    **estimate(f"validation {selected.heading}", held_out, selected.scale),
                    **columns_on_test(study, variant, ON_TEST, partial(_of_protein, study, variant, number)),
                    **estimate("less one of its own", gain or NOTHING, selected.scale),
                    "test probes": protein["test"],
                }
            )
        if several:
            rows.append(
                {
                    **about(study, variant),
                    "protein": f"mean of {len(members)}",
                    "proteins in it": len(members),
                    "training labels": sum(protein["train"] for protein in members),
                    "validation labels": sum(protein["validation"] for protein in members),
                    **validation_columns(study, variant),
                    **columns_on_test(study, variant, ON_TEST),
                }
            )
    return frame(rows)


def _of_protein(study: StudyResults, variant: Variant, number: int, score: Score) -> Estimate:
    return interval(protein_scores(study, variant, measure(score), number))


def _alone(study: StudyResults, variant: Variant, protein: Mapping[str, Any]) -> Variant | None:
    """Return the tested model of this protein alone, on the same split and with the same number of labels."""
    split = study.cards[variant.recipe]["split"]
    for recipe in (name for name, card in study.cards.items() if card["split"] == split):
        only, other = proteins_of(study, recipe), reference(study, recipe)
        same = len(only) == 1 and all(only[0][key] == protein[key] for key in ("experiment", "train", "validation"))
        if same and other is not None and other.runs[0].key in study.tested:
            return other
    return None

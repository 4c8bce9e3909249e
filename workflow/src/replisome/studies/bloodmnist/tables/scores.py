"""How well the variants do, and what a softmax before the cross-entropy costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import columns_on_test, difference_on_test, difference_on_validation, score_on_test
from replisome.analysis.variants import Variant, estimate, tabulate, validation_columns
from replisome.studies.bloodmnist import paper
from replisome.studies.bloodmnist.predictions import in_order, shown_scores


@table("The four variants: accuracy beside the reports' values")
def variants(study: StudyResults) -> pd.DataFrame:
    """The four variants of the CNN: with and without max pooling, with and without a softmax before the loss.

    Each run keeps the weights of the epoch that is best on validation, and its validation scores are those of that
    epoch. The test split is read once, with these weights. The choice between models uses validation alone. Test
    intervals are 95 %, over seeds and test images; validation intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        names = [score.name for score in shown_scores(study, variant)]
        found: dict[str, Any] = {"lr": variant.values.get("lr")}
        found |= validation_columns(study, variant, paper.SCORE)
        found["report A, validation (%)"] = paper.claimed(
            study, variant, "report A", "accuracy@validation", "pool", "head"
        )
        return {
            **found,
            **columns_on_test(study, variant, names),
            "test images": score_on_test(study, variant, study.plan.implementation.score(paper.SCORE)).items,
            "report B, test (%)": paper.claimed(study, variant, "report B", "accuracy@test", "pool", "head"),
            "ceiling (%)": 100 * study.cards[variant.recipe].get("ceiling", {}).get("expected", np.nan),
        }

    return tabulate(study, in_order(study), columns)


@table("Logits against softmax before the cross-entropy")
def logits_vs_softmax(study: StudyResults) -> pd.DataFrame:
    """What a softmax before the cross-entropy costs, in percentage points of the score.

    The cross-entropy applies a softmax of its own, so the ``softmax`` head squeezes the scores twice. Each row compares
    the model with logits, which it names, with the one that has a softmax and is equal otherwise. The test scores of
    the two are compared on the same images; their seeds are samples of their own. Test intervals are 95 %, over seeds
    and test images; validation intervals are 95 %, over seeds.
    """
    members = in_order(study)

    def columns(logits: Variant) -> dict[str, Any] | None:
        softmax = paper.with_softmax(members, logits)
        if softmax is None:
            return None
        found: dict[str, Any] = {
            "pooling": paper.POOLS.get(logits.values.get("pool", "none")),
            "lr": logits.values.get("lr"),
        }
        for score in shown_scores(study, logits):
            heading = f"{score.title}, logits - softmax ({score.difference_unit})"
            gap = difference_on_validation(study, logits, softmax, score)
            found |= estimate(f"validation {heading}", gap, score.scale)
            test = difference_on_test(study, logits, softmax, score)
            found |= estimate(f"test {heading}", test, score.scale)
        return {
            **found,
            "test images": test.items,
            "report A, validation (points)": paper.claimed(study, logits, "report A", "softmax_gap@validation", "pool"),
            "report B, test (points)": paper.claimed(study, logits, "report B", "softmax_gap@test", "pool"),
        }

    return tabulate(study, members, columns)

"""How well the variants do, and what a softmax before the cross-entropy costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate, mean_over_seeds, paired_difference
from replisome.analysis.variants import Variant, estimate, tabulate, validation, values_of
from replisome.studies.bloodmnist import paper
from replisome.studies.bloodmnist.predictions import AUC, final_score, in_order, per_image, shown_scores, why_no_auc


@table("The four variants: accuracy beside the reports' values")
def variants(study: StudyResults) -> pd.DataFrame:
    """The four variants of the CNN: with and without max pooling, with and without a softmax before the loss.

    Headings say at which epoch a score was read: the last, or the one that is best on validation. The reports do not
    say. That report B's values are those of its last epoch, and report A's those of its best, is our reading: nothing
    in report B says that a best epoch was kept, and report A speaks of best accuracies. A report's value stands only
    beside runs with its settings and its 200 epochs. Square brackets hold 95 % intervals:
    over seeds where there are several (Student's t), otherwise, for the test only, over test images (percentile
    bootstrap). The choice between models uses validation alone.

    AUC is the area under the ROC curve as MedMNIST's evaluator takes it: the mean over classes of each one against the
    rest or, of two classes, that of the second. Where a class has no image in a split it is not defined.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        images = per_image(study, variant, paper.SCORE)
        found: dict[str, Any] = {"lr": variant.values.get("lr")}
        for score in shown_scores(study, variant, AUC):
            held_out = validation(study, variant, score.name)
            found |= estimate(f"validation {score.heading}, {paper.EPOCH[variant.weights]}", held_out, score.scale)
        found[_by("report A", "validation (%)")] = paper.claimed(
            study, variant, "report A", "accuracy@validation", *paper.SWITCHES
        )
        for weights in paper.EPOCH:
            for score in shown_scores(study, variant, AUC):
                test = final_score(study, variant, score.name, weights)
                found |= estimate(f"test {score.heading}, {paper.EPOCH[weights]}", test, score.scale)
        found[_by("report B", "test (%)")] = paper.claimed(study, variant, "report B", "accuracy@test", *paper.SWITCHES)
        return {
            **found,
            "test images": 0 if images is None else len(images),
            "ceiling (%)": 100 * study.cards[variant.recipe].get("ceiling", {}).get("expected", np.nan),
            "no AUC, because": why_no_auc(study, variant.recipe),
        }

    return tabulate(study, in_order(study), columns)


@table("Logits against softmax before the cross-entropy")
def logits_vs_softmax(study: StudyResults) -> pd.DataFrame:
    """What a softmax before the cross-entropy costs, in percentage points of the score.

    The cross-entropy applies a softmax of its own, so the ``softmax`` head squeezes the scores twice. Each row compares
    the model with logits, which it names, with the one that has a softmax and is equal otherwise. The test scores of
    the two are compared image by image, and the interval is a percentile bootstrap over images. The validation scores
    are compared seed by seed, and the interval is Student's t. Headings say at which epoch scores were read; that
    report B's are of the last epoch and report A's of the best is our reading. Report A says "approximately ten
    points"; the best accuracies that it gives differ by 12.5.
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
            role = {"split": "validation", "metric": score.name, "role": logits.weights}
            gap = _gap(*(values_of(study, variant, **role) for variant in (logits, softmax)))
            what = f"validation {score.title}, logits - softmax ({score.difference_unit})"
            found |= estimate(f"{what}, {paper.EPOCH[logits.weights]}", gap, score.scale)
        found[_by("report A", "validation (points)")] = paper.claimed(
            study, logits, "report A", "softmax_gap@validation", "pool"
        )
        compared = 0
        for weights in paper.EPOCH:
            for score in shown_scores(study, logits):
                one, two = (per_image(study, variant, score.name, weights) for variant in (logits, softmax))
                test = mean_over_seeds([]) if one is None or two is None else paired_difference(one, two)
                what = f"test {score.title}, logits - softmax ({score.difference_unit})"
                found |= estimate(f"{what}, {paper.EPOCH[weights]}", test, score.scale)
                compared = max(compared, test.n)
        found[_by("report B", "test (points)")] = paper.claimed(study, logits, "report B", "softmax_gap@test", "pool")
        return {**found, "test images": compared}

    return tabulate(study, members, columns)


def _by(report: str, what: str) -> str:
    """Return the heading of a report's values: what they are, and at which epoch we think they were read."""
    return f"{report}, {what}, {paper.EPOCH[paper.READ_AT[report]]}"


def _gap(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Return the mean difference over seeds, paired where both have the same number of them."""
    if len(first) == len(second):
        return mean_over_seeds(first - second)
    return Estimate(float(first.mean() - second.mean()), np.nan, np.nan, min(len(first), len(second)))

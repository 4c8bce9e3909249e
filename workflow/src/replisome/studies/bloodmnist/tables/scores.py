"""How well the variants do, and what a softmax before the cross-entropy costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import difference_on_test, difference_on_validation, score_on_test
from replisome.analysis.variants import Variant, estimate, tabulate, validation
from replisome.studies.bloodmnist import paper
from replisome.studies.bloodmnist.predictions import AUC, in_order, shown_scores, why_no_auc


@table("The four variants: accuracy beside the reports' values")
def variants(study: StudyResults) -> pd.DataFrame:
    """The four variants of the CNN: with and without max pooling, with and without a softmax before the loss.

    Headings say at which epoch a score was read: the last, or the one that is best on validation. The reports do not
    say. That report B's values are those of its last epoch, and report A's those of its best, is our reading: nothing
    in report B says that a best epoch was kept, and report A speaks of best accuracies. A report's value stands only
    beside runs with its settings and its 200 epochs. The choice between models uses validation alone.

    AUC is the area under the ROC curve as MedMNIST's evaluator takes it: the mean over classes of each one against the
    rest or, of two classes, that of the second. Where a class has no image in a split it is not defined. Test intervals
    are 95 %, over seeds and test images; validation intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        found: dict[str, Any] = {"lr": variant.values.get("lr")}
        for score in shown_scores(study, variant, AUC):
            held_out = validation(study, variant, score.name)
            found |= estimate(f"validation {score.heading}, {paper.EPOCH[variant.weights]}", held_out, score.scale)
        found[_by("report A", "validation (%)")] = paper.claimed(
            study, variant, "report A", paper.VALIDATION, *paper.SWITCHES
        )
        images = 0
        for weights in paper.EPOCH:
            for score in shown_scores(study, variant, AUC):
                test = score_on_test(study, variant.at(weights), score)
                found |= estimate(f"test {score.heading}, {paper.EPOCH[weights]}", test, score.scale)
                images = max(images, test.items)
        found[_by("report B", "test (%)")] = paper.claimed(study, variant, "report B", paper.TEST, *paper.SWITCHES)
        return {
            **found,
            "test images": images,
            "ceiling (%)": 100 * study.cards[variant.recipe].get("ceiling", {}).get("expected", np.nan),
            "no AUC, because": why_no_auc(study, variant.recipe),
        }

    return tabulate(study, in_order(study), columns)


@table("Logits against softmax before the cross-entropy")
def logits_vs_softmax(study: StudyResults) -> pd.DataFrame:
    """What a softmax before the cross-entropy costs, in percentage points of the score.

    The cross-entropy applies a softmax of its own, so the ``softmax`` head squeezes the scores twice. Each row compares
    the model with logits, which it names, with the one that has a softmax and is equal otherwise. The test scores of
    the two are compared on the same images; their seeds are samples of their own. Headings say at which epoch scores
    were read; that report B's are of the last epoch and report A's of the best is our reading. Report A says
    "approximately ten points"; the best accuracies that it gives differ by 12.5. Test intervals are 95 %, over seeds
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
            heading = f"validation {score.title}, logits - softmax ({score.difference_unit})"
            gap = difference_on_validation(study, logits, softmax, score)
            found |= estimate(f"{heading}, {paper.EPOCH[logits.weights]}", gap, score.scale)
        found[_by("report A", "validation (points)")] = paper.claimed_cost_of_softmax(
            study, logits, "report A", paper.VALIDATION
        )
        images = 0
        for weights in paper.EPOCH:
            for score in shown_scores(study, logits):
                heading = f"test {score.title}, logits - softmax ({score.difference_unit})"
                test = difference_on_test(study, logits.at(weights), softmax.at(weights), score)
                found |= estimate(f"{heading}, {paper.EPOCH[weights]}", test, score.scale)
                images = max(images, test.items)
        found[_by("report B", "test (points)")] = paper.claimed_cost_of_softmax(study, logits, "report B", paper.TEST)
        return {**found, "test images": images}

    return tabulate(study, members, columns)


def _by(report: str, what: str) -> str:
    """Return the heading of a report's values: what they are, and at which epoch we think they were read."""
    return f"{report}, {what}, {paper.EPOCH[paper.READ_AT[report]]}"

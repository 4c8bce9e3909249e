"""How training went."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import Variant, curves_of, estimate, tabulate
from replisome.data.splits import TRAIN_SAMPLE
from replisome.studies.bloodmnist import paper
from replisome.studies.bloodmnist.predictions import in_order, shown_scores


@table("How training went")
def dynamics(study: StudyResults) -> pd.DataFrame:
    """How training went: where the loss ended, when validation was best, how far it fell from epoch to epoch.

    With a softmax before it, the cross-entropy cannot fall below ln(1 + (K - 1)/e), which is 1.274 for K = 8 classes.
    The training score is that of a sample of training images, scored as validation is. The largest drop is how much the
    validation score got worse from one epoch to the next, at its worst. Report B gives the loss at the end of training
    for the network without pooling only.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        losses = curves_of(study, variant, "train", "loss")
        found: dict[str, Any] = {
            "lr": variant.values.get("lr"),
            **estimate("training loss, last epoch", mean_over_seeds([curve[-1] for curve in losses])),
            "report B, loss, last epoch": paper.claimed(
                study, variant, "report B", paper.TRAINING_LOSS, *paper.SWITCHES
            ),
        }
        for score in shown_scores(study, variant):
            sign = 1 if score.better == "max" else -1
            curves = curves_of(study, variant, "validation", score.name)
            tops = [int(np.nanargmax(sign * curve)) for curve in curves]  # a last round that diverged is NaN
            best = [curve[top] for curve, top in zip(curves, tops, strict=True)]
            sample = curves_of(study, variant, TRAIN_SAMPLE, score.name)
            drops = [float(np.maximum(0, -np.diff(sign * curve)).max(initial=0)) for curve in curves]
            found |= estimate(f"best epoch by {score.title}", mean_over_seeds([top + 1.0 for top in tops]))
            found |= estimate(f"best validation {score.heading}", mean_over_seeds(best), score.scale)
            found |= estimate(f"last validation {score.heading}", mean_over_seeds([c[-1] for c in curves]), score.scale)
            last = mean_over_seeds([curve[-1] for curve in sample])
            found |= estimate(f"last training {score.heading}", last, score.scale)
            drop = f"largest drop of {score.title} between epochs ({score.difference_unit})"
            found |= estimate(drop, mean_over_seeds(drops), score.scale)
        best_epoch = paper.claimed(study, variant, "report A", paper.BEST_EPOCH, *paper.SWITCHES)
        return {**found, "report A, best epoch": best_epoch}

    return tabulate(study, in_order(study), columns)

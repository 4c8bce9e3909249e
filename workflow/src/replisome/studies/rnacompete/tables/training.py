"""Tables of the grid and of how training went."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.cost import cost_of
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import (
    Variant,
    best_epochs,
    curves_of,
    estimate,
    tabulate,
    validation_columns,
    variants,
)
from replisome.data.splits import TRAIN_SAMPLE
from replisome.studies.rnacompete.paper import SCORE, chosen, grid_variants, reported, scores_of
from replisome.studies.rnacompete.predictions import varying

FIRST = ("width", "depth", "dropout", "lr")  # report A's axes; whatever else varies follows


@table("The grid, and what validation chose")
def grid(study: StudyResults) -> pd.DataFrame:
    """Every point of the grid.

    For each model, the point with the best validation score, averaged over seeds, is chosen; test scores had no part in
    the choice. Scores are of the epoch that is best on validation, and that report A's are is our reading of its "best
    selected checkpoint". MSE is the mean squared error of z-scored targets. Intervals are 95 %, over seeds.
    """
    members, best = grid_variants(study), chosen(study)
    settings = dict.fromkeys([*FIRST, *varying(members)])

    def columns(variant: Variant) -> dict[str, Any]:
        return {
            "model": variant.model,
            **{key: variant.values.get(key) for key in settings},
            "chosen": "yes" if variant.key in best else "",
            **validation_columns(study, variant, *(score.name for score in scores_of(study, variant)), "loss"),
            "report A, validation Spearman": reported(study, variant, SCORE, "validation", "final"),
            "report A, validation MSE": reported(study, variant, "loss", "validation", "final"),
            **estimate("best epoch", mean_over_seeds(best_epochs(study, variant))),
            "parameters": cost_of(study, variant).parameters,
        }

    return tabulate(study, members, columns)


@table("How training went")
def training(study: StudyResults) -> pd.DataFrame:
    """Losses at the end of training and where validation was lowest.

    Losses are mean squared errors of z-scored targets. "In evaluation mode" is that of a sample of training probes at
    the end of the last epoch, without dropout: what compares with validation; the other is the mean while the epoch
    went on. "Rise since" is the last validation loss less the lowest one: report A says that the CNN's rises from about
    epoch 17, while the BiLSTM's follows its training loss. Intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        train, sample, held = (
            curves_of(study, variant, split, "loss") for split in ("train", TRAIN_SAMPLE, "validation")
        )
        return {
            **estimate("training loss, last", mean_over_seeds([curve[-1] for curve in train])),
            **estimate("in evaluation mode, last", mean_over_seeds([curve[-1] for curve in sample])),
            **estimate("validation loss, last", mean_over_seeds([curve[-1] for curve in held])),
            **estimate("validation loss, lowest", mean_over_seeds([np.nanmin(curve) for curve in held])),
            **estimate("at epoch", mean_over_seeds([float(np.nanargmin(curve) + 1) for curve in held])),
            "report A, epoch": reported(study, variant, "loss", "validation", "best_round"),
            **estimate("rise since", mean_over_seeds([curve[-1] - np.nanmin(curve) for curve in held])),
        }

    return tabulate(study, variants(study), columns)

"""What claims ask of this study's runs beside scores and costs; a study without such claims has no such file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from replisome.analysis.declare import quantity
from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import item_scores, unscored
from replisome.analysis.variants import Variant


@quantity
def accuracy_less_ceiling(study: StudyResults, variant: Variant) -> ItemScores | np.ndarray:
    """Return by how much a model's test accuracy is above that of the oracle on the same drawn rows.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only, on a control.

    Returns:
        Shares, by seed and row; not a number where the variant was not tested.
    """
    oracle = study.cards[variant.recipe]["ceiling"]["oracle_on_this_draw"]["test"]
    found = item_scores(study, variant, study.plan.implementation.score("accuracy"))
    if found is None:
        return unscored(variant)
    return replace(found, values=found.values - oracle)

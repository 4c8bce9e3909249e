"""What tables and figures read of the runs, and what people call them.

A study that looks at single predictions has functions here that read them (``study.predictions(run)``) and keep what
they made (``study.once``).
"""

from __future__ import annotations

import numpy as np

from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, plain_name, unnamed_data
from replisome.config.study import Score


def variant_name(study: StudyResults, variant: Variant) -> str:
    """Return what people call a variant.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.

    Returns:
        The model and what the variant's path shows: "mlp: hidden 32".
    """
    return plain_name(variant)


data_name = unnamed_data  # the recipes' names say what their data are


def paper_speaks_of(study: StudyResults, recipe: str) -> bool:
    """Say whether the report's numbers may stand beside those of a recipe.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes; never one on a control, which no report speaks of.

    Returns:
        Whether these are the report's data, prepared as it did.
    """
    return True


def item_scores(study: StudyResults, variant: Variant, score: Score, split: str = "test") -> ItemScores | None:
    """Return what each seed of a variant scored on each row of a split, from which intervals and differences come.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only, and that were tested.
        score: one of the study's scores.
        split: "test" or "validation".

    Returns:
        Whether each answer is right (seeds, rows); None of other scores, which then have no interval.
    """
    if score.name != "accuracy":
        return None
    answers = study.predictions_of(variant.runs, variant.read_with, split)
    right = np.stack([table["label"] == table["predicted"] for table in answers])
    return ItemScores.of_items(right, trained=variant.trained)

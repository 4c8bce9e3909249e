"""What tables and figures read of the runs, and what people call them.

A study that looks at single predictions has functions here that read them (``study.predictions(run)``) and keep what
they made (``study.once``).
"""

from __future__ import annotations

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, plain_name, unnamed_data


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

"""Which of our runs repeat a paper's: its settings and its budget, on as much data.

A paper's number beside a network of another size, or one trained for another time, compares what does not compare.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant
from replisome.config.catalogue import model_defaults, training_defaults
from replisome.config.plan import limits_of

ANY = ("precision",)  # recipes of protocol reported use fp32 whatever it says


def repeats(
    study: StudyResults,
    variant: Variant,
    settings: Mapping[str, Any],
    budget: Mapping[str, int],
    free: Collection[str] = (),
) -> bool:
    """Say whether a variant repeats a paper's run.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        settings: the paper's hyperparameters and training settings, those that it leaves open as this study reads them;
            what is not among them is as the model and the training settings have it by default.
        budget: the paper's, such as ``{"epochs": 200}``.
        free: settings that may have any value: those that tell the paper's own rows apart.

    Returns:
        Whether settings and budget are the paper's, and the recipe takes no part of its data only.
    """
    if dict(variant.budget) != dict(budget) or limits_of(study.plan.recipes[variant.recipe]):
        return False
    usual = {**training_defaults(), **model_defaults(variant.model)}
    ours, wanted = {**usual, **variant.values}, {**usual, **settings}
    return all(ours.get(key) == wanted.get(key) for key in {*ours, *wanted} - {*ANY, *free})

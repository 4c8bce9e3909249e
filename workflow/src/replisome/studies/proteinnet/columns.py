"""What rows of several tables have in common: who they speak of, and what the source says."""

from __future__ import annotations

from typing import Any

from replisome.results import StudyResults
from replisome.studies.proteinnet.tested import BILLION, SOURCE, name_of
from replisome.variants import Variant, about


def who(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return the columns that say what a row is about."""
    return {**about(study, variant), "model": name_of(variant)}


def claimed(study: StudyResults, recipe: str, quantity: str, name: str, **where: Any) -> float | None:
    """Return what the source says of a network under its own loss; nothing of a control or another loss."""
    recipes = study.plan.recipes[recipe]
    if study.cards[recipe]["control"] or recipes["protocol"] != "reported":
        return None
    return study.claimed(SOURCE, quantity, model=name, **where)


def claimed_loss(study: StudyResults, recipe: str, split: str, name: str, epochs: int = 25) -> float | None:
    """Return the source's loss in 10^9 square picometres."""
    value = claimed(study, recipe, f"source_loss@{split}", name, epochs=epochs)
    return None if value is None else value * BILLION

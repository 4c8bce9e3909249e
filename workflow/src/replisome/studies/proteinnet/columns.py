"""What rows of several tables have in common: who they speak of, and what the source says."""

from __future__ import annotations

from typing import Any

import numpy as np

from replisome.results import StudyResults
from replisome.studies.proteinnet.records import CROP
from replisome.studies.proteinnet.tested import BASELINES, BILLION, SOURCE, name_of
from replisome.variants import Variant, about


def who(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return the columns that say what a row is about."""
    batch = np.nan if variant.model in BASELINES else variant.values.get("batch_size", 64)
    return {**about(study, variant), "model": name_of(study, variant), "batch": batch}


def steps(study: StudyResults, variant: Variant, epochs: int) -> int:
    """Return how many optimiser steps so many epochs are, which is what compares across sizes of data and batch."""
    chains: int = study.cards[variant.recipe]["counts"]["train"]
    return epochs * -(-chains // int(variant.values.get("batch_size", 64)))


def claimed(study: StudyResults, recipe: str, quantity: str, name: str, **where: Any) -> float | None:
    """Return what the source says of a network under its own loss; nothing of a control, another loss or crop."""
    card = study.cards[recipe]
    if card["control"] or card["protocol"] != "reported" or card["crop"] != CROP:
        return None
    return study.claimed(SOURCE, quantity, model=name, **where)


def claimed_loss(study: StudyResults, recipe: str, split: str, name: str, epochs: int = 25) -> float | None:
    """Return the source's loss in 10^9 square picometres."""
    value = claimed(study, recipe, f"source_loss@{split}", name, epochs=epochs)
    return None if value is None else value * BILLION

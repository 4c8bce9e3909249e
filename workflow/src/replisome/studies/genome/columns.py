"""What rows of several tables have in common: who they speak of, test scores, what the source says."""

from __future__ import annotations

from typing import Any

import numpy as np

from replisome.results import StudyResults
from replisome.studies.genome.tested import SOURCE, Tested, budget, encoding_of, genome_of, label, tested_variants
from replisome.variants import Variant, about, estimate

BASES = 5_900_000  # of report D's genome, the only thing that it says of it


def who(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return the columns that say what a row is about."""
    return {"genome": genome_of(study, variant.recipe), "model": label(variant), **about(study, variant)}


def oracle(study: StudyResults, recipe: str) -> float:
    """Return what the test windows of a control cost who knows how it was drawn, but has seen none of it."""
    found: float = study.cards[recipe].get("oracle", {}).get("test", np.nan)
    return found


def claimed(study: StudyResults, variant: Variant, quantity: str, **where: Any) -> float | None:
    """Return what the source says of a model; nothing of a control, another genome's size or another choice."""
    card = study.cards[variant.recipe]
    alike = 0.5 < card["genome"]["bases"] / BASES < 2 and encoding_of(study, variant.recipe)[1] == 1
    if card["control"] or not alike:
        return None
    return study.claimed(SOURCE, quantity, model=variant.model, **where)


def final_scores(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return the columns of the test scores, with their intervals, and of the oracle."""
    tested = Tested.of(study)
    return {
        **estimate("test accuracy (%)", tested.score(variant, "right"), 100),
        **estimate("test bits/base", tested.score(variant, "bits")),
        "test windows": len(tested.windows(variant.recipe).table),
        "oracle without memory, bits/base": oracle(study, variant.recipe),
    }


def base_model(study: StudyResults, variant: Variant) -> Variant | None:
    """Return the tested char_lstm of the same genome, split and number of bases with the longest budget."""
    own, stride = study.plan.recipes[variant.recipe], encoding_of(study, variant.recipe)[1]
    bases = study.cards[variant.recipe]["cut"]["length"] * stride

    def alike(recipe: str) -> bool:
        other = study.plan.recipes[recipe]
        same = all(other[key] == own[key] for key in ("source", "split"))
        steps = [study.cards[name]["cut"]["step"] for name in (recipe, variant.recipe)]
        return same and steps[0] == steps[1] and study.cards[recipe]["cut"]["length"] == bases

    found = [v for v in tested_variants(study, False) if v.model == "char_lstm" and alike(v.recipe)]
    return max(found, key=lambda v: budget(v).get("steps", 0), default=None)

"""What a variant cost: parameters, time, memory, and how many items it was trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, curves_of, values_of

BATCH = 64  # items a step where a run's settings say nothing: the schema's default


class Cost(NamedTuple):
    """Of a variant; arrays have one value a seed.

    Attributes:
        parameters: in all.
        training: seconds (seeds,).
        scoring: seconds spent scoring splits after each round (seeds,).
        rounds: epochs, or rounds of some steps, that were trained (seeds,).
        items_seen: items that were trained on, each time counted (seeds,).
        memory: peak, in bytes (seeds,).
    """

    parameters: int
    training: np.ndarray
    scoring: np.ndarray
    rounds: np.ndarray
    items_seen: np.ndarray
    memory: np.ndarray


def cost_of(study: StudyResults, variant: Variant) -> Cost:
    """Return what a variant cost."""
    return study.once(("cost", variant.key), lambda: _cost_of(study, variant))


def _cost_of(study: StudyResults, variant: Variant) -> Cost:
    def cost(metric: str) -> np.ndarray:
        return values_of(study, variant, split="run", metric=metric, role="cost")

    at = study.matching(variant.key, {"split": "train", "metric": "loss", "role": "curve"})
    seed, step = (study.column_of(variant.key, name)[at] for name in ("seed", "step"))
    steps = [np.fmax.reduce(step[seed == one]) for one in np.unique(seed)]
    items = cost("items")
    seen = [items_seen(int(n), batch_size(variant), s) if s else n for n, s in zip(items, steps, strict=True)]
    return Cost(
        parameters=int(cost("parameters")[0]),
        training=cost("seconds_training"),
        scoring=cost("seconds_evaluation"),
        rounds=np.array([len(curve) for curve in curves_of(study, variant, "train", "loss")]),
        items_seen=np.array(seen, dtype=float),
        memory=cost("peak_memory_bytes"),
    )


def batch_size(variant: Variant) -> int:
    """Return the number of items a step."""
    return int(variant.values.get("batch_size", BATCH))


def items_seen(items: int, batch: int, steps: float) -> float:
    """Return how many items that many steps trained on; the last batch of a pass over ``items`` may be small."""
    whole, rest = divmod(steps, -(-items // batch))
    return float(whole * items + min(rest * batch, items))

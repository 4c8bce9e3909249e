"""Which findings of many would survive, were all of a study's questions asked at once.

Verdicts are raw: a reader asks about one claim, and each was there before our data. Beside them stands what would be
left of the differences, orders, signs and ratios of one study and protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.stats import false_discovery_control

from replisome.config.rounds import LEVEL


class Survives(NamedTuple):
    """Whether a finding is kept among all.

    Attributes:
        benjamini_hochberg: where one in twenty of those that are kept may be false (Benjamini & Hochberg 1995).
        holm: where in nineteen studies of twenty none that is kept is false (Holm 1979).
    """

    benjamini_hochberg: bool
    holm: bool


def survivors(p_values: Mapping[str, float], level: float = LEVEL) -> dict[str, Survives]:
    """Return which findings survive.

    Args:
        p_values: of each claim of a study and protocol that tests a difference, an order, a sign or a ratio.
        level: of the verdicts' intervals; the error allowed is one less it.

    Returns:
        By claim, in the order given.
    """
    if not p_values:
        return {}
    p, alpha = np.array(list(p_values.values()), dtype=float), 1 - level
    discovered = false_discovery_control(p, method="bh") <= alpha
    return {
        name: Survives(bool(one), bool(other))
        for name, one, other in zip(p_values, discovered, _holm(p) <= alpha, strict=True)
    }


def _holm(p: np.ndarray) -> np.ndarray:
    """Return p-values adjusted by Holm's steps: the smallest times n, the next times n - 1, never falling."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    limited: np.ndarray = np.minimum(adjusted, 1.0)
    return limited

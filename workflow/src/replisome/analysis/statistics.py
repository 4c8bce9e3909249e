"""A value and its interval, means over seeds, and what single items add to correlations and pooled errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit
from scipy.stats import zscore

from replisome.config.rounds import LEVEL

_IN_FORCE: ContextVar[float] = ContextVar("level", default=LEVEL)


@contextmanager
def at_level(level: float) -> Iterator[None]:
    """Give every interval that names no level of its own this coverage: that of the study whose tables are made."""
    before = _IN_FORCE.set(level)
    try:
        yield
    finally:
        _IN_FORCE.reset(before)


def level_in_force() -> float:
    """Return the coverage of intervals that name no level of their own; 95 % where nothing else was said."""
    return _IN_FORCE.get()


class Estimate(NamedTuple):
    """A value with its interval.

    Attributes:
        value: in the score's own unit.
        low: lower bound; NaN where there is no interval.
        high: upper bound, likewise.
        seeds: how many runs stand behind it.
        items: how many items; 0 of what is not measured by item.
        seeds_half: the half-width that the choice of seeds alone would give.
        items_half: that of the choice of items; the squares of both add up to that of the interval.
    """

    value: float
    low: float
    high: float
    seeds: int = 0
    items: int = 0
    seeds_half: float = float("nan")
    items_half: float = float("nan")


NOTHING = Estimate(float("nan"), float("nan"), float("nan"))  # of what was not measured


def mean_over_seeds(values: Sequence[float] | np.ndarray, level: float | None = None) -> Estimate:
    """Return the mean over seeds with Student's t interval; one seed has no interval, no seed no mean."""
    level = level or level_in_force()
    array = np.asarray(values, dtype=float)
    n = len(array)
    if n == 0:
        return NOTHING
    half = float(stdtrit(n - 1, 0.5 + level / 2) * array.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    mean = float(array.mean())
    return Estimate(mean, mean - half, mean + half, n, 0, half, 0.0)


# ---- what each item adds to a score that is no mean over items
#
# Each gives values whose mean is the score, and around it an item lies as far as it moves the score: its influence
# (Hampel 1974). Means of such values vary over the choice of items as the score does, to first order.


def correlation_by_item(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return what each item adds to Pearson's correlation of two arrays (n,), which is the mean; NaN without spread."""
    if not (_varies(one) and _varies(two)):
        return np.full(len(one), np.nan)
    first, second = (zscore(np.asarray(values, dtype=float)) for values in (one, two))
    value = (first * second).mean()
    found: np.ndarray = value + first * second - value * (first**2 + second**2) / 2
    return found


def rank_correlation_by_item(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return what each item adds to Spearman's correlation of two arrays (n,), which is the mean; NaN without spread.

    Ties have average ranks. An item also moves the ranks of those below it (Croux & Dehon 2010).
    """
    if not (_varies(one) and _varies(two)):
        return np.full(len(one), np.nan)
    places = [np.unique(values, return_inverse=True, return_counts=True)[1:] for values in (one, two)]
    first, second = ((np.cumsum(counts) - (counts - 1) / 2)[place] / len(place) for place, counts in places)
    first, second = first - first.mean(), second - second.mean()
    product, squares = (first * second).mean(), ((first**2).mean(), (second**2).mean())
    (above_one, _), (above_two, _) = places
    moved = first * second - product + _of_those_above(above_one, second) + _of_those_above(above_two, first)
    moved_squares = [
        ranks**2 - square + 2 * _of_those_above(place, ranks)
        for (place, _), ranks, square in zip(places, (first, second), squares, strict=True)
    ]
    scale = np.sqrt(squares[0] * squares[1])
    value = product / scale
    relative = moved_squares[0] / squares[0] + moved_squares[1] / squares[1]
    found: np.ndarray = value + moved / scale - value * relative / 2
    return found


def _varies(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all() and np.ptp(values) > 0)


def _of_those_above(place: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Return of each item the mean share of ``ranks`` (n,) that items above it have, ties counted half; centred.

    ``place`` (n,) says of each item among the values in their order which is its own.
    """
    sums = np.bincount(place, weights=ranks)
    above = (np.cumsum(sums[::-1])[::-1] - sums / 2)[place] / len(place)
    found: np.ndarray = above - above.mean()
    return found


def root_of_pooled(sums: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return what each item adds to the root of a pooled mean, such as an RMSE over the pairs of proteins.

    Args:
        sums: each item's sum, by seed (seeds, items): of squared errors, for example.
        sizes: over how many terms (items,).

    Returns:
        Shape (seeds, items); its mean over items is ``sqrt(sums.sum() / sizes.sum())``.
    """
    pooled = sums.sum(axis=1, keepdims=True) / sizes.sum()
    root = np.sqrt(pooled)
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = (sums - pooled * sizes) / (2 * root * sizes.mean())
    found: np.ndarray = root + np.where(root > 0, moved, 0.0)
    return found

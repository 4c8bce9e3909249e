"""Means with intervals, and differences with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 2000


class Estimate(NamedTuple):
    """A value, the bounds of its 95 % interval (NaN where there is none) and how many observations stand behind it."""

    value: float
    low: float
    high: float
    n: int


def mean_over_seeds(values: Sequence[float] | np.ndarray) -> Estimate:
    """Return the mean over seeds with Student's t interval; one seed has no interval."""
    array = np.asarray(values, dtype=float)
    n = len(array)
    if n == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    if n == 1:
        return Estimate(float(array[0]), np.nan, np.nan, 1)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1) * array.std(ddof=1) / np.sqrt(n)
    return Estimate(float(array.mean()), float(array.mean() - half), float(array.mean() + half), n)


def bootstrap_mean(values: np.ndarray, seed: int = 0) -> Estimate:
    """Return the mean over items (n,) with a percentile bootstrap interval (Efron & Tibshirani 1993, chapter 13)."""
    values = np.asarray(values, dtype=float)
    if np.ptp(values) == 0:
        return Estimate(float(values[0]), float(values[0]), float(values[0]), len(values))
    result = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=200,
        method="percentile",
        confidence_level=CONFIDENCE,
        rng=np.random.default_rng(seed),
    )
    low, high = result.confidence_interval
    return Estimate(float(values.mean()), float(low), float(high), len(values))


def paired_difference(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Return the mean of ``first - second`` over the same items, with a bootstrap interval over items.

    Both have shape (items,); where a model has several seeds, give each item's mean over them.
    """
    return bootstrap_mean(np.asarray(first, dtype=float) - np.asarray(second, dtype=float))

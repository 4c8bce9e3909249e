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
    """Return the mean over items (n,) with a percentile bootstrap interval (Efron & Tibshirani 1993, chapter 13).

    NaN without items.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return Estimate(np.nan, np.nan, np.nan, 0)
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


class Resampled(NamedTuple):
    """Scores of predictions on bootstrap samples of the items: each of shape (predictions, resamples)."""

    spearman: np.ndarray
    pearson: np.ndarray
    mse: np.ndarray


def resampled_scores(predicted: np.ndarray, measured: np.ndarray, resamples: int = 1000, seed: int = 0) -> Resampled:
    """Return rank correlation, correlation and mean squared error of predictions (k, n) with measurements (n,).

    Ranks are taken anew in every sample, ties averaged. The samples depend on n, ``resamples`` and ``seed`` alone, so
    that two calls on the same items are paired: the interval of a difference is that of the differences.

    Args:
        predicted: (predictions, n).
        measured: (n,).
        resamples: how many bootstrap samples.
        seed: of the samples.

    Returns:
        Each score, (predictions, resamples).
    """
    rng = np.random.default_rng(seed)
    n = len(measured)
    columns = [np.asarray(column, dtype=float) for column in (*predicted, measured)]
    rankers = [_Ranker(column) for column in columns]
    squared = [(column - columns[-1]) ** 2 for column in columns[:-1]]
    found = np.empty((3, len(predicted), resamples))
    for sample in range(resamples):
        count = np.bincount(rng.integers(n, size=n), minlength=n).astype(float)
        ranks = [ranker.ranks(count) for ranker in rankers]
        for k, error in enumerate(squared):
            found[0, k, sample] = _weighted_pearson(ranks[k], ranks[-1], count)
            found[1, k, sample] = _weighted_pearson(columns[k], columns[-1], count)
            found[2, k, sample] = (count @ error) / n
    return Resampled(*found)


class _Ranker:
    """Average ranks of a fixed column in samples drawn with replacement, in one pass each."""

    def __init__(self, column: np.ndarray) -> None:
        self.order = np.argsort(column, kind="stable")
        ordered = column[self.order]
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self.sizes = np.diff(np.r_[self.starts, len(column)])

    def ranks(self, count: np.ndarray) -> np.ndarray:
        """Return each item's average rank in a sample that holds it ``count`` (n,) times."""
        drawn = np.add.reduceat(count[self.order], self.starts)
        average = np.cumsum(drawn) - (drawn - 1) / 2
        ranks = np.empty(len(count))
        ranks[self.order] = np.repeat(average, self.sizes)
        return ranks


def _weighted_pearson(one: np.ndarray, two: np.ndarray, count: np.ndarray) -> float:
    total = count.sum()
    first, second = one - (count @ one) / total, two - (count @ two) / total
    spread = np.sqrt((count @ first**2) * (count @ second**2))
    return float(count @ (first * second) / spread) if spread > 0 else float("nan")


def with_interval(value: float, samples: np.ndarray, n: int) -> Estimate:
    """Return an estimate with the percentile interval of its bootstrap ``samples`` (resamples,)."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.nanpercentile(samples, [tail, 100 - tail]) if np.isfinite(samples).any() else (np.nan, np.nan)
    return Estimate(value, float(low), float(high), n)


def bootstrap_groups(values: np.ndarray, groups: np.ndarray, seed: int = 0) -> Estimate:
    """Return the mean over items (n,) with an interval from resampling whole groups (n,) of them.

    For items that are not independent within their group, such as neighbouring stretches of one sequence (the cluster
    bootstrap; Davison & Hinkley 1997, section 3.8). One group gives no interval.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return Estimate(np.nan, np.nan, np.nan, 0)
    _, member = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(member, weights=values), np.bincount(member)
    mean = float(values.mean())
    if len(sizes) < 2:
        return Estimate(mean, np.nan, np.nan, len(values))
    drawn = _drawn(len(sizes), seed)
    return with_interval(mean, (drawn @ sums) / (drawn @ sizes), len(values))


def bootstrap_ratio(numerators: np.ndarray, denominators: np.ndarray, seed: int = 0) -> Estimate:
    """Return the sum of ``numerators`` (n,) over that of ``denominators`` (n,), with an interval over items.

    For what is pooled over items of different size, such as the pairs of residues of proteins. One item gives no
    interval.
    """
    value = float(np.sum(numerators) / np.sum(denominators))
    if len(numerators) < 2:
        return Estimate(value, np.nan, np.nan, len(numerators))
    drawn = _drawn(len(numerators), seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        return with_interval(value, (drawn @ numerators) / (drawn @ denominators), len(numerators))


def _drawn(n: int, seed: int) -> np.ndarray:
    """Return how often each of n items is in each bootstrap sample (resamples, n)."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)

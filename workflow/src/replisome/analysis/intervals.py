"""The one interval for scores: of a model, and of the difference of two, with seeds and items both.

A run r of a model scores y_ri = mu + a_r + b_i + e_ri on item i of the test split. The error of a mean over n seeds and
N items has two parts, which have different remedies:

    seeds    s / sqrt(n)      s: the standard deviation of the runs' scores, which holds a and the residual e
    items    c                c^2: the covariance over items of two runs' scores, mean over pairs of runs, over N

    half^2 = (t[n - 1] s / sqrt(n))^2 + (k c)^2

with Student's t at n - 1 degrees of freedom, and k the normal quantile, or Student's at G - 1 where the items come in
fewer than 100 independent groups (chains, stretches of a genome). Two models' seeds are independent samples (Welch
1947), their items are paired. The covariance between *different* runs leaves e out, which s holds already. How often
these intervals cover the truth, and how often they call equal models different, is simulated in
``tests/simulations/intervals.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri, stdtrit

from replisome.analysis.statistics import LEVEL, Estimate

FEWEST_GROUPS = 6  # with fewer, the items' part cannot be told, and there is no interval
MANY_GROUPS = 100  # from here on the normal quantile stands for Student's

# ``general``: would it hold on other items of the kind? ``this_set``: for another run on these very items?
Question = Literal["general", "this_set"]


@dataclass(frozen=True)
class ItemScores:
    """What a variant scored, and how its items moved that.

    Attributes:
        values: each seed's score (seeds,).
        parts: how each seed's score hangs on the choice of items (seeds, k): the product of two rows is the covariance
            of these two scores over that choice.
        items: how many items there are.
        groups: how many of their groups are independent of each other.
        trained: whether seeds can differ; a model that is solved (counts, ridge, tables) has no error of seeds.
    """

    values: np.ndarray
    parts: np.ndarray
    items: int
    groups: int
    trained: bool = True

    @classmethod
    def of_items(cls, scores: np.ndarray, groups: np.ndarray | None = None, *, trained: bool = True) -> ItemScores:
        """Return scores from what each item adds to them: its own score, where a score is a mean over items.

        What items add to scores that are no such means is worked out in :mod:`replisome.analysis.statistics`.

        Args:
            scores: by seed and item (seeds, items), with the seed's score as mean; not a number where any item is none.
            groups: which group each item is of (items,), where neighbours are not independent.
            trained: see the attribute.
        """
        scores = np.atleast_2d(np.asarray(scores, dtype=float))
        scores = np.where(np.isfinite(scores), scores, np.nan)  # of a run that diverged
        items = scores.shape[1]
        if not items:
            return cls(np.full(len(scores), np.nan), np.empty((len(scores), 0)), 0, 0, trained)
        values = scores.mean(axis=1)
        parts = (scores - values[:, None]) / items
        if groups is not None:
            names, member = np.unique(groups, return_inverse=True)
            parts = np.stack([np.bincount(member, weights=row, minlength=len(names)) for row in parts])
        independent = parts.shape[1]
        return cls(values, parts * np.sqrt(independent / max(1, independent - 1)), items, independent, trained)


def interval(scores: ItemScores, *, question: Question = "general", level: float = LEVEL) -> Estimate:
    """Return a model's mean score over seeds with its interval.

    Args:
        scores: of the model, by seed and item.
        question: see :data:`Question`; about ``this_set`` the items add no error.
        level: coverage of the interval.

    Returns:
        The mean and its bounds; NaN bounds where a model that is trained has one seed, where there are fewer than six
        groups of items, and where any score is not a number.
    """
    seeds = _seeds_half([scores], level)
    items = _items_half(_shared(scores), scores.groups, question, level)
    return _estimate(float(scores.values.mean()), seeds, items, len(scores.values), scores.items)


def difference(
    first: ItemScores, second: ItemScores, *, question: Question = "general", level: float = LEVEL
) -> Estimate:
    """Return the score of the first model less that of the second on the same items, with its interval.

    Args:
        first: of a model, by seed and item.
        second: of another, on the same items in the same order; its seeds need not be as many.
        question: see :data:`Question`.
        level: coverage of the interval.

    Returns:
        The difference of the means over seeds and its bounds, NaN as in :func:`interval`; ``seeds`` is the smaller
        number of seeds among the models that are trained.

    Raises:
        ValueError: the two were not scored on the same items.
    """
    if first.parts.shape[1] != second.parts.shape[1] or first.items != second.items:
        raise ValueError(f"{first.items} and {second.items} items cannot be paired")
    shared = _shared(first) + _shared(second)
    shared -= 2 * float((first.parts @ second.parts.T).mean())
    seeds = _seeds_half([first, second], level)
    items = _items_half(shared, first.groups, question, level)
    counted = [len(one.values) for one in (first, second) if one.trained] or [1]
    apart = float(first.values.mean() - second.values.mean())
    return _estimate(apart, seeds, items, min(counted), first.items)


def _estimate(value: float, seeds_half: float, items_half: float, seeds: int, items: int) -> Estimate:
    half = np.hypot(seeds_half, items_half)
    return Estimate(value, float(value - half), float(value + half), seeds, items, seeds_half, items_half)


def _seeds_half(models: list[ItemScores], level: float) -> float:
    """Return the seeds' part of the half-width: Welch's for two models that are trained, Student's for one."""
    trained = [model.values for model in models if model.trained]
    if not trained:
        return 0.0
    free = [len(values) - 1 for values in trained]
    if min(free) == 0:
        return float("nan")
    errors = [float(values.var(ddof=1)) / len(values) for values in trained]
    squares = sum(error**2 / own for error, own in zip(errors, free, strict=True))
    # Satterthwaite's, where there is any spread; a tiny one may underflow.
    degrees = max(sum(errors) ** 2 / squares, min(free)) if squares > 0 else min(free)
    return float(stdtrit(degrees, 0.5 + level / 2) * np.sqrt(sum(errors)))


def _shared(scores: ItemScores) -> float:
    """Return the covariance over items that two runs of a model share: of different runs, where runs can differ."""
    covariances, n = scores.parts @ scores.parts.T, len(scores.parts)
    if not scores.trained:
        return float(covariances.mean())
    return float((covariances.sum() - np.trace(covariances)) / (n * (n - 1))) if n > 1 else float("nan")


def _items_half(shared: float, groups: int, question: Question, level: float) -> float:
    """Return the items' part of the half-width; covariances can be estimated below 0, variances are not."""
    if question == "this_set":
        return 0.0
    if groups < FEWEST_GROUPS:
        return float("nan")
    wanted = 0.5 + level / 2
    k = float(stdtrit(groups - 1, wanted) if groups < MANY_GROUPS else ndtri(wanted))
    return float(k * np.sqrt(np.maximum(shared, 0.0)))

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

from replisome.analysis.measured import FEWEST_GROUPS, Measured
from replisome.analysis.statistics import Estimate, level_in_force

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
    def of_seeds(cls, values: np.ndarray, *, trained: bool = True) -> ItemScores:
        """Return numbers that no item tells, one a seed (seeds,); they know the error of seeds only."""
        values = np.atleast_1d(np.asarray(values, dtype=float))
        return cls(values, np.zeros((len(values), 1)), 0, 0, trained)

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


def measure(scores: ItemScores, question: Question = "general", *, one_run: bool = False) -> Measured:
    """Return a model's mean score over seeds with its error.

    Args:
        scores: of the model, by seed and item.
        question: see :data:`Question`; about ``this_set`` the items add no error.
        one_run: see :class:`Measured`.
    """
    return _measured([scores], float(scores.values.mean()), _shared(scores), question, one_run)


def measure_difference(
    first: ItemScores, second: ItemScores, question: Question = "general", *, one_run: bool = False
) -> Measured:
    """Return the score of the first model less that of the second on the same items, with its error.

    Args:
        first: of a model, by seed and item.
        second: of another, on the same items in the same order; its seeds need not be as many.
        question: see :data:`Question`.
        one_run: see :class:`Measured`.

    Raises:
        ValueError: the two were not scored on the same items.
    """
    if first.parts.shape[1] != second.parts.shape[1] or first.items != second.items:
        raise ValueError(f"{first.items} and {second.items} items cannot be paired")
    shared = _shared(first) + _shared(second)
    shared -= 2 * float((first.parts @ second.parts.T).mean())
    apart = float(first.values.mean() - second.values.mean())
    return _measured([first, second], apart, shared, question, one_run)


def pair_by_seed(first: ItemScores, second: ItemScores) -> ItemScores:
    """Return by how much the first model's run scored more than the second's run of the same seed, as scores.

    Only for models that share initial weights and order of training; the seeds of others are independent.

    Args:
        first: of a model, by seed and item.
        second: of another, with as many seeds, in the same order, on the same items.

    Raises:
        ValueError: they differ in seeds or items.
    """
    if first.parts.shape != second.parts.shape or first.items != second.items:
        raise ValueError(f"{first.parts.shape} and {second.parts.shape} seeds and items cannot be paired")
    return ItemScores(
        first.values - second.values,
        first.parts - second.parts,
        first.items,
        first.groups,
        first.trained or second.trained,
    )


def interval(scores: ItemScores, *, question: Question = "general", level: float | None = None) -> Estimate:
    """Return a model's mean score over seeds with its interval.

    Args:
        scores: of the model, by seed and item.
        question: see :data:`Question`; about ``this_set`` the items add no error.
        level: coverage of the interval; None: that in force.

    Returns:
        The mean and its bounds; NaN bounds where a model that is trained has one seed, where there are fewer than six
        groups of items, and where any score is not a number.
    """
    return measure(scores, question).estimate(level or level_in_force())


def difference(
    first: ItemScores, second: ItemScores, *, question: Question = "general", level: float | None = None
) -> Estimate:
    """Return the score of the first model less that of the second on the same items, with its interval.

    Args:
        first: of a model, by seed and item.
        second: of another, on the same items in the same order; its seeds need not be as many.
        question: see :data:`Question`.
        level: coverage of the interval; None: that in force.

    Returns:
        The difference of the means over seeds and its bounds, NaN as in :func:`interval`; ``seeds`` is the smaller
        number of seeds among the models that are trained.

    Raises:
        ValueError: the two were not scored on the same items.
    """
    return measure_difference(first, second, question).estimate(level or level_in_force())


def _measured(models: list[ItemScores], value: float, shared: float, question: Question, one_run: bool) -> Measured:
    trained = [model.values for model in models if model.trained]
    counts = tuple(len(values) for values in trained)
    seeds = len(models[0].values) if len(models) == 1 else min(counts, default=1)
    return Measured(
        value=value,
        variances=tuple(float(values.var(ddof=1)) if len(values) > 1 else float("nan") for values in trained),
        counts=counts,
        shared=_of_items(shared, models[0].groups) if question == "general" else 0.0,
        groups=models[0].groups,
        seeds=seeds,
        items=models[0].items,
        one_run=one_run,
    )


def _of_items(shared: float, groups: int) -> float:
    """Return c^2, not below 0: covariances can be estimated below, variances are not. Few groups do not tell it."""
    return float(np.maximum(shared, 0.0)) if groups >= FEWEST_GROUPS else float("nan")


def _shared(scores: ItemScores) -> float:
    """Return the covariance over items that two runs of a model share: of different runs, where runs can differ."""
    covariances, n = scores.parts @ scores.parts.T, len(scores.parts)
    if not scores.trained:
        return float(covariances.mean())
    return float((covariances.sum() - np.trace(covariances)) / (n * (n - 1))) if n > 1 else float("nan")

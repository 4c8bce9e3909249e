"""What was measured, with what its error is made of: at any level an interval, against any threshold a p-value.

The formulas stand in :mod:`replisome.analysis.intervals`, which works the two parts of the error out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri, stdtr, stdtrit

from replisome.analysis.statistics import Estimate
from replisome.config.rounds import LEVEL

FEWEST_GROUPS = 6  # with fewer, the items' part cannot be told, and there is no interval
MANY_GROUPS = 100  # from here on the normal quantile stands for Student's
LEAST_P = 1e-12  # quantiles further out say nothing about runs


@dataclass(frozen=True)
class Measured:
    """A mean score, or a difference of two, with both parts of its error, before a level is chosen.

    Attributes:
        value: what was measured.
        variances: of each trained model, how its seeds vary (s^2).
        counts: how many seeds each of these has.
        shared: c^2, by which the choice of items varies the value; 0 about ``this_set``, NaN where there are fewer than
            six groups.
        groups: how many groups of items are independent.
        seeds: the smaller number of seeds among the models that are trained; 1 where none is.
        items: how many items there are.
        one_run: whether it is about one more run of each model, and, where items vary, on other items, instead of the
            mean: then the seeds' error is s sqrt(1 + 1/n), and the items' part counts twice.
    """

    value: float
    variances: tuple[float, ...]
    counts: tuple[int, ...]
    shared: float
    groups: int
    seeds: int
    items: int
    one_run: bool = False

    @cached_property
    def seeds_error(self) -> float:
        """The seeds' standard error: 0 of models that are solved, NaN where one that is trained has one seed."""
        return float(np.sqrt(sum(self._squares)))

    @cached_property
    def degrees(self) -> float:
        """Degrees of freedom of the seeds' error: Satterthwaite's, not below those of the model with fewer seeds."""
        free = [n - 1 for n in self.counts]
        if not free or min(free) == 0:
            return float("nan")
        errors = self._squares
        squares = sum(error**2 / own for error, own in zip(errors, free, strict=True))
        # A tiny spread may underflow.
        return float(max(sum(errors) ** 2 / squares, min(free)) if squares > 0 else min(free))

    @cached_property
    def _squares(self) -> list[float]:
        """Each model's part of the square of the seeds' error."""
        if self.one_run:
            return [s2 * (1 + 1 / n) for s2, n in zip(self.variances, self.counts, strict=True)]
        return [s2 / n for s2, n in zip(self.variances, self.counts, strict=True)]

    def halves(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the half-widths of the interval that the seeds and the items alone would give."""
        wanted = 0.5 + level / 2
        seeds = float(stdtrit(self.degrees, wanted) * self.seeds_error) if self.counts else 0.0
        return seeds, self._items_half(wanted)

    def _items_half(self, wanted: float) -> float:
        if self.shared == 0:
            return 0.0
        k = float(stdtrit(self.groups - 1, wanted) if self.groups < MANY_GROUPS else ndtri(wanted))
        times = 2 if self.one_run else 1
        return float(k * np.sqrt(times * self.shared))

    def half(self, level: float = LEVEL) -> float:
        """Return the interval's half-width; NaN where there is no interval."""
        return float(np.hypot(*self.halves(level)))

    def estimate(self, level: float = LEVEL) -> Estimate:
        """Return the value with its interval."""
        seeds_half, items_half = self.halves(level)
        half = np.hypot(seeds_half, items_half)
        low, high = float(self.value - half), float(self.value + half)
        return Estimate(self.value, low, high, self.seeds, self.items, seeds_half, items_half)

    def p(self, threshold: float = 0.0) -> float:
        """Return the least alpha whose 1 - alpha interval leaves the threshold out.

        Returns:
            Two-sided; not below ``LEAST_P``; 1 where the value is the threshold, NaN where there is no interval.
        """
        apart = abs(self.value - threshold)
        if not np.isfinite([apart, self.half()]).all():
            return float("nan")
        if apart == 0:
            return 1.0
        if self.shared == 0 and self.seeds_error > 0:  # Student's alone
            return max(LEAST_P, float(2 * stdtr(self.degrees, -apart / self.seeds_error)))

        def excess(log_alpha: float) -> float:
            return self.half(-float(np.expm1(log_alpha))) - apart

        least = float(np.log(LEAST_P))
        return LEAST_P if excess(least) <= 0 else float(np.exp(brentq(excess, least, 0.0, xtol=1e-10)))

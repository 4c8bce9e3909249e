"""Rules about one configuration: a printed value, a side of a number, how far seeds spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import chdtri

from replisome.analysis.intervals import ItemScores, Question, measure
from replisome.analysis.statistics import Estimate
from replisome.claims.deciding import fewest_seeds, what_decides
from replisome.claims.elementary import (
    is_as_printed,
    lies_within,
    opposite,
    side_of,
    undecided,
    why_undecided,
    with_runs,
)
from replisome.claims.finding import Decides, Finding


def judge_value(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float) -> Finding:
    """Judge a number that the paper printed of one run, by the interval for one more run of ours.

    On these very items, or (``general``) on other ones: the paper's items vary as ours do, so their part counts twice.
    See :func:`is_as_printed` for the rule; the estimate's interval holds half a printed digit.
    """
    (arm,) = arms
    reason = why_undecided(arms, question)
    if reason:
        return undecided(arms, reason, _estimate_of(arm, question, level))
    found = measure(arm, question, one_run=True)
    return with_runs(is_as_printed(found, ask["reported"], ask["resolution"]["value"], level), arms)


def judge_sign(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float) -> Finding:
    """Judge on which side of a number (0, where none is given) a mean lies, or whether it is near that number."""
    (arm,) = arms
    reason = why_undecided(arms, question)
    if reason:
        return undecided(arms, reason, _estimate_of(arm, question, level))
    found, than = measure(arm, question), float(ask.get("than", 0))
    if ask["expect"] == "near":
        return with_runs(lies_within(found, than, ask["margin"]["value"], level), arms)
    estimate = found.estimate(level)
    side = side_of(estimate, than)
    if ask["expect"] == "below":
        side = opposite(side)
    p = found.p(than)
    if side == "above":
        return with_runs(Finding("replicated", f"it is {ask['expect']}", estimate, p), arms)
    if side in ("below", "at"):
        return with_runs(Finding("not replicated", f"it is not {ask['expect']}", estimate, p), arms)
    decides = what_decides(found, abs(found.value - than), level)
    return with_runs(Finding("inconclusive", "it may be on either side", estimate, p, decides=decides), arms)


def judge_spread(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float) -> Finding:
    """Judge how far seeds spread: their standard deviation, with the bounds that chi-square gives for normal scores.

    Both bounds together hold the true spread at ``level``, as all intervals do. Items move all seeds alike, so
    ``question`` makes no difference.
    """
    (arm,), limit = arms, ask["at_most"]["value"]
    reason = why_undecided(arms, "this_set")
    if reason:
        return undecided(arms, reason)
    n = len(arm.values)
    if not arm.trained:
        nothing = Estimate(0.0, 0.0, 0.0, n, arm.items)
        return with_runs(Finding("replicated", "a model that is solved has no spread", nothing), arms)
    spread = float(arm.values.std(ddof=1))
    low, high = (spread * bound for bound in _bounds(n, level))
    estimate = Estimate(spread, low, high, n, arm.items)
    if high < limit:
        return with_runs(Finding("replicated", "the seeds spread less", estimate), arms)
    if low > limit:
        return with_runs(Finding("not replicated", "the seeds spread more", estimate), arms)
    decides = _seeds_for_spread(spread, n, limit, level)
    return with_runs(Finding("inconclusive", "the spread may be more or less", estimate, decides=decides), arms)


def _estimate_of(arm: ItemScores, question: Question, level: float) -> Estimate:
    """Return the mean with what is known of its interval."""
    if not len(arm.values):
        return Estimate(float("nan"), float("nan"), float("nan"))
    return measure(arm, question, one_run=True).estimate(level)


def _bounds(n: int, level: float) -> tuple[float, float]:
    """Return how many standard deviations of n seeds the true one is at least and at most."""
    tail = (1 - level) / 2
    return float(np.sqrt((n - 1) / chdtri(n - 1, tail))), float(np.sqrt((n - 1) / chdtri(n - 1, 1 - tail)))


def _seeds_for_spread(spread: float, n: int, limit: float, level: float) -> Decides:
    """Return how many seeds would put the limit outside, if their spread is what it seems, or at its quartiles."""

    def needed(true: float) -> int | None:
        index = 1 if true < limit else 0
        sign = 1 if true < limit else -1
        return fewest_seeds(n + 1, lambda more: sign * (limit - true * _bounds(more, level)[index]) > 0)

    quartiles = [needed(spread * float(np.sqrt((n - 1) / chdtri(n - 1, share)))) for share in (0.25, 0.75)]
    every = [number for number in (needed(spread), *quartiles) if number is not None]
    most = None if len(every) < 3 else max(every)
    return Decides(needed(spread), min(every, default=None), most)

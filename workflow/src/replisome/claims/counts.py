"""Rules about what is counted: in how many runs something happens, and facts, which no run changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import isnan
from typing import Any

from scipy.stats import binomtest

from replisome.analysis.statistics import NOTHING, Estimate
from replisome.claims.deciding import fewest_seeds
from replisome.claims.finding import Decides, Finding, Word
from replisome.config.rounds import LEVEL

HALF = 0.5  # of the runs: more are most of them
EXACT = 1e-12  # relative: how far the same decimal number may be off in binary


def judge_share(ask: Mapping[str, Any], events: Sequence[bool], level: float = LEVEL) -> Finding:
    """Judge whether something happens in most runs or in none, by the exact interval of Clopper and Pearson (1934).

    Most: the whole interval is above a half, which six runs of six reach. None: the whole interval is below
    ``at_most``. Where that is not given it is a half too, since a handful of runs tells no more: none of six runs means
    that fewer than half would show it. A claim that needs more says so, and needs more runs (17 for a fifth).

    Args:
        ask: the question.
        events: whether it happened, in each run, or in each pair of runs of equal seed.
        level: of the interval.
    """
    n, seen = len(events), sum(map(bool, events))
    if not n:
        return Finding("inconclusive", "no run", NOTHING, seeds=(0,))
    word, estimate = _of_share(ask, seen, n, level)
    reason = f"in {seen} of {n} {'pairs of runs' if len(ask['of']) == 2 else 'runs'}"
    decides = None
    if word == "inconclusive":
        needed = fewest_seeds(n + 1, lambda more: _of_share(ask, round(seen * more / n), more, level)[0] != word)
        decides = Decides(needed, needed, needed)
    return Finding(word, reason, estimate, seeds=(n,), decides=decides)


def judge_fact(ask: Mapping[str, Any], found: float) -> Finding:
    """Judge a number that no run changes: equal to the printed digit, or on the right side of a bound.

    Args:
        ask: the question; its ``offset`` is added to what was found.
        found: the number.
    """
    reported = ask["reported"]
    value, ours = float(reported["value"]), float(found) + float(ask.get("offset", 0))
    if isnan(ours):
        return Finding("inconclusive", "it is not a number")
    tolerance = reported.get("digits", 0.0) / 2 + reported.get("approx", 0.0) + EXACT * max(abs(value), abs(ours))
    low_enough, high_enough = ours <= value + tolerance, ours >= value - tolerance
    bound = ask.get("bound", "equal")
    holds = {"equal": low_enough and high_enough, "at_least": high_enough, "at_most": low_enough}[bound]
    estimate = Estimate(ours, ours, ours)
    if holds:
        return Finding("replicated", "as printed" if bound == "equal" else "the bound holds", estimate)
    return Finding("not replicated", f"it is {ours:,.10g}, printed is {value:,.10g}", estimate)


def _of_share(ask: Mapping[str, Any], seen: int, n: int, level: float) -> tuple[Word, Estimate]:
    low, high = _bounds(seen, n, level)
    estimate = Estimate(seen / n, low, high, n)
    most, limit = ask["expect"] == "most", ask.get("at_most", HALF) if ask["expect"] == "none" else HALF
    if estimate.low > limit:
        return ("replicated" if most else "not replicated"), estimate
    if estimate.high < limit:
        return ("not replicated" if most else "replicated"), estimate
    return "inconclusive", estimate


@cache
def _bounds(seen: int, n: int, level: float) -> tuple[float, float]:
    interval = binomtest(seen, n).proportion_ci(level, method="exact")
    return float(interval.low), float(interval.high)

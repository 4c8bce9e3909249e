"""The rule about a ratio: on which side of one, and whether as large as the paper says but for a factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from replisome.analysis.intervals import ItemScores, Question, measure_difference
from replisome.analysis.measured import Measured
from replisome.analysis.statistics import Estimate
from replisome.claims.deciding import what_decides
from replisome.claims.elementary import (
    difference_where_known,
    opposite,
    side_of,
    undecided,
    why_undecided,
    with_runs,
    with_size,
)
from replisome.claims.finding import Finding

FACTOR = 1.25  # where a claim gives none: the bounds of bioequivalence are 0.80 and 1.25


def judge_ratio(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float) -> Finding:
    """Judge whether first / second is below or above one, and as large as the paper says but for a factor.

    The scores come as logarithms, whatever the number's ``scale``, so that the ratio of geometric means is asked for.
    The estimate is a ratio again, and its seeds' and items' parts are factors: 1 where there is none.
    """
    reason = why_undecided(arms, question)
    if reason:
        return undecided(arms, reason, _as_ratio(difference_where_known(arms, question, level)))
    found = measure_difference(arms[0], arms[1], question)
    finding = with_runs(_side_of_one(ask, found, level), arms)
    return with_size(finding, with_runs(_size_of_ratio(ask, found, level), arms)) if "reported" in ask else finding


def _side_of_one(ask: Mapping[str, Any], found: Measured, level: float) -> Finding:
    """Return whether a ratio is on the claimed side of one."""
    estimate, p = found.estimate(level), found.p()
    ratio, claimed = _as_ratio(estimate), ask["expect"].replace("_", " ")
    side = side_of(estimate, 0.0)
    if ask["expect"] == "below_one":
        side = opposite(side)
    if side == "above":
        return Finding("replicated", f"it is {claimed}", ratio, p)
    if side == "open":
        decides = what_decides(found, abs(found.value), level)
        return Finding("inconclusive", "it may be on either side of one", ratio, p, decides=decides)
    return Finding("not replicated", f"it is not {claimed}", ratio, p)


def _size_of_ratio(ask: Mapping[str, Any], found: Measured, level: float) -> Finding:
    """Return whether a ratio is the printed one but for a factor, and known to within that factor."""
    reported = ask["reported"]
    width = reported.get("digits", 0.0) / 2 + reported.get("approx", 0.0)
    ratio, half = float(np.exp(found.value)), found.half(level)
    nearest = min(max(ratio, reported["value"] - width), reported["value"] + width)
    off, most = abs(np.log(ratio / nearest)), float(np.log(ask.get("factor", FACTOR)))
    estimate = _as_ratio(found.estimate(level))
    if off <= most and half <= most:
        return Finding("replicated", "within the factor", estimate)
    if off - half > most:
        return Finding("not replicated", "beyond the factor", estimate)
    reason, room = ("too noisy to tell", max(most, off)) if half > most else ("about the factor", off - most)
    return Finding("inconclusive", reason, estimate, decides=what_decides(found, room, level, power=False))


def _as_ratio(estimate: Estimate) -> Estimate:
    """Return a difference of logarithms as a ratio, and its half-widths as factors."""
    value, low, high, seeds_half, items_half = np.exp(
        [estimate.value, estimate.low, estimate.high, estimate.seeds_half, estimate.items_half]
    ).tolist()
    return Estimate(value, low, high, estimate.seeds, estimate.items, seeds_half, items_half)

"""The questions that all rules are made of: is it beyond a threshold, within a margin, what the paper printed?

Each is asked of something measured with its interval, low to high. Where there is no interval, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from replisome.analysis.intervals import ItemScores, Question, measure_difference
from replisome.analysis.measured import FEWEST_GROUPS, Measured
from replisome.analysis.statistics import NOTHING, Estimate
from replisome.claims.deciding import what_decides
from replisome.claims.finding import Finding

Side = Literal["above", "below", "at", "open"]


def counts_of(arms: Sequence[ItemScores]) -> tuple[int, ...]:
    """Return how many runs stand behind each arm."""
    return tuple(len(arm.values) for arm in arms)


def why_undecided(arms: Sequence[ItemScores], question: Question) -> str | None:
    """Return why no interval can be given, or None where one can."""
    if not all(len(arm.values) for arm in arms):
        return "no run"
    if not all(np.isfinite(arm.values).all() for arm in arms):
        return "a seed gave no number"
    if any(arm.trained and len(arm.values) == 1 for arm in arms):
        return "one seed"
    if question == "general" and min(arm.groups for arm in arms) < FEWEST_GROUPS:
        return "fewer than six groups of items"
    return None


def undecided(arms: Sequence[ItemScores], reason: str, estimate: Estimate = NOTHING) -> Finding:
    """Return the finding that nothing can be told."""
    return Finding("inconclusive", reason, estimate, seeds=counts_of(arms))


def side_of(estimate: Estimate, threshold: float) -> Side:
    """Return where an interval lies; "at" where it has no width and is the threshold itself."""
    if estimate.low > threshold:
        return "above"
    if estimate.high < threshold:
        return "below"
    return "at" if estimate.low == estimate.high else "open"


def opposite(side: Side) -> Side:
    """Return the side as seen from below."""
    return {"above": "below", "below": "above"}.get(side, side)  # type: ignore[return-value]


def lies_within(found: Measured, centre: float, margin: float, level: float) -> Finding:
    """Return whether something is the same as ``centre`` but for ``margin``: the whole interval is inside.

    Both one-sided tests at (1 - level)/2 (Schuirmann 1987), so that it is the interval on the page that decides.
    """
    estimate = found.estimate(level)
    low, high = centre - margin, centre + margin
    if low < estimate.low and estimate.high < high:
        return Finding("replicated", "the whole interval is within the margin", estimate)
    if estimate.low > high or estimate.high < low:
        return Finding("not replicated", "the whole interval is beyond the margin", estimate)
    room = abs(margin - abs(found.value - centre))
    return Finding("inconclusive", "it may be within the margin or beyond", estimate,
                   decides=what_decides(found, room, level))  # fmt: skip


def is_as_printed(
    found: Measured, reported: Mapping[str, Any], resolution: float, level: float, *, value: float | None = None
) -> Finding:
    """Return whether one more run could give what the paper printed, and whether we could tell.

    With h half of the interval for one more run, half a printed digit in it: replicated where the printed number is
    inside and h is no wider than the resolution, or where the whole interval is within the resolution of it; not
    replicated where it is outside and further off than the resolution.

    Args:
        found: about one more run.
        reported: what the paper printed; its ``approx`` brings the number nearer by so much.
        resolution: from where on a difference matters, so that noise alone cannot replicate.
        level: of the interval.
        value: the printed number, where it is not the reported one as it stands.
    """
    exact = found.estimate(level)
    half = found.half(level) + reported.get("digits", 0.0) / 2
    estimate = exact._replace(low=found.value - half, high=found.value + half)
    printed = reported["value"] if value is None else value
    off = max(0.0, abs(found.value - printed) - reported.get("approx", 0.0))
    if off <= half <= resolution:
        return Finding("replicated", "one more run could give it", estimate)
    if off + half <= resolution:
        return Finding("replicated", "it differs by less than the resolution", estimate)
    if off > max(half, resolution):
        return Finding("not replicated", "one more run would not give it", estimate)
    if off > half:
        reason, room = "it differs by about the resolution", resolution - off
    else:
        reason, room = "too noisy to tell", max(resolution, off)
    room -= reported.get("digits", 0.0) / 2
    return Finding("inconclusive", reason, estimate, decides=what_decides(found, room, level, power=False))


def with_runs(finding: Finding, arms: Sequence[ItemScores]) -> Finding:
    """Return a finding that says how many runs stand behind it."""
    return replace(finding, seeds=counts_of(arms))


def with_size(finding: Finding, size: Finding) -> Finding:
    """Return a difference or ratio with how its size came out: if not as printed, the direction is left."""
    if finding.word != "replicated":
        return replace(finding, size=size)
    if size.word == "replicated":
        return replace(finding, reason="direction and size agree", size=size)
    reason = "the size differs" if size.word == "not replicated" else "the size cannot be told yet"
    return replace(finding, word="direction only", reason=reason, size=size, decides=size.decides)


def difference_where_known(arms: Sequence[ItemScores], question: Question, level: float) -> Estimate:
    """Return first - second, if both have runs, with what is known of its interval."""
    if not all(len(arm.values) for arm in arms):
        return NOTHING
    return measure_difference(arms[0], arms[1], question).estimate(level)

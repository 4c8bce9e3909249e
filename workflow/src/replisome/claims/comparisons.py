"""Rules about two configurations or more: a difference, sameness, an order, a winner.

Seeds of two models are independent samples, unless a claim says that they are paired; their items always are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from replisome.analysis.intervals import ItemScores, Question, measure, measure_difference, pair_by_seed
from replisome.analysis.measured import Measured
from replisome.claims.deciding import for_all, what_decides
from replisome.claims.elementary import (
    difference_where_known,
    is_as_printed,
    lies_within,
    side_of,
    undecided,
    why_undecided,
    with_runs,
    with_size,
)
from replisome.claims.finding import Finding, Word


def judge_difference(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float) -> Finding:
    """Judge which of two is higher, by more than is ``negligible``; and by how much, where the paper says.

    The estimate is in the claimed direction: above 0 as the claim has it, whichever arm comes first. The size is the
    printed number without its sign; it is judged as a value is, by the interval for one more run of each model.
    """
    unpaired = _why_unpaired(ask, arms)
    if unpaired:
        return undecided(arms, unpaired)
    first, second = arms if ask["expect"] == "first_higher" else arms[::-1]
    finding = _higher(ask, first, second, question, level)
    if "size" in ask and "reported" in ask and not why_undecided(arms, question):
        found = _difference(ask, first, second, question, one_run=True)
        printed = abs(ask["reported"]["value"])
        size = is_as_printed(found, ask["reported"], ask["size"]["value"], level, value=printed)
        finding = with_size(finding, with_runs(size, arms))
    return with_runs(finding, arms)


def judge_same(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float) -> Finding:
    """Judge whether two differ by less than the margin: the whole interval of first - second is within it."""
    reason = _why_unpaired(ask, arms) or why_undecided(arms, question)
    if reason:
        return undecided(arms, reason, difference_where_known(arms, question, level))
    found = _difference(ask, arms[0], arms[1], question)
    return with_runs(lies_within(found, 0.0, ask["margin"]["value"], level), arms)


def judge_order(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float) -> Finding:
    """Judge whether models stand in an order: each beats the next. An intersection-union test, without correction.

    The parts are the neighbours' differences in the claimed direction. The estimate is that of the worst part, and p
    the largest of all.
    """

    def ahead(first: ItemScores, second: ItemScores) -> Finding:
        higher, lower = (first, second) if ask["first_is"] == "highest" else (second, first)
        return with_runs(_higher({}, higher, lower, question, level), (first, second))

    parts = tuple(ahead(first, second) for first, second in pairwise(arms))
    known = [part.p for part in parts if part.p is not None]
    p = max(known) if len(known) == len(parts) else None
    reversed_pairs = [part for part in parts if part.word == "not replicated"]
    open_pairs = [part for part in parts if part.word == "inconclusive"]

    def of_order(word: Word, reason: str, worst: Sequence[Finding]) -> Finding:
        lowest = min(worst, key=lambda part: _or_lowest(part.estimate.low))
        is_open = word in ("inconclusive", "direction only")
        decides = for_all(part.decides for part in open_pairs) if is_open else None
        found = Finding(word, reason, lowest.estimate, p, decides=decides, parts=parts)
        return with_runs(found, arms)

    if reversed_pairs:
        return of_order("not replicated", "neighbours stand the other way round", reversed_pairs)
    if not open_pairs:
        return of_order("replicated", "each is ahead of the next", parts)
    reason = why_undecided(arms, question)
    if reason:
        return of_order("inconclusive", reason, open_pairs)
    if ahead(arms[0], arms[-1]).word == "replicated":
        return of_order("direction only", "the ends stand so, not all between", open_pairs)
    return of_order("inconclusive", "neighbours cannot be told apart", open_pairs)


def judge_winner(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float) -> Finding:
    """Judge whether the paper's choice, the first arm, is best: no rival is better by ``within`` or more.

    Rivals and choice have the seeds that the caller gives. A rival that was picked as the best of many on other seeds
    stands alone, and g is how much better it is. Of several on the same seeds g is that of the best, and picking it
    must not count against the choice: the upper bound is the largest of the rivals' (all are to be within), the lower
    one the largest of the rivals' at a level that allows for their number (Bonferroni), so that chance does not crown
    one of many equals.

    The estimate is g, above 0 where a rival is better; its seeds' and items' parts are those of the best rival.
    """
    reason = why_undecided(arms, question)
    if reason:
        return undecided(arms, reason)
    choice, rivals = arms[0], arms[1:]
    if not rivals:
        return undecided(arms, "no rival")
    within = ask["within"]["value"]
    gaps = [
        measure_difference(*((rival, choice) if ask["best"] == "highest" else (choice, rival)), question)
        for rival in rivals
    ]
    usual = [gap.estimate(level) for gap in gaps]
    high = max(one.high for one in usual)
    low = max(gap.estimate(1 - (1 - level) / len(gaps)).low for gap in gaps)
    estimate = max(usual, key=lambda one: one.value)._replace(low=low, high=high)
    if high < within:
        return with_runs(Finding("replicated", "no rival is better by what matters", estimate), arms)
    if low > within:
        return with_runs(Finding("not replicated", "a rival is better", estimate), arms)
    still = [gap for gap, one in zip(gaps, usual, strict=True) if one.high >= within]
    decides = for_all(what_decides(gap, abs(gap.value - within), level) for gap in still)
    return with_runs(Finding("inconclusive", "a rival may be better", estimate, decides=decides), arms)


def _higher(ask: Mapping[str, Any], first: ItemScores, second: ItemScores, question: Question, level: float) -> Finding:
    """Return whether the first is higher by more than is ``negligible`` in the ask, if anything is."""
    arms = (first, second)
    reason = why_undecided(arms, question)
    if reason:
        return undecided(arms, reason, difference_where_known(arms, question, level))
    found = _difference(ask, first, second, question)
    threshold = float(ask["negligible"]["value"]) if "negligible" in ask else 0.0
    estimate, p = found.estimate(level), found.p(threshold)
    side = side_of(estimate, threshold)
    if side == "above":
        return Finding("replicated", "the difference is as claimed", estimate, p)
    if side == "open":
        reason = "either may be higher" if not threshold else "it may be more or less than what matters"
        decides = what_decides(found, abs(found.value - threshold), level)
        return Finding("inconclusive", reason, estimate, p, decides=decides)
    small = "smaller than matters" if threshold else "no difference at all"
    reason = "the opposite" if estimate.high < 0 else small
    return Finding("not replicated", reason, estimate, p)


def _difference(
    ask: Mapping[str, Any], first: ItemScores, second: ItemScores, question: Question, *, one_run: bool = False
) -> Measured:
    if ask.get("seeds") == "paired":
        return measure(pair_by_seed(first, second), question, one_run=one_run)
    return measure_difference(first, second, question, one_run=one_run)


def _why_unpaired(ask: Mapping[str, Any], arms: Sequence[ItemScores]) -> str | None:
    """Return why seeds that the ask pairs cannot be paired, or None."""
    paired = ask.get("seeds") == "paired"
    return "unlike numbers of seeds cannot be paired" if paired and len({len(arm.values) for arm in arms}) > 1 else None


def _or_lowest(bound: float) -> float:
    return bound if np.isfinite(bound) else -np.inf

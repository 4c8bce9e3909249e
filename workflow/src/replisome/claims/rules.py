"""From the scores of a claim's runs to a finding: the rule of each kind, as docs/evidence.md tables them.

A rule sees scores as the claim scales them (percent, points, logarithms), and the limits in the same unit. It knows
nothing of where the runs come from; whether they were full-sized, on real data or stand-ins caps the verdict later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from replisome.analysis.intervals import ItemScores, Question
from replisome.claims.comparisons import judge_difference, judge_order, judge_same, judge_winner
from replisome.claims.counts import judge_fact, judge_share
from replisome.claims.finding import Finding
from replisome.claims.ratios import judge_ratio
from replisome.claims.single import judge_sign, judge_spread, judge_value
from replisome.claims.together import judge_all
from replisome.config.rounds import LEVEL

__all__ = ["judge", "judge_all", "judge_fact", "judge_share"]

Rule = Callable[[Mapping[str, Any], Sequence[ItemScores], Question, float], Finding]

_RULES: dict[str, Rule] = {
    "value": judge_value,
    "sign": judge_sign,
    "spread": judge_spread,
    "difference": judge_difference,
    "same": judge_same,
    "order": judge_order,
    "ratio": judge_ratio,
    "winner": judge_winner,
}


def judge(ask: Mapping[str, Any], arms: Sequence[ItemScores], question: Question, level: float = LEVEL) -> Finding:
    """Judge a question about scores.

    Args:
        ask: a claim's ask, of a kind that is about scores: value, sign, spread, difference, same, order, ratio, winner.
        arms: scores of the configurations in the order of the ask: the first and the second, those of an order, of a
            winner the paper's choice and then its rivals. Scaled as the ask's number says; of a ratio, logarithms.
        question: whether the items are a sample; ``this_set`` where they are not known (``items`` is 0).
        level: coverage of the intervals.

    Returns:
        The finding before its caps: inconclusive, with the reason, where an arm has one seed, where a seed gave no
        number, and where fewer than six groups of items are to stand for all.

    Raises:
        ValueError: the kind is not about scores, or two arms have not the same items.
    """
    rule = _RULES.get(ask["kind"])
    if rule is None:
        raise ValueError(f"{ask['kind']} is not judged from scores; kinds that are: {', '.join(_RULES)}")
    return rule(ask, [_only_numbers(arm) for arm in arms], question, level)


def _only_numbers(arm: ItemScores) -> ItemScores:
    """Return scores with NaN instead of what is infinite, as the logarithm of nothing is."""
    numbers = np.isfinite(arm.values)
    return arm if numbers.all() else replace(arm, values=np.where(numbers, arm.values, np.nan))

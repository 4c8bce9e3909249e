"""Looking more than once: after each round of seeds a claim is judged, until a look decides it.

What was decided stays decided; later seeds make the interval narrower, and where they would say otherwise both are
told. The looks are gone through anew from the runs each time, so that a verdict depends on nothing but them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from replisome.analysis.intervals import ItemScores
from replisome.claims.finding import Finding, Word

OPEN: Word = "inconclusive"


@dataclass(frozen=True)
class Look:
    """How often a claim was looked at.

    Attributes:
        decided: at which look it was decided, from 1; None of an open claim.
        now: how many looks its seeds make.
        of: how many there can be.
        later: the verdict of all seeds, where it is not the one that was decided.
    """

    decided: int | None
    now: int
    of: int
    later: Word | None = None


def over_looks(rounds: Sequence[int], seeds: int, judge_first: Callable[[int], Finding]) -> tuple[Finding, Look | None]:
    """Return the finding of the first look that decides, with the numbers of all seeds.

    Args:
        rounds: how many seeds there are at each look; none where there is one look, of all seeds.
        seeds: how many the arm with the most has.
        judge_first: judges by the first so many seeds of each arm.
    """
    now = judge_first(seeds)
    if not rounds:
        return now, None
    looks = [*(number for number in rounds if number < seeds), seeds]
    findings = (judge_first(number) if number < seeds else now for number in looks)
    first = next(((place, found) for place, found in enumerate(findings, start=1) if found.word != OPEN), None)
    if first is None:
        return now, Look(None, len(looks), len(rounds))
    place, found = first
    later = now.word if now.word != found.word else None
    return replace(now, word=found.word, reason=found.reason, decides=None), Look(place, len(looks), len(rounds), later)


def first_seeds(scores: ItemScores, number: int) -> ItemScores:
    """Return an arm with its first so many seeds; one that has fewer, or is solved, stays as it is."""
    if not scores.trained or number >= len(scores.values):
        return scores
    return replace(scores, values=scores.values[:number], parts=scores.parts[:number])


def most_seeds(arms: Sequence[ItemScores]) -> int:
    """Return how many seeds the arm with the most has; a solved model has one, however often it was solved."""
    return int(np.max([len(arm.values) if arm.trained else 1 for arm in arms], initial=0))

"""Looking more than once: after each round of seeds a claim is judged, until a look decides it.

What was decided stays decided; later seeds make the interval narrower, and where they would say otherwise both are
told. The looks are gone through anew from the runs each time, so that a verdict depends on nothing but them. A look is
at equal numbers of seeds: those that one arm has beyond the others, since another claim asked for them, wait for the
next look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from replisome.analysis.intervals import ItemScores
from replisome.claims.finding import Finding, Word

TOO_EARLY = "fewer seeds than the first round has"


@dataclass(frozen=True)
class Look:
    """How often a claim was looked at.

    Attributes:
        decided: at which look it was decided, from 1; None of an open claim.
        now: how many looks its seeds make; 0 before the first.
        of: how many there can be.
        later: the verdict of all seeds, where the looks say another.
    """

    decided: int | None
    now: int
    of: int
    later: Word | None = None


def over_looks(
    rounds: Sequence[int], seeds: int | None, judge_first: Callable[[int | None], Finding]
) -> tuple[Finding, Look | None]:
    """Return the finding of the first look that decides, or that the claim is open, with the numbers of all seeds.

    Args:
        rounds: how many seeds there are at each look; none where there is one look, of all seeds.
        seeds: how many the arm with the fewest has; None where seeds differ in nothing.
        judge_first: judges by the first so many seeds of each arm; by all of them, where it is given None.
    """
    now = judge_first(None)
    if not rounds:
        return now, None
    if seeds is None:
        return now, Look(None if now.is_open else 1, 1, len(rounds))
    looks = [number for number in rounds if number <= seeds]
    findings = [judge_first(number) for number in looks]
    place = next((place for place, found in enumerate(findings, start=1) if not found.is_open), None)
    if place is not None:
        said = replace(findings[place - 1], decides=None)
    elif findings:
        said = findings[-1]
    else:
        said = replace(now, word="inconclusive", reason=now.reason if now.is_open else TOO_EARLY)
    later = now.word if now.word != said.word else None
    return _with_numbers_of(said, now), Look(place, len(looks), len(rounds), later)


def _with_numbers_of(said: Finding, now: Finding) -> Finding:
    """Return what a look said with what all seeds measured."""
    return replace(now, word=said.word, reason=said.reason, decides=said.decides)


def first_seeds(scores: ItemScores, number: int | None) -> ItemScores:
    """Return an arm with its first so many seeds; one that has fewer, or is solved, stays as it is."""
    if number is None or not scores.trained or number >= len(scores.values):
        return scores
    return replace(scores, values=scores.values[:number], parts=scores.parts[:number])


def common_seeds(arms: Sequence[ItemScores]) -> int | None:
    """Return how many seeds the arm with the fewest has; None where all are solved, whose seeds differ in nothing."""
    return min((len(arm.values) for arm in arms if arm.trained), default=None)

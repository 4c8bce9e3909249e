"""Rounds of seeds: a study looks at its claims after a few seeds, and again after more, until they are decided.

Looking several times makes more errors than looking once: at 95 % each, five looks call equal models different in 13 of
100 studies. A study with rounds therefore prints wider intervals, at one level from the first look on, with which all
its looks together err in 5 of 100 (Pocock 1977, with Student's t; simulated in ``tests/simulations/rounds.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from replisome.errors import ReplisomeError

LEVEL = 0.95  # coverage of the intervals of a study that looks once
# By how many seeds there are at each look, the coverage with which all looks together err in one of twenty.
LEVELS: Mapping[tuple[int, ...], float] = {
    (3, 6, 9, 12, 15): 0.983,
    (3, 5, 7, 9, 11, 13, 15): 0.986,
    (3, 5, 9, 15): 0.981,
    (3, 6, 15): 0.977,
}

Configuration = tuple[str, str, str]  # recipe, model and slug: runs that differ in their seed only


def level_of(rounds: Sequence[int]) -> float:
    """Return the coverage of every interval of a study.

    Args:
        rounds: how many seeds there are at each look; none where there is one look.

    Returns:
        Of rounds that were not calibrated Bonferroni's level, which is always enough.
    """
    return LEVELS.get(tuple(rounds), 1 - (1 - LEVEL) / max(1, len(rounds)))


def check_rounds(rounds: Sequence[int], origin: str) -> None:
    """Refuse rounds that do not grow.

    Raises:
        ReplisomeError: names the file and the key.
    """
    if list(rounds) != sorted(set(rounds)):
        raise ReplisomeError(f"{origin}: key 'seeds.rounds': each round has more seeds than the one before it.")


def next_round(rounds: Sequence[int], seeds: int) -> int | None:
    """Return how many seeds the round after one of ``seeds`` has, or None where that was the last."""
    return next((number for number in rounds if number > seeds), None)


def round_of(rounds: Sequence[int], seeds: int) -> int:
    """Return which round so many seeds have come to, from 1; 0 before the first."""
    return sum(size <= seeds for size in rounds)


def more_seeds(first: Sequence[int], number: int) -> list[int]:
    """Return so many seeds: those of the first look, then those that follow the largest of them."""
    start = max(first) + 1
    return [*first, *range(start, start + number - len(first))]


def raised_seeds(raised: Sequence[Mapping[str, Any]]) -> dict[Configuration, int]:
    """Return by configuration the largest number of seeds that a list of raises gives it.

    Args:
        raised: mappings with ``recipe``, ``model``, ``slug`` and ``seeds``.
    """
    found: dict[Configuration, int] = {}
    for one in raised:
        key = (one["recipe"], one["model"], one["slug"])
        found[key] = max(found.get(key, 0), one["seeds"])
    return found

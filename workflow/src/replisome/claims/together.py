"""The rule about several claims at once."""

from __future__ import annotations

from collections.abc import Sequence

from replisome.claims.deciding import for_all
from replisome.claims.finding import Finding


def judge_all(members: Sequence[Finding]) -> Finding:
    """Judge a conjunction: all of its claims hold. An intersection-union test, which needs no correction.

    One claim that does not hold settles it, whether or not the others were run.
    """
    parts = tuple(members)
    words = [member.word for member in parts]
    if "not replicated" in words:
        return Finding("not replicated", _how_many(words.count("not replicated"), "do not hold", "does not hold"),
                       parts=parts)  # fmt: skip
    if "not run" in words:
        return Finding("not run", _how_many(words.count("not run"), "were not run", "was not run"), parts=parts)
    if all(word == "replicated" for word in words):
        return Finding("replicated", "all hold", parts=parts)
    if "inconclusive" in words:
        still = [member for member in parts if member.word == "inconclusive"]
        reason = _how_many(len(still), "are open", "is open")
        return Finding("inconclusive", reason, decides=for_all(member.decides for member in still), parts=parts)
    return Finding("direction only", "all hold in their direction", parts=parts)


def _how_many(number: int, several: str, one: str) -> str:
    return f"one {one}" if number == 1 else f"{number} {several}"

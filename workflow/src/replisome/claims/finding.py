"""What the rule of a claim comes to: a word, why, and the numbers it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from replisome.analysis.statistics import NOTHING, Estimate

Word = Literal["replicated", "direction only", "not replicated", "inconclusive", "not run"]
WORDS: tuple[Word, ...] = ("replicated", "direction only", "not replicated", "inconclusive", "not run")


@dataclass(frozen=True)
class Decides:
    """What would decide a claim that is open.

    Attributes:
        seeds: about how many a model, or None where no number of seeds (up to ``MOST_SEEDS``) does.
        fewest: how many at the lower quartile of the spread that these few seeds leave possible.
        most: how many at its upper quartile; None is more than ``MOST_SEEDS``.
        items_factor: how many times the test items it takes, where the items' part alone is too wide; else None.
    """

    seeds: int | None
    fewest: int | None
    most: int | None
    items_factor: float | None = None


@dataclass(frozen=True)
class Finding:
    """A verdict before its caps.

    Attributes:
        word: the verdict.
        reason: why, in a few words that follow it: "smaller than matters".
        estimate: what was measured, with the interval that the verdict rests on, in the unit of the claim's number: of
            a value for one more run, with half a printed digit; of a difference and an order in the claimed direction,
            above 0 as the claim has it; of a ratio the ratio, with its parts as factors; of a winner how much better
            the best rival is; of a spread the standard deviation; of a share the share of runs.
        p: of a difference, order, sign or ratio, the least alpha whose 1 - alpha interval leaves the threshold out;
            None where nothing is tested, as of what is near or the same.
        seeds: how many runs stand behind each arm.
        size: of a difference or ratio whose size the paper gives, how the size came out: in the claimed direction, and
            of a difference for one more run of each model.
        decides: what would decide an open claim; None of one that is decided, or where nothing can be said.
        parts: the findings of an order's neighbouring pairs, or of a conjunction's claims.
    """

    word: Word
    reason: str
    estimate: Estimate = NOTHING
    p: float | None = None
    seeds: tuple[int, ...] = ()
    size: Finding | None = None
    decides: Decides | None = None
    parts: tuple[Finding, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Say whether more runs may yet decide it: also where only the direction is known, and the rest open."""
        if self.word != "direction only":
            return self.word == "inconclusive"
        members = [*self.parts, *([self.size] if self.size else [])]
        return any(member.word == "inconclusive" for member in members)

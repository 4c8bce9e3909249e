"""How often rounds of seeds end in a false verdict, and how many seeds they take.

    python -m tests.simulations.rounds

Each line simulates 6,000 studies of two models whose scores differ by d standard deviations over seeds, judged by
:mod:`replisome.claims.rules` after 3, 6, 9, 12 and 15 seeds at the level of such rounds, until a look decides. The
claim is that the first is higher. With a margin the claim is that both are the same within two standard deviations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from replisome.analysis.intervals import ItemScores
from replisome.claims.looks import first_seeds, over_looks
from replisome.claims.rules import judge
from replisome.config.rounds import LEVEL, level_of

STUDIES = 6000
ROUNDS = (3, 6, 9, 12, 15)
HIGHER = {"kind": "difference", "expect": "first_higher"}
SAME = {"kind": "same", "margin": {"value": 2.0}}


class Cell(NamedTuple):
    """What rounds came to: shares of studies, and seeds a model at the end."""

    rule: str
    apart: float
    ratio: float
    replicated: float
    not_replicated: float
    seeds: float


def cell(
    rule: str,
    ask: dict[str, Any],
    apart: float,
    level: float,
    ratio: float = 1.0,
    rounds: Sequence[int] = ROUNDS,
    studies: int = STUDIES,
) -> Cell:
    """Simulate one line; the first model's seeds spread ``ratio`` times as far as the second's."""
    rng = np.random.default_rng(17)
    words, seeds = [], []
    for _ in range(studies):
        arms = [_arm(apart + ratio * rng.normal(size=rounds[-1])), _arm(rng.normal(size=rounds[-1]))]
        finding, look = over_looks(
            rounds, rounds[-1], lambda n, a=arms: judge(ask, [first_seeds(one, n) for one in a], "this_set", level)
        )
        assert look is not None  # there are rounds
        words.append(finding.word)
        seeds.append(rounds[look.decided - 1] if look.decided else rounds[-1])
    share = {word: words.count(word) / studies for word in ("replicated", "not replicated")}
    return Cell(rule, apart, ratio, share["replicated"], share["not replicated"], float(np.mean(seeds)))


def _arm(values: np.ndarray) -> ItemScores:
    return ItemScores(values, np.zeros((len(values), 0)), 0, 0)


def cells() -> Iterator[Cell]:
    """Simulate all lines."""
    level = level_of(ROUNDS)
    yield cell("each look at 95 %", HIGHER, 0.0, LEVEL)
    for apart in (0.0, 1.0, 2.0, 3.0, 5.0, 10.0):
        yield cell(f"{100 * level:.1f} %", HIGHER, apart, level)
    yield cell(f"{100 * level:.1f} %, spreads 3 to 1", HIGHER, 0.0, level, ratio=3.0)
    yield cell(f"{100 * level:.1f} %, same within 2", SAME, 0.0, level)
    yield cell(f"{100 * level:.1f} %, same within 2", SAME, 2.0, level)
    for rounds in ((3, 5, 7, 9, 11, 13, 15), (3, 5, 9, 15), (3, 6, 15)):
        yield cell(f"{100 * level_of(rounds):.1f} %, {rounds}", HIGHER, 0.0, level_of(rounds), rounds=rounds)


if __name__ == "__main__":
    print(f"{'rule':44} {'apart':>5} {'spread':>6} {'first':>6} {'second':>6} {'seeds':>6}")
    for one in cells():
        print(
            f"{one.rule:44} {one.apart:5.1f} {one.ratio:6.1f} {one.replicated:6.3f} {one.not_replicated:6.3f} "
            f"{one.seeds:6.1f}",
            flush=True,
        )

"""How long the judge takes for all claims at full size, beside a plain loop over pairs of runs."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from replisome.analysis.intervals import ItemScores
from replisome.claims.rules import judge

CLAIMS, PROTOCOLS = 310, 2
SEEDS, ITEMS = 5, 30_000  # of the largest test set, RNAcompete's
ASK = {"kind": "difference", "expect": "first_higher"}


def judging() -> Iterator[str]:
    """Time as many differences as there are verdicts; what is read from files for them is timed in the workflow."""
    generator = np.random.default_rng(0)
    scores = [generator.normal(size=(SEEDS, ITEMS)) for _ in range(8)]
    number = CLAIMS * PROTOCOLS

    began = time.perf_counter()
    for place in range(number):
        arms = [ItemScores.of_items(scores[place % 8]), ItemScores.of_items(scores[(place + 1) % 8])]
        judge(ASK, arms, "general")
    ours = time.perf_counter() - began

    few = 20
    began = time.perf_counter()
    for place in range(few):
        _plain(scores[place % 8], scores[(place + 1) % 8])
    plain = (time.perf_counter() - began) * number / few
    yield (
        f"judging {number} differences of {SEEDS} + {SEEDS} seeds on {ITEMS:,} items: {ours:.1f} s, "
        f"{plain:.1f} s for the covariances alone in a plain loop, ratio {plain / ours:.1f}"
    )


def _plain(first: np.ndarray, second: np.ndarray) -> float:
    """Return the items' part of the interval by a loop over pairs of runs."""
    total = 0.0
    for own, sign in (((first, first), 1), ((second, second), 1), ((first, second), -2)):
        pairs = [
            float(np.cov(own[0][r], own[1][q])[0, 1]) for r in range(SEEDS) for q in range(SEEDS) if sign < 0 or r != q
        ]
        total += sign * float(np.mean(pairs)) / ITEMS
    return total

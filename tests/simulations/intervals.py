"""How often the intervals of scores cover the truth, and how often equal models are called different.

    python -m tests.simulations.intervals

Each line simulates 4,000 studies at n seeds a model, and asks :mod:`replisome.analysis.intervals` itself. Two models
with the same expected score are tested on the same items. The first model's seeds spread as far as the second's, or
three times as far. Calm seeds spread about half as far as the error of the items, restless ones four times as far as
calm ones.

- images: right or wrong on each of 600 images, a logit for the image, for the model on the image, and for the seed.
- stretches: scores of items in G independent groups of unequal size, as windows of a genome or the pairs of chains.
- probes: Spearman on 150 probes.
- pooled root: the root of a mean over the pairs of 59 chains, as an RMSE.
- skewed chains: log-normal scores (sd of the logarithm 0.8), whose mean hangs on a few of the chains.
- solved: the second model has no seeds, as counts and tables have none; its value is a mean over G units.

Beside them, printed and held to no bound: images with seeds so far apart that the best meet the ceiling, a model of
which 15 % of the runs collapse, and means over ten chains of scores with a long tail.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from replisome.analysis.intervals import ItemScores, difference, interval
from replisome.analysis.statistics import rank_correlation_by_item, root_of_pooled

STUDIES, CHUNK = 4000, 250
LEAST_COVERED, MOST_FALSE = 0.93, 0.06
FEW = 20  # groups; with no more, a mean of skewed scores is covered less often than wanted
SEEDS = (3, 5)
LEVELS = {"calm": 1.0, "restless": 4.0}
PAIRS = [(level, ratio) for ratio in (1, 3) for level in LEVELS]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = WEIGHTS / WEIGHTS.sum()

Pair = tuple[ItemScores, ItemScores]
Draw = Callable[[np.random.Generator, int, float, float], Iterator[Pair]]


@dataclass(frozen=True)
class Setting:
    """A kind of score: ``draw(rng, n, wide, narrow)`` gives a chunk of studies, ``truth`` is both models' score.

    ``spread`` is that of calm seeds, in the unit that ``draw`` takes; ``levels`` says which are simulated.
    """

    name: str
    draw: Draw
    truth: float
    spread: float
    bounded: bool = True
    levels: tuple[str, ...] = ("calm", "restless")


class Cell(NamedTuple):
    """What was found: how often the first and second model's interval covers the truth, how often they differ."""

    name: str
    seeds: int
    spreads: str
    covered: float
    covered_second: float
    different: float
    bounded: bool


def images(items: int = 600, right: float = 0.9, *, apart: bool = False) -> Setting:
    """Return a score that is a share of right answers; its seeds may lie far ``apart``."""
    shared, own = 2.5, 1.0

    def intercept(spread: float) -> float:
        scale = math.sqrt(shared**2 + own**2 + spread**2)
        return float(brentq(lambda m: WEIGHTS @ expit(m + scale * NODES) - right, -5, 20))

    def draw(rng: np.random.Generator, n: int, wide: float, narrow: float) -> Iterator[Pair]:
        difficulty = rng.normal(0, shared, (CHUNK, 1, items))
        answers = []
        for spread in (wide, narrow):
            logits = intercept(spread) + difficulty + rng.normal(0, own, (CHUNK, 1, items))
            logits = logits + rng.normal(0, spread, (CHUNK, n, 1))
            answers.append(rng.random(logits.shape) < expit(logits))
        return ((ItemScores.of_items(one), ItemScores.of_items(two)) for one, two in zip(*answers, strict=True))

    if apart:
        return Setting("images, seeds far apart", draw, right, 0.6, False, ("calm",))
    return Setting("images", draw, right, 0.08)


def stretches(groups: int, *, skew: float = 0.0, solved: bool = False) -> Setting:
    """Return a mean over items in groups; with ``skew``, over log-normal scores of one item a group."""
    sizes = np.random.default_rng(groups).integers(2, 7, groups) if not skew else np.ones(groups, int)
    member = np.repeat(np.arange(groups), sizes)
    error = 1.0 / math.sqrt(groups)  # of the groups' part

    def draw(rng: np.random.Generator, n: int, wide: float, narrow: float) -> Iterator[Pair]:
        shared = rng.normal(size=(CHUNK, 1, groups))
        scores = []
        for spread, seeds in ((wide, n), (0, 1) if solved else (narrow, n)):
            effects = shared + rng.normal(0, 0.4, (CHUNK, 1, groups))
            if skew:  # of mean 1: chains whose losses differ by factors
                effects = effects / math.sqrt(1.16) * skew
                found = np.exp(effects - skew**2 / 2) * (1 + rng.normal(0, 0.1, (CHUNK, seeds, groups)))
            else:
                found = 1 + effects[..., member] + rng.normal(0, 0.5, (CHUNK, seeds, len(member)))
            scores.append(found + rng.normal(0, spread, (CHUNK, seeds, 1)))
        for one, two in zip(*scores, strict=True):
            yield ItemScores.of_items(one, member), ItemScores.of_items(two, member, trained=not solved)

    what = "skewed chains" if skew else "solved, units" if solved else "stretches"
    return Setting(f"{what} (G = {groups})", draw, 1.0, error / 2, not skew or groups > FEW)


def probes(items: int = 150) -> Setting:
    """Return Spearman's correlation; a seed's noise is larger or smaller by a factor of its own."""
    own, truth = 0.5, 0.7

    def noise(spread: float) -> float:
        def missing(sd: float) -> float:
            correlation = 1 / np.sqrt(1 + own**2 + (sd * np.exp(spread * NODES)) ** 2)
            return float(WEIGHTS @ (6 / np.pi * np.arcsin(correlation / 2)) - truth)

        return float(brentq(missing, 0.05, 3))

    def draw(rng: np.random.Generator, n: int, wide: float, narrow: float) -> Iterator[Pair]:
        measured = rng.normal(size=(CHUNK, 1, items))
        found = []
        for spread in (wide, narrow):
            factor = noise(spread) * np.exp(rng.normal(0, spread, (CHUNK, n, 1)))
            predicted = measured + rng.normal(0, own, (CHUNK, 1, items))
            found.append(predicted + factor * rng.normal(size=(CHUNK, n, items)))
        for values, *models in zip(measured[:, 0], *found, strict=True):
            yield tuple(
                ItemScores.of_items(np.stack([rank_correlation_by_item(seed, values) for seed in model]))
                for model in models
            )

    return Setting("probes (Spearman)", draw, truth, 0.06)


def pooled_root(chains: int = 59) -> Setting:
    """Return the root of squared errors, which grow with the chain, pooled over pairs."""

    def draw(rng: np.random.Generator, n: int, wide: float, narrow: float) -> Iterator[Pair]:
        sizes = rng.integers(200, 2000, (CHUNK, 1, chains)).astype(float)
        difficulty = rng.normal(0, 0.3, (CHUNK, 1, chains))
        found = []
        for spread in (wide, narrow):
            logs = difficulty + rng.normal(0, 0.15, (CHUNK, 1, chains)) + rng.normal(0, 0.05, (CHUNK, n, chains))
            squared = np.exp(logs - (0.3**2 + 0.15**2 + 0.05**2) / 2)  # of mean 1
            found.append(squared * (1 + rng.normal(0, spread, (CHUNK, n, 1))) ** 2 / (1 + spread**2))
        for one, two, size in zip(*found, sizes[:, 0], strict=True):
            yield tuple(ItemScores.of_items(root_of_pooled(own * size, size)) for own in (one, two))

    return Setting(f"pooled root ({chains} chains)", draw, 1.0, 0.012)


def unstable() -> Setting:
    """Return a mean over items where 15 % of the first model's runs collapse."""

    def draw(rng: np.random.Generator, n: int, wide: float, narrow: float) -> Iterator[Pair]:
        items = rng.normal(size=(CHUNK, 1, 300)) / 10
        collapsed = -10.0 * (rng.random((CHUNK, n, 1)) < 0.15) + 1.5
        first, second = (1 + items + rng.normal(size=(CHUNK, n, 1)) for _ in range(2))
        for one, two in zip(first + collapsed, second, strict=True):
            yield ItemScores.of_items(one), ItemScores.of_items(two)

    return Setting("one model unstable", draw, 1.0, 1.0, False, ("calm",))


def settings() -> list[Setting]:
    """Return all kinds of score."""
    return [
        images(),
        *(stretches(groups) for groups in (6, 10, 20, 59, 100)),
        *(stretches(groups, solved=True) for groups in (6, 20)),
        probes(),
        pooled_root(),
        *(stretches(groups, skew=0.8) for groups in (10, 59)),
        images(apart=True),
        unstable(),
    ]


def simulate(setting: Setting, seeds: int, wide: float, narrow: float, spreads: str, studies: int = STUDIES) -> Cell:
    """Return what one cell of the table says.

    Args:
        setting: the kind of score.
        seeds: of each model.
        wide: spread of the first model's seeds.
        narrow: of the second's.
        spreads: what the two are called.
        studies: how many are drawn, in chunks.
    """
    rng = np.random.default_rng([seeds, *setting.name.encode(), *spreads.encode()])
    hits = np.zeros(3)
    for _ in range(studies // CHUNK):
        for one, two in setting.draw(rng, seeds, wide, narrow):
            first, second, apart = interval(one), interval(two), difference(one, two)
            hits += [
                first.low <= setting.truth <= first.high,
                second.low <= setting.truth <= second.high,
                not apart.low <= 0 <= apart.high,
            ]
    return Cell(setting.name, seeds, spreads, *(hits / studies).tolist(), setting.bounded)


def cells(among: Iterable[Setting] | None = None, pairs: Iterable[tuple[str, int]] = PAIRS) -> Iterator[Cell]:
    """Simulate each kind of score with calm and restless seeds, of equal spread and three to one.

    Args:
        among: the kinds of score; all, where none are given.
        pairs: how far seeds spread, and how much further those of the first model.
    """
    for setting, (level, ratio), seeds in itertools.product(among or settings(), pairs, SEEDS):
        if level in setting.levels:
            narrow = setting.spread * LEVELS[level] / math.sqrt(ratio)
            yield simulate(setting, seeds, ratio * narrow, narrow, f"{level}, {ratio}:1")


def main() -> None:
    """Print the table."""
    print(
        f"{STUDIES:,} studies a line; wanted: covered at least {LEAST_COVERED:.0%}, different at most {MOST_FALSE:.0%}"
    )
    print(f"{'score':26} {'seeds':5} {'spreads':14} {'covered':>8} {'second':>8} {'different':>10}")
    for cell in cells():
        failed = cell.bounded and (
            min(cell.covered, cell.covered_second) < LEAST_COVERED or cell.different > MOST_FALSE
        )
        note = "" if cell.bounded else " (no bound)"
        print(
            f"{cell.name:26} {cell.seeds:5} {cell.spreads:14} {cell.covered:8.1%} {cell.covered_second:8.1%} "
            f"{cell.different:10.1%}{note}{'  <-' if failed else ''}",
            flush=True,
        )


if __name__ == "__main__":
    main()

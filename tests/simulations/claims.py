"""How often each rule of a claim gives a wrong verdict, and how often its interval covers the truth.

    python -m tests.simulations.claims [KIND ...]

Each line simulates 6,000 studies of n seeds a model and puts them to :mod:`replisome.claims.rules` itself. Seeds are
normal, with a standard deviation of 1; or the first model's spreads three times as far as the others'. What is true
stands in the line, and with it which verdicts would be false: at the threshold either, short of it "replicated",
beyond it "not replicated". Where scores are by item, the choice of items errs about as much as that of seeds.

How intervals do on accuracies, correlations, chains and the like is simulated in ``tests/simulations/intervals.py``.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from replisome.analysis.intervals import ItemScores
from replisome.claims.finding import Finding
from replisome.claims.rules import judge, judge_all, judge_share

STUDIES, CHUNK = 6000, 500
LEAST_COVERED, MOST_FALSE = 0.93, 0.06
SEEDS, RATIOS = (3, 5), (1, 3)
ITEMS = 80  # of scores by item
OWN, RESIDUAL = 0.6, 0.5  # how far a mean errs by what items do to one model, and to one run; and to all: 1
TINY = 1e-9

BOTH, YES, NO = ("replicated", "not replicated"), ("replicated",), ("not replicated",)
Arms = list[ItemScores]
Draw = Callable[[np.random.Generator, int, float], Iterator[tuple[Finding, float]]]


@dataclass(frozen=True)
class Case:
    """Something that is true, and the verdicts that would be ``false`` then.

    ``draw(rng, n, ratio)`` gives findings of ``STUDIES`` studies, each with the number that its interval should hold
    (NaN where it is not known).
    """

    kind: str
    truth: str
    draw: Draw
    false: tuple[str, ...]
    bounded: bool = True
    seeds: tuple[int, ...] = SEEDS
    ratios: tuple[int, ...] = RATIOS


class Cell(NamedTuple):
    """What was found: shares of verdicts, of false ones, and of intervals that cover the truth."""

    kind: str
    truth: str
    seeds: int
    ratio: int
    replicated: float
    not_replicated: float
    false: float
    covered: float
    bounded: bool


def of_seeds(rng: np.random.Generator, n: int, means: Sequence[float], spreads: Sequence[float]) -> Iterator[Arms]:
    """Give studies of models whose items are not known."""
    empty = np.zeros((n, 0))
    found = [mean + spread * rng.normal(size=(STUDIES, n)) for mean, spread in zip(means, spreads, strict=True)]
    for rows in zip(*found, strict=True):
        yield [ItemScores(row, empty, 0, 0) for row in rows]


def of_items(rng: np.random.Generator, n: int, means: Sequence[float], spreads: Sequence[float]) -> Iterator[Arms]:
    """Give studies of models on the same items."""
    scale = math.sqrt(ITEMS)
    for _ in range(STUDIES // CHUNK):
        shared = scale * rng.normal(size=(CHUNK, 1, ITEMS))
        found = [
            mean
            + shared
            + scale * OWN * rng.normal(size=(CHUNK, 1, ITEMS))
            + scale * RESIDUAL * rng.normal(size=(CHUNK, n, ITEMS))
            + spread * rng.normal(size=(CHUNK, n, 1))
            for mean, spread in zip(means, spreads, strict=True)
        ]
        for models in zip(*found, strict=True):
            yield [ItemScores.of_items(model) for model in models]


def unstable(rng: np.random.Generator, n: int, means: Sequence[float], spreads: Sequence[float]) -> Iterator[Arms]:
    """Give studies in which 15 % of the first model's runs collapse; expected scores are as said."""
    for first, *others in of_seeds(rng, n, means, spreads):
        collapsed = first.values + 1.5 - 10.0 * (rng.random(n) < 0.15)
        yield [ItemScores(collapsed, first.parts, 0, 0), *others]


def asked(
    ask: dict[str, Any],
    means: Sequence[float],
    truth: float = float("nan"),
    draw: Callable[..., Iterator[Arms]] = of_seeds,
) -> Draw:
    """Return studies of models with these expected scores, and what one ask finds in each."""

    def studies(rng: np.random.Generator, n: int, ratio: float) -> Iterator[tuple[Finding, float]]:
        for arms in draw(rng, n, means, spreads_of(len(means), ratio)):
            yield judge(ask, arms, question_of(draw)), truth

    return studies


def spreads_of(models: int, ratio: float) -> list[float]:
    """Return how far the models' seeds spread: the first's ``ratio`` times as far."""
    return [float(ratio), *[1.0] * (models - 1)]


def question_of(draw: Callable[..., Iterator[Arms]]) -> Any:
    """Return the question that fits what is known of the items."""
    return "general" if draw is of_items else "this_set"


# ---- values and sizes: the paper has one run, or one of each model, on the same items or on others


def paper_value(resolution: float, off: float | None = None, draw: Callable[..., Iterator[Arms]] = of_seeds) -> Draw:
    """Return studies of a printed value: another run's, or a number that is ``off`` the mean."""

    def studies(rng: np.random.Generator, n: int, ratio: float) -> Iterator[tuple[Finding, float]]:
        items = math.sqrt(1 + OWN**2 + RESIDUAL**2) if draw is of_items else 0.0
        for arms in draw(rng, n, [0.0], [1.0]):
            printed = off if off is not None else float(math.hypot(1.0, items) * rng.normal())
            ask = {"kind": "value", "reported": {"value": printed}, "resolution": {"value": resolution}}
            yield judge(ask, arms, question_of(draw)), printed if off is None else float("nan")

    return studies


def paper_size(tolerance: float, off: float | None = None, draw: Callable[..., Iterator[Arms]] = of_seeds) -> Draw:
    """Return the size's finding of a difference of 100."""

    def studies(rng: np.random.Generator, n: int, ratio: float) -> Iterator[tuple[Finding, float]]:
        items = math.sqrt(2 * (OWN**2 + RESIDUAL**2)) if draw is of_items else 0.0
        spreads = spreads_of(2, ratio)
        for arms in draw(rng, n, [100.0, 0.0], spreads):
            printed = 100 + (off if off is not None else math.hypot(*spreads, items) * float(rng.normal()))
            ask = {
                "kind": "difference",
                "expect": "first_higher",
                "reported": {"value": printed},
                "size": {"value": tolerance},
            }
            size = judge(ask, arms, question_of(draw)).size
            assert size is not None
            yield size, printed if off is None else float("nan")

    return studies


def values() -> list[Case]:
    """Return the cases of printed values."""
    return [
        Case("value", "one more run, same items", paper_value(TINY), NO, ratios=(1,)),
        Case("value", "one more run, other items", paper_value(TINY, draw=of_items), NO, ratios=(1,)),
        *(Case("value", f"off by 2 R, R = {r} sd", paper_value(r, 2.0 * r), YES, ratios=(1,)) for r in (1, 3, 5, 8)),
        Case("value", "off by R, R = 5 sd", paper_value(5, 5.0), YES, bounded=False, ratios=(1,)),
    ]


def difference(threshold: float = 0.0, **keys: Any) -> dict[str, Any]:
    """Return an ask of a difference."""
    limit = {"negligible": {"value": threshold}} if threshold else {}
    return {"kind": "difference", "expect": "first_higher", **limit, **keys}


def paired(rng: np.random.Generator, n: int, ratio: float) -> Iterator[tuple[Finding, float]]:
    """Give studies of equal models whose runs of equal seed share most of what a seed does."""
    first, second = spreads_of(2, ratio)
    for _ in range(STUDIES):
        common = rng.normal(size=n)
        arms = [
            ItemScores(spread * (0.9 * common + math.sqrt(1 - 0.81) * rng.normal(size=n)), np.zeros((n, 0)), 0, 0)
            for spread in (first, second)
        ]
        yield judge(difference(seeds="paired"), arms, "this_set"), 0.0


def differences() -> list[Case]:
    """Return the cases of differences."""
    return [
        Case("difference", "equal", asked(difference(), [0, 0], 0), BOTH),
        Case("difference", "equal, by item", asked(difference(), [0, 0], 0, of_items), BOTH),
        Case("difference", "at the threshold", asked(difference(2), [2, 0], 2), BOTH),
        Case("difference", "at the threshold, by item", asked(difference(2), [2, 0], 2, of_items), BOTH),
        Case("difference", "half an sd beyond", asked(difference(2), [2.5, 0], 2.5), NO),
        Case("difference", "equal, paired seeds", paired, BOTH),
        Case("difference", "equal, one unstable", asked(difference(), [0, 0], 0, unstable), BOTH, False, ratios=(1,)),
        Case("size", "one more run of each", paper_size(TINY), NO),
        Case("size", "one more of each, other items", paper_size(TINY, draw=of_items), NO),
        *(Case("size", f"off by 2 T, T = {t} sd", paper_size(t, 2.0 * t), YES) for t in (3, 6)),
    ]


def same(margin: float) -> dict[str, Any]:
    """Return an ask of sameness."""
    return {"kind": "same", "margin": {"value": margin}}


ORDER = {"kind": "order", "first_is": "highest"}


def orders() -> list[Case]:
    """Return the cases of sameness, of orders and of conjunctions."""

    def conjunction(rng: np.random.Generator, n: int, ratio: float) -> Iterator[tuple[Finding, float]]:
        for one, two, three in of_seeds(rng, n, [0, 0, -100], spreads_of(3, ratio)):
            pairs = ([one, two], [two, three])
            yield judge_all([judge(difference(), pair, "this_set") for pair in pairs]), float("nan")

    return [
        Case("same", "at the margin", asked(same(4), [4, 0], 4), BOTH),
        Case("same", "at the margin, by item", asked(same(4), [4, 0], 4, of_items), BOTH),
        Case("same", "half the margin", asked(same(4), [2, 0], 2), NO),
        Case("order", "one of three pairs is a tie", asked(ORDER, [40, 20, 20, 0]), BOTH),
        Case("order", "one pair is a tie, by item", asked(ORDER, [40, 20, 20, 0], draw=of_items), BOTH),
        Case("order", "all tie", asked(ORDER, [0, 0, 0, 0]), YES),
        Case("order", "all half an sd apart", asked(ORDER, [1.5, 1, 0.5, 0]), NO),
        Case("all", "one of two is a tie", conjunction, BOTH),
    ]


def ratio_of(value: float | None = None) -> dict[str, Any]:
    """Return an ask of a ratio."""
    return {"kind": "ratio", "expect": "above_one", **({"reported": {"value": value}} if value else {})}


def ratios() -> list[Case]:
    """Return the cases of ratios: runs take 5 % more or less."""
    jitter = 0.05

    def timed(printed: float | None, truth: float) -> Draw:
        def studies(rng: np.random.Generator, n: int, ratio: float) -> Iterator[tuple[Finding, float]]:
            spreads = [jitter * spread for spread in spreads_of(2, ratio)]
            for arms in of_seeds(rng, n, [math.log(truth), 0.0], spreads):
                finding = judge(ratio_of(printed), arms, "this_set")
                yield finding.size or finding, truth

        return studies

    return [
        Case("ratio", "one", timed(None, 1.0), BOTH),
        Case("ratio", "a twentieth above one", timed(None, 1.05), NO),
        Case("ratio's size", "as printed", timed(2.0, 2.0), NO),
        Case("ratio's size", "off by F", timed(2.0, 2.5), NO),
        Case("ratio's size", "off by F squared", timed(2.0, 2.0 * 1.25**2), YES),
    ]


def winner(rivals: Sequence[float]) -> Draw:
    """Return studies of a choice, whose expected score is 0, and rivals on the same seeds."""
    ask = {"kind": "winner", "best": "highest", "within": {"value": 1.0}}
    return asked(ask, [0.0, *rivals], max(rivals))


def picked_on_other_seeds(rng: np.random.Generator, n: int, ratio: float) -> Iterator[tuple[Finding, float]]:
    """Give studies of sixteen equals, where the best rival of n seeds is run again beside the choice."""
    ask = {"kind": "winner", "best": "highest", "within": {"value": TINY}}
    before = of_seeds(rng, n, [0.0] * 15, [1.0] * 15)
    for rivals, again in zip(before, of_seeds(rng, n, [0.0] * 16, spreads_of(16, ratio)), strict=True):
        best = int(np.argmax([rival.values.mean() for rival in rivals]))
        yield judge(ask, [again[0], again[1 + best]], "this_set"), 0.0


def singles() -> list[Case]:
    """Return the cases of signs, spreads and winners."""
    near = {"kind": "sign", "expect": "near", "margin": {"value": 2.0}}
    above = {"kind": "sign", "expect": "above", "than": 1.0}

    def spread(limit: float) -> Draw:
        return asked({"kind": "spread", "at_most": {"value": limit}}, [0.0], 1.0)

    return [
        Case("sign", "at the number", asked(above, [1.0], 1.0), BOTH, ratios=(1,)),
        Case("sign", "at the number, by item", asked(above, [1.0], 1.0, of_items), BOTH, ratios=(1,)),
        Case("sign", "near, at the margin", asked(near, [2.0], 2.0), BOTH, ratios=(1,)),
        Case("spread", "at the limit", spread(1.0), BOTH, ratios=(1,)),
        Case("spread", "a tenth below the limit", spread(1.1), NO, ratios=(1,)),
        Case("winner", "one fresh rival is better by w", winner([1.0]), BOTH),
        Case("winner", "best of 15, picked on other seeds", picked_on_other_seeds, NO),
        Case("winner", "one of 15 is better by w", winner([1.0, *[-100.0] * 14]), BOTH),
        Case("winner", "all 15 are better by w", winner([1.0] * 15), BOTH),
        Case("winner", "all 15 are as good", winner([0.0] * 15), NO),
    ]


def shares() -> list[Case]:
    """Return the cases of shares of runs."""

    def share(ask: dict[str, Any], truth: float) -> Draw:
        def studies(rng: np.random.Generator, n: int, ratio: float) -> Iterator[tuple[Finding, float]]:
            for events in (rng.random((STUDIES, n)) < truth).tolist():
                yield judge_share({"of": [{}], **ask}, events), truth

        return studies

    most, none, tenth = {"expect": "most"}, {"expect": "none"}, {"expect": "none", "at_most": 0.1}
    return [
        Case("share", "most, half of the runs", share(most, 0.5), BOTH, seeds=(3, 6, 15), ratios=(1,)),
        Case("share", "none, half of the runs", share(none, 0.5), BOTH, seeds=(3, 6, 15), ratios=(1,)),
        Case("share", "none, at its share of a tenth", share(tenth, 0.1), BOTH, seeds=(6, 40), ratios=(1,)),
    ]


def cases() -> list[Case]:
    """Return all cases."""
    return [*values(), *differences(), *orders(), *ratios(), *singles(), *shares()]


def simulate(case: Case, seeds: int, ratio: int) -> Cell:
    """Return what one line of the table says."""
    rng = np.random.default_rng([seeds, ratio, *case.kind.encode(), *case.truth.encode()])
    words, covered = [], []
    for finding, truth in case.draw(rng, seeds, ratio):
        words.append(finding.word)
        covered.append(finding.estimate.low <= truth <= finding.estimate.high)
    share = {word: words.count(word) / len(words) for word in {*words, *BOTH}}
    false = sum(share[word] for word in case.false)
    known = truth == truth
    return Cell(case.kind, case.truth, seeds, ratio, share["replicated"], share["not replicated"], false,
                float(np.mean(covered)) if known else float("nan"), case.bounded)  # fmt: skip


def cells(among: Iterable[Case]) -> Iterator[Cell]:
    """Simulate cases at each number of seeds and ratio of spreads."""
    for case in among:
        for seeds, ratio in itertools.product(case.seeds, case.ratios):
            yield simulate(case, seeds, ratio)


def within_bounds(cell: Cell) -> bool:
    """Say whether a cell is as often false and covered as is allowed."""
    return not cell.bounded or (cell.false <= MOST_FALSE and not cell.covered < LEAST_COVERED)


def main(kinds: Sequence[str]) -> None:
    """Print the table, of some kinds or all."""
    print(f"{STUDIES:,} studies a line; wanted: false at most {MOST_FALSE:.0%}, covered at least {LEAST_COVERED:.0%}")
    print(f"{'kind':12} {'what is true':34} seeds spread {'replicated':>10} {'not':>6} {'false':>6} {'covered':>8}")
    for cell in cells(case for case in cases() if not kinds or case.kind in kinds):
        covered = "" if math.isnan(cell.covered) else f"{cell.covered:.1%}"
        note = "" if within_bounds(cell) else "  <-"
        print(
            f"{cell.kind:12} {cell.truth:34} {cell.seeds:5} {cell.ratio:4}:1 {cell.replicated:10.1%} "
            f"{cell.not_replicated:6.1%} {cell.false:6.1%} {covered:>8}{'' if cell.bounded else ' (no bound)'}{note}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])

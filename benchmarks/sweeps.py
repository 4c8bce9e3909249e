"""Training against a plain loop, for all studies: a step, and a sweep of two runs on two cores."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from typing import Any, NamedTuple

import torch

from benchmarks.cases import BATCH, CASES
from benchmarks.steps import REPEATS, SECONDS, best, cores, plain_at_its_best, resident_loop
from replisome.training.precision import Precision, has_bf16

RUNS = 2  # of a sweep, side by side
NAMES: dict[Precision, str] = {"32-true": "fp32", "bf16-mixed": "bf16"}


class Row(NamedTuple):
    """A figure beside that of the plain loop, in items a second; ``how`` says what was done."""

    case: str
    unit: str
    how: str
    items: float
    plain: float

    @property
    def ratio(self) -> float:
        """How many times as fast as the plain loop."""
        return self.items / self.plain

    def __str__(self) -> str:
        return (
            f"{self.case}, {self.how}: {self.items:,.0f} {self.unit}/s; plain loop {self.plain:,.0f}; "
            f"ratio {self.ratio:.2f}"
        )


def precisions() -> list[Precision]:
    """Return what this machine's device computes in by itself."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return ["32-true", *(["bf16-mixed"] if has_bf16(device) else [])]  # type: ignore[list-item]


def on_cpu(name: str, repeats: int = REPEATS, seconds: float = SECONDS) -> Iterator[Row]:
    """Yield a case's step on one thread and on all, and two runs at once on a thread each."""
    case = CASES[name]()
    plain = plain_at_its_best(case, repeats, seconds)
    for precision in precisions():
        for threads in sorted({1, cores()}):
            items = best(lambda p=precision, t=threads: resident_loop(case, p, t, seconds=seconds), repeats)  # type: ignore[misc]
            yield Row(case.name, case.unit, f"a step in {NAMES[precision]} on {threads} thread(s)", items, plain)
        # As many items are trained on as two plain runs, one after the other on all cores, would be in the same time.
        how = f"a sweep of {RUNS} in {NAMES[precision]}, a thread each"
        together = best(lambda p=precision: side_by_side(name, p, seconds), repeats)  # type: ignore[misc]
        yield Row(case.name, case.unit, how, together, plain)


def side_by_side(name: str, precision: Precision, seconds: float = SECONDS) -> float:
    """Return items a second of runs in as many processes at once, each on one thread, all of them together."""
    context = multiprocessing.get_context("spawn")
    start, found = context.Barrier(RUNS), context.SimpleQueue()
    processes = [context.Process(target=_one, args=(name, precision, seconds, start, found)) for _ in range(RUNS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise RuntimeError(f"a run of {name} failed")
    return float(sum(found.get() for _ in processes))


def _one(name: str, precision: Precision, seconds: float, start: Barrier, found: Any) -> None:
    case = CASES[name]()
    resident_loop(case, precision, seconds=0.1)  # imports and kernels
    start.wait()
    speed = resident_loop(case, precision, seconds=seconds)
    found.put(speed)
    start.wait()  # nobody ends early and leaves the other alone


def training() -> Iterator[str]:
    """Print all cases' figures."""
    yield (
        f"training: batches of {BATCH}, each figure the best of {REPEATS} of {SECONDS} s; a plain DataLoader loop on "
        f"one thread or {cores()}, whichever is faster"
    )
    for name in CASES:
        yield from map(str, on_cpu(name))

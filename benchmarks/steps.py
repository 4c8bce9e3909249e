"""Two training loops to compare: the one that course skeletons and most tutorials have, and ours."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.cases import BATCH, Case
from replisome.training import seeds
from replisome.training.optim import TrainingSettings, make_optimiser, make_schedule
from replisome.training.precision import Arithmetic, Precision, forbid_tf32
from replisome.training.predict import to_device
from replisome.training.steps import make_step

WARM_UP = 5  # steps that are not timed
SECONDS = 1.5  # that steps are timed for
REPEATS = 3  # the best of so many is taken: other work on the machine only ever slows a run down
LONGEST = 10**6


def cores() -> int:
    """Return how many cores this process may use: torch's default number of threads."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def plain_loop(case: Case, threads: int, seconds: float = SECONDS) -> float:
    """Return items a second of a DataLoader, torch's default Adam and torch's default kernels."""
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("default")
    torch.backends.cudnn.allow_tf32 = True
    device = Arithmetic.here("32-true").device
    with tempfile.TemporaryDirectory() as folder:
        model = (case.plain() if case.plain else case.network(case.task(Path(folder)))).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.001)
    loader = DataLoader(case.items(), batch_size=BATCH, shuffle=True)

    def step(inputs: Tensor, targets: Tensor) -> None:
        optimiser.zero_grad()
        loss = case.loss(model(inputs.to(device)), targets.to(device))
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        loss.item()  # what such loops do to print a running loss

    return BATCH / _seconds_a_step(step, itertools.chain.from_iterable(itertools.repeat(loader)), seconds)


def resident_loop(
    case: Case, precision: Precision, threads: int = 1, graphs: bool = False, seconds: float = SECONDS
) -> float:
    """Return items a second of the steps of replisome.training.loop on data that lie on the device.

    Args:
        case: what is trained.
        precision: of the steps.
        threads: of torch.
        graphs: whether a GPU's steps are recorded.
        seconds: that steps are timed for.
    """
    torch.set_num_threads(threads)
    seeds.start(0)
    forbid_tf32()
    arithmetic, settings = Arithmetic.here(precision), TrainingSettings(batch_size=BATCH, graphs=graphs)
    with tempfile.TemporaryDirectory() as folder:
        task = case.task(Path(folder))
        model = to_device(case.network(task), arithmetic.device, task.memory_format).train()
    split = case.split(arithmetic.device)
    optimiser = make_optimiser(model.parameters(), settings)
    schedule = make_schedule(optimiser, settings, LONGEST)
    take = make_step(model, task, optimiser, settings, arithmetic)
    total = torch.zeros((), device=arithmetic.device)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            for items in torch.split(torch.randperm(len(split)).to(arithmetic.device), BATCH):
                yield split.batch(items)

    def step(inputs: Tensor, targets: Tensor) -> None:
        nonlocal total
        total = total + take(inputs, targets).loss
        schedule.step()

    return BATCH / _seconds_a_step(step, batches(), seconds)


def plain_at_its_best(case: Case, repeats: int = REPEATS, seconds: float = SECONDS) -> float:
    """Return items a second of the plain loop on torch's default threads, or on one where that is faster."""
    return max(best(lambda t=t: plain_loop(case, t, seconds), repeats) for t in sorted({1, cores()}))  # type: ignore[misc]


def best(measure: Callable[[], float], repeats: int = REPEATS) -> float:
    """Return the largest of some measurements."""
    return max(measure() for _ in range(repeats))


def _seconds_a_step(
    step: Callable[[Tensor, Tensor], None], batches: Iterator[tuple[Tensor, Tensor]], seconds: float
) -> float:
    """Return the mean time of steps, batches included, after the first ones."""
    for _ in range(WARM_UP):
        step(*next(batches))
    first = _time(step, batches, 2)
    steps = max(2, round(seconds / first))
    return _time(step, batches, steps)


def _time(step: Callable[[Tensor, Tensor], None], batches: Iterator[tuple[Tensor, Tensor]], steps: int) -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(steps):
        step(*next(batches))
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / steps

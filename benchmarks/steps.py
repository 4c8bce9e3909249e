"""Two training loops to compare: the one that course skeletons and most tutorials have, and ours."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from replisome.training.optim import TrainingSettings, make_optimiser, make_schedule
from replisome.training.precision import Arithmetic
from replisome.training.predict import to_device
from replisome.training.task import Split

BATCH = 64
WARM_UP = 3  # steps that are not timed
REPEATS = 3  # the best of so many is taken: other work on the machine only ever slows a run down
Loss = Callable[[Tensor, Tensor], Tensor]


def plain_loop(model: nn.Module, items: Dataset[tuple[Tensor, Tensor]], loss_of: Loss, steps: int) -> float:
    """Return items a second of a DataLoader, torch's default Adam and torch's default threads."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.001)
    began = 0.0
    for step, (inputs, targets) in enumerate(DataLoader(items, batch_size=BATCH, shuffle=True)):
        if step == WARM_UP:
            began = time.perf_counter()
        optimiser.zero_grad()
        loss = loss_of(model(inputs.to(device)), targets.to(device))
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        loss.item()  # what such loops do to print a running loss
    return steps * BATCH / (time.perf_counter() - began)


def resident_loop(
    model: nn.Module,
    split_on: Callable[[torch.device], Split],
    loss_of: Loss,
    steps: int,
    threads: int,
    memory_format: torch.memory_format = torch.contiguous_format,
) -> float:
    """Return items a second of the step in replisome.training.loop on data that lie on the device."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    arithmetic = Arithmetic.here("32-true")
    split = split_on(arithmetic.device)
    model = to_device(model, arithmetic.device, memory_format)
    optimiser = make_optimiser(model.parameters(), TrainingSettings())
    schedule = make_schedule(optimiser, TrainingSettings(), steps + WARM_UP)
    order = torch.randperm(len(split)).to(arithmetic.device)
    total = torch.zeros((), device=arithmetic.device)
    began = 0.0
    for step, items in enumerate(torch.split(order, BATCH)):
        if step == WARM_UP:
            began = time.perf_counter()
        inputs, targets = split.batch(items)
        loss = loss_of(arithmetic.outputs(model, inputs), targets)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        total += loss.detach()
    total.item()
    seconds = time.perf_counter() - began
    torch.set_num_threads(before)
    return steps * BATCH / seconds

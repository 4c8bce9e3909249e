"""One step of training: the gradient of a batch, whole or piece by piece, and what the optimiser makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, get_total_norm
from torch.optim import Optimizer

from replisome.training.graphs import WithGraphs
from replisome.training.optim import TrainingSettings
from replisome.training.precision import Arithmetic
from replisome.training.task import Task

RECORDS = "cuda"  # the kind of device whose steps can be recorded


class Step(NamedTuple):
    """What a step came to, as scalars on the device; of a recorded step they are good until the next one.

    Attributes:
        loss: the mean of the batch, before the step.
        terms: that the mean is over.
        norm: of its gradient, before clipping.
    """

    loss: Tensor
    terms: Tensor
    norm: Tensor


def make_step(
    model: nn.Module, task: Task, optimiser: Optimizer, settings: TrainingSettings, arithmetic: Arithmetic
) -> Callable[[Tensor, Tensor], Step]:
    """Return what takes one step on a batch, given its inputs (batch, ...) and targets (batch, ...).

    Args:
        model: on the device; its weights are moved.
        task: its loss, and how many terms that is over.
        optimiser: of the model's weights.
        settings: pieces, clipping, and whether steps are recorded as CUDA graphs.
        arithmetic: device and precision.
    """

    def gradient(inputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        return _gradient(model, task, inputs, targets, settings, arithmetic)

    graphs = settings.graphs and arithmetic.device.type == RECORDS
    found = WithGraphs(gradient, list(model.parameters())) if graphs else gradient

    def step(inputs: Tensor, targets: Tensor) -> Step:
        optimiser.zero_grad()
        taken = Step(*found(inputs, targets))
        optimiser.step()
        return taken

    return step


def _gradient(
    model: nn.Module,
    task: Task,
    inputs: Tensor,
    targets: Tensor,
    settings: TrainingSettings,
    arithmetic: Arithmetic,
) -> Step:
    """Leave the gradient of a batch with the weights, clipped."""
    count = task.terms(targets)
    loss = torch.zeros((), device=arithmetic.device)
    for piece, wanted in _pieces(inputs, targets, settings.micro_batch):
        # Each piece counts by its share of the terms: the gradient is that of the mean over the whole batch.
        part = task.loss(arithmetic.outputs(model, piece), wanted) * (task.terms(wanted) / count.clamp(min=1))
        part.backward()  # type: ignore[no-untyped-call]
        loss = loss + part.detach()
    if settings.clip_norm is not None:
        norm = clip_grad_norm_(model.parameters(), settings.clip_norm)
    else:
        norm = get_total_norm([weights.grad for weights in model.parameters() if weights.grad is not None])
    return Step(loss, count, norm)


def _pieces(inputs: Tensor, targets: Tensor, size: int | None) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield a batch in pieces of at most ``size`` items, or whole."""
    size = size or len(inputs)
    yield from zip(torch.split(inputs, size), torch.split(targets, size), strict=True)

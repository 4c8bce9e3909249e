"""Running a model over a whole split, for validation, curves and the final test alike.

Scores are always taken in fp32, whatever a run was trained in: what validation chose by, what the test says and what an
explanation shows are then of one and the same model, on any device.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from replisome.training.task import Split, Task

BATCH = 128  # items at a time; larger is slower on a CPU, where activations then leave the cache


class Predicted(NamedTuple):
    """What a model says of a split.

    Attributes:
        outputs: reduced outputs (n, ...), float32, in the order of the split.
        targets: (n, ...).
        loss: the mean over the split's terms.
        finite: whether the loss and all that the model gave, before it was reduced, are finite numbers.
    """

    outputs: np.ndarray
    targets: np.ndarray
    loss: float
    finite: bool


def to_device(model: nn.Module, device: torch.device, memory_format: torch.memory_format) -> nn.Module:
    """Move a model to a device, its weights laid out as the task's inputs are."""
    moved: nn.Module = model.to(device).to(memory_format=memory_format)  # type: ignore[call-overload]
    return moved


@torch.inference_mode()
def predict(model: nn.Module, task: Task, split: Split) -> Predicted:
    """Return what a model, in evaluation mode, says of a split."""
    outputs, targets, losses, finite = [], [], [], []
    for given, wanted in _batches(model, task, split):
        outputs.append(task.reduce_outputs(given.float(), wanted))
        targets.append(wanted)
        losses.append(_loss_and_terms(task, given, wanted))
        finite.append(given.isfinite().all())
    loss = _mean(losses)
    sound = math.isfinite(loss) and bool(torch.stack(finite).all())
    return Predicted(torch.cat(outputs).cpu().numpy(), torch.cat(targets).cpu().numpy(), loss, sound)


def score(task: Task, predicted: Predicted, *, sound: bool = True) -> dict[str, float]:
    """Return the loss and the task's scores of a split; NaN in place of each where something is not a finite number.

    A study's own scores never see such outputs: the largest of NaN logits is class 0, as right as class 0 is common.

    Args:
        task: what scores.
        predicted: what :func:`predict` found.
        sound: whether the weights can be trusted; if not, there are no scores, whatever was predicted.
    """
    if sound and predicted.finite:
        return {"loss": predicted.loss, **task.scores(predicted.outputs, predicted.targets)}
    names = task.scores(np.zeros_like(predicted.outputs), predicted.targets)  # of zeros, for the names alone
    return dict.fromkeys(("loss", *names), math.nan)


@torch.inference_mode()
def has_finite_weights(model: nn.Module) -> bool:
    """Say whether all weights and running statistics of a model are finite numbers; a mask may hold minus infinity."""
    found = [weight.isfinite().all() for weight in model.parameters() if weight.is_floating_point()]
    found += [(kept < torch.inf).all() for kept in model.buffers() if kept.is_floating_point()]  # NaN is not less
    return bool(torch.stack(found).all()) if found else True


@torch.inference_mode()
def mean_loss(model: nn.Module, task: Task, split: Split) -> float:
    """Return the mean loss over a split's terms, keeping no output."""
    return _mean([_loss_and_terms(task, given, wanted) for given, wanted in _batches(model, task, split)])


def _batches(model: nn.Module, task: Task, split: Split) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield outputs and targets in the order of the split."""
    model.eval()
    device = next(model.parameters()).device
    for items in torch.split(torch.arange(len(split), device=device), min(BATCH, task.max_items)):
        inputs, targets = split.batch(items)
        yield model(inputs), targets


def _loss_and_terms(task: Task, given: Tensor, wanted: Tensor) -> Tensor:
    terms = task.terms(wanted).double()
    return torch.stack([task.loss(given, wanted).double() * terms, terms])


def _mean(losses: list[Tensor]) -> float:
    total, terms = torch.stack(losses).sum(dim=0)
    return float(total / terms)

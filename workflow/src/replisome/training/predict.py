"""Running a model over a whole split, for validation, curves and the final test alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from replisome.training.task import Split, Task

BATCH = 128  # items at a time; larger is slower on a CPU, where activations then leave the cache


def to_device(model: nn.Module, device: torch.device, memory_format: torch.memory_format) -> nn.Module:
    """Move a model to a device, its weights laid out as the task's inputs are."""
    moved: nn.Module = model.to(device).to(memory_format=memory_format)  # type: ignore[call-overload]
    return moved


@torch.inference_mode()
def predict(model: nn.Module, task: Task, split: Split) -> tuple[np.ndarray, np.ndarray, float]:
    """Return reduced outputs (n, ...), targets (n, ...) of a split in its order, and the mean loss over its terms."""
    outputs, targets, losses = [], [], []
    for given, wanted in _batches(model, task, split):
        outputs.append(task.reduce_outputs(given.float(), wanted))
        targets.append(wanted)
        losses.append(_loss_and_terms(task, given, wanted))
    return torch.cat(outputs).cpu().numpy(), torch.cat(targets).cpu().numpy(), _mean(losses)


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

"""Running a model over a whole split, for validation, curves and the final test alike."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from replisome.training.task import Split, Task

BATCH = 128  # items at a time; larger is slower on a CPU, where activations then leave the cache


def to_device(model: nn.Module, device: torch.device, memory_format: torch.memory_format) -> nn.Module:
    """Move a model to a device, its weights laid out as the task's inputs are."""
    moved: nn.Module = model.to(device).to(memory_format=memory_format)  # type: ignore[call-overload]
    return moved


@torch.inference_mode()
def predict(model: nn.Module, task: Task, split: Split) -> tuple[np.ndarray, np.ndarray, float]:
    """Return digested outputs (n, ...), targets (n, ...) of a split in its order, and the mean loss over its terms."""
    model.eval()
    outputs, targets, losses, terms = [], [], [], []
    device = next(model.parameters()).device
    for items in torch.split(torch.arange(len(split), device=device), BATCH):
        inputs, wanted = split.batch(items)
        given = model(inputs)
        outputs.append(task.digest(given.float(), wanted))
        targets.append(wanted)
        terms.append(task.terms(wanted).double())
        losses.append(task.loss(given, wanted).double() * terms[-1])
    loss = (torch.stack(losses).sum() / torch.stack(terms).sum()).item()
    return torch.cat(outputs).cpu().numpy(), torch.cat(targets).cpu().numpy(), loss

"""Solving for the weights of a model that needs no gradient; what comes out is what the training loop leaves."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from replisome.training.predict import mean_loss
from replisome.training.rounds import Goal, Progress, close_round, score_round
from replisome.training.task import ClosedForm, Overlapping, Split, Task

BATCH = 1024


class _Batches:
    """A split in its order, again each time it is asked for."""

    def __init__(self, split: Split, size: int, device: torch.device) -> None:
        self.split, self.size, self.device = split, size, device

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for items in torch.split(torch.arange(len(self.split), device=self.device), self.size):
            yield self.split.batch(items)


def estimate(model: nn.Module, task: Task, splits: dict[str, Split], goal: Goal, device: torch.device) -> Progress:
    """Let a model estimate its weights.

    Args:
        model: one that is solved for.
        task: what loads and scores.
        splits: by name; ``train`` is estimated from.
        goal: the validation score that is reported, and its direction.
        device: where the splits lie.

    Returns:
        A history of one round without a step. It has diverged where there is no solution, or none of finite numbers.
    """
    assert isinstance(model, ClosedForm)
    began = time.monotonic()
    train = splits["train"]
    if isinstance(train, Overlapping):
        train = train.disjoint()
    with torch.no_grad():
        try:
            model.estimate(_Batches(train, min(BATCH, task.max_items), device))
        except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
            print(f"no solution: {error}", flush=True)
            for weight in filter(Tensor.is_floating_point, model.parameters()):
                weight.fill_(math.nan)
    progress = Progress(seconds=time.monotonic() - began)
    trained = progress.seconds
    scored = score_round(model, task, splits, mean_loss(model, task, train))
    close_round(progress, model, scored, goal, learning_rate=0.0)
    if progress.diverged:
        progress.stopped = "diverged: the solution is not finite"
    found = progress.stopped or f"validation {goal.metric} {progress.best_score:.4f}"
    print(f"estimated in {trained:.1f} s: {found}", flush=True)
    return progress

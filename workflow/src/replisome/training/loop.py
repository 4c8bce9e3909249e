"""The training loop: steps over a split that lies on the device, best weights by validation, resumable anywhere.

A round ends with the splits scored. It is an epoch, or a number of steps where the budget counts those; histories call
either an epoch. A round after which the training loss, the weights, or what the model says of validation are not finite
numbers has no scores, is never the best, and is the last: the run has diverged, and says so.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from replisome.config.budget import Budget
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.optim import TrainingSettings, make_optimiser, make_schedule
from replisome.training.precision import Arithmetic
from replisome.training.rounds import Goal, Progress, close_round, report_round, score_round, why_stopped
from replisome.training.steps import Step, make_step
from replisome.training.task import Augmenting, Split, Task
from replisome.training.termination import TerminatedError, Termination

HEARTBEAT = 60.0  # seconds between progress lines within a round


def fit(
    model: nn.Module,
    task: Task,
    splits: dict[str, Split],
    settings: TrainingSettings,
    budget: Budget,
    seed: int,
    goal: Goal,
    arithmetic: Arithmetic,
    checkpoint: Checkpoint,
    until: int | None = None,
) -> Progress:
    """Train a model, round by round.

    Args:
        model: with fresh weights, on the device; it ends with those of the last round.
        task: loss, scores and how items are read.
        splits: by name; ``train`` is trained on, every other is scored after each round, only ``validation`` has a say.
        settings: the run's training settings.
        budget: how long to train, and what a round is.
        seed: of the order of the items.
        goal: the validation score that the best weights are chosen by, and its direction.
        arithmetic: device and precision of the steps; scores are computed in fp32.
        checkpoint: where to resume from and save to.
        until: stop after so many rounds in all, with the state in the checkpoint; None: at the end of the budget.

    Returns:
        The history, one row a round, and the best weights; there are none of a run that diverges in its first round.

    Raises:
        TerminatedError: the process was told to stop; the state is in the checkpoint.
    """
    optimiser = make_optimiser(model.parameters(), settings)
    all_ends = budget.ends(math.ceil(len(splits["train"]) / settings.batch_size))
    ends = all_ends[:until]
    schedule = make_schedule(optimiser, settings, all_ends[-1])
    progress = _resume(checkpoint, model, optimiser, schedule, budget.round_name)
    stream = _batches(splits["train"], settings, seed, progress.step, arithmetic.device)
    take_step = make_step(model, task, optimiser, settings, arithmetic)

    def save() -> None:
        checkpoint.save(_state(progress, model, optimiser, schedule))
        if termination.requested:
            raise TerminatedError(
                f"told to stop (SIGTERM) in {budget.round_name} {progress.epoch + 1}, at step {progress.step}; "
                f"{checkpoint.path} is written, and the same command goes on from there."
            )

    with Termination() as termination:
        while progress.epoch < len(ends) and not progress.stopped:
            sums = _Sums.of(progress, arithmetic.device)
            first_loss, first_step = torch.tensor(progress.first_loss), [0, *ends][progress.epoch]
            items_seen = 0
            began = beat = time.monotonic()
            carried = progress.seconds
            model.train()
            while progress.step < ends[progress.epoch]:
                inputs, targets = next(stream)
                taken = take_step(inputs, targets)
                schedule.step()
                sums = sums.plus(taken, settings.clip_norm)
                first_loss = taken.loss.clone() if progress.step == first_step else first_loss
                progress.step += 1
                items_seen += len(inputs)
                if termination.requested or (checkpoint.due_within_epoch() and progress.step < ends[progress.epoch]):
                    sums.store(progress)
                    progress.first_loss = first_loss.item()
                    progress.seconds = carried + time.monotonic() - began
                    save()
                if time.monotonic() - beat > HEARTBEAT:
                    beat = time.monotonic()
                    print(
                        f"  {budget.round_name} {progress.epoch + 1}: step {progress.step}/{ends[progress.epoch]}",
                        flush=True,
                    )
            sums.store(progress)
            train_loss = (sums.loss_sum / sums.terms).item()  # not a number of a round without terms
            progress.first_loss = first_loss.item()
            progress.seconds = carried + time.monotonic() - began
            scored = termination.cut_short(partial(score_round, model, task, splits, train_loss))
            if scored is None or termination.requested:
                save()  # and stop
                continue
            close_round(progress, model, scored, goal, float(schedule.get_last_lr()[0]))
            report_round(progress, budget.round_name, len(ends), goal, items_seen)
            progress.stopped = why_stopped(progress, settings.patience, goal, budget.round_name)
            ended = progress.stopped or progress.epoch == len(ends)
            # What has ended is kept only where somebody may go on from there.
            if until is not None if ended else (termination.requested or checkpoint.due_after_epoch()):
                save()
    return progress


class _Sums(NamedTuple):
    """What the current round has summed up, on the device, where adding to it waits for nothing; as in Progress."""

    loss_sum: Tensor
    terms: Tensor
    norm_sum: Tensor
    norm_max: Tensor
    clipped: Tensor

    @classmethod
    def of(cls, progress: Progress, device: torch.device) -> _Sums:
        """Return where a round stands that begins, or goes on."""
        values = [getattr(progress, name) for name in cls._fields]
        return cls(*torch.tensor(values, dtype=torch.float64, device=device).unbind())

    def plus(self, step: Step, clip_norm: float | None) -> _Sums:
        """Return the sums with one more step."""
        loss, count, norm = step
        return _Sums(
            self.loss_sum + loss * count,
            self.terms + count,
            self.norm_sum + norm,
            torch.maximum(self.norm_max, norm),
            self.clipped if clip_norm is None else self.clipped + (norm > clip_norm),
        )

    def store(self, progress: Progress) -> None:
        """Write the sums to the progress: the one wait for the device."""
        for name, value in zip(self._fields, torch.stack(self).tolist(), strict=True):
            setattr(progress, name, value)


def _batches(
    split: Split, settings: TrainingSettings, seed: int, step: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the training batches from ``step`` on, pass after pass over the data, each in an order of its own."""
    batches = math.ceil(len(split) / settings.batch_size)
    for passed in itertools.count(step // batches):
        order = seeds.epoch_order(seed, passed, len(split)).to(device)
        for items in torch.split(order, settings.batch_size)[step % batches :]:
            if settings.augment != "none":
                assert isinstance(split, Augmenting)  # the configuration is checked before anything runs
                yield split.augmented(items, settings.augment)
            else:
                yield split.batch(items)
        step = 0


def _state(progress: Progress, model: nn.Module, optimiser: Any, schedule: Any) -> dict[str, Any]:
    return {
        "progress": vars(progress).copy(),
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "generators": seeds.capture(),
    }


def _resume(checkpoint: Checkpoint, model: nn.Module, optimiser: Any, schedule: Any, unit: str) -> Progress:
    state = checkpoint.load()
    if state is None:
        return Progress()
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    seeds.restore(state["generators"])
    progress = Progress(**state["progress"])
    print(f"resuming after {unit} {progress.epoch}, step {progress.step}", flush=True)
    return progress

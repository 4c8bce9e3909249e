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
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from replisome.config.budget import Budget
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.optim import TrainingSettings, make_optimiser, make_schedule
from replisome.training.predict import has_finite_weights, predict, score
from replisome.training.task import Augmenting, Split, Task
from replisome.training.termination import TerminatedError, Termination

HEARTBEAT = 60.0  # seconds between progress lines within a round


class Goal(NamedTuple):
    """What the best weights are chosen by: a validation score and the direction that is better."""

    metric: str
    mode: str

    def better(self, new: float, old: float | None) -> bool:
        """Say whether ``new`` beats ``old``; a tie does not, nor does what is not finite, which any number beats."""
        if not math.isfinite(new):
            return False
        return old is None or not math.isfinite(old) or (new > old if self.mode == "max" else new < old)


@dataclass
class Progress:
    """Where a run stands; with the states of model, optimiser, schedule and generators, all a checkpoint holds."""

    epoch: int = 0  # complete rounds
    step: int = 0
    loss_sum: float = 0.0
    terms: float = 0.0
    first_loss: float = math.nan  # of the current round's first batch, before its step
    seconds: float = 0.0  # training time of the current round so far
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int | None = None  # None until a round was finite
    best_score: float | None = None
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    stopped: str | None = None  # why the run ended before its budget
    diverged: bool = False  # whether its last round is not finite


def fit(
    model: nn.Module,
    task: Task,
    splits: dict[str, Split],
    settings: TrainingSettings,
    budget: Budget,
    seed: int,
    goal: Goal,
    fabric: Fabric,
    checkpoint: Checkpoint,
) -> Progress:
    """Train a model, round by round.

    Args:
        model: with fresh weights; it ends with those of the last round.
        task: loss, scores and how items are read.
        splits: by name; ``train`` is trained on, every other is scored after each round, only ``validation`` has a say.
        settings: the run's training settings.
        budget: how long to train, and what a round is.
        seed: of the order of the items.
        goal: the validation score that the best weights are chosen by, and its direction.
        fabric: device and precision.
        checkpoint: where to resume from and save to.

    Returns:
        The history, one row a round, and the best weights; there are none of a run that diverges in its first round.

    Raises:
        TerminatedError: the process was told to stop; the state is in the checkpoint.
    """
    batches = math.ceil(len(splits["train"]) / settings.batch_size)
    # Steps go through Fabric's wrapper, which may compute in bf16; scores are taken of the model itself, in fp32.
    network, optimiser = fabric.setup(model, make_optimiser(model.parameters(), settings))
    ends = budget.ends(batches)
    schedule = make_schedule(optimiser, settings, ends[-1])
    progress = _resume(checkpoint, model, optimiser, schedule, budget.round_name)
    stream = _batches(splits["train"], settings, seed, progress.step, fabric.device)

    def save() -> None:
        checkpoint.save(_state(progress, model, optimiser, schedule))
        if termination.requested:
            raise TerminatedError(
                f"told to stop (SIGTERM) in {budget.round_name} {progress.epoch + 1}, at step {progress.step}; "
                f"{checkpoint.path} is written, and the same command goes on from there."
            )

    with Termination() as termination:
        while progress.epoch < len(ends) and not progress.stopped:
            loss_sum, terms = torch.tensor(
                [progress.loss_sum, progress.terms], dtype=torch.float64, device=fabric.device
            ).unbind()
            first_loss = torch.tensor(progress.first_loss)
            first_step = ends[progress.epoch - 1] if progress.epoch else 0
            items_seen = 0
            began = beat = time.monotonic()
            carried = progress.seconds
            network.train()
            while progress.step < ends[progress.epoch]:
                inputs, targets = next(stream)
                loss, count = _step(network, task, optimiser, inputs, targets, settings, fabric)
                schedule.step()
                loss_sum, terms = loss_sum + loss * count, terms + count
                first_loss = loss if progress.step == first_step else first_loss
                progress.step += 1
                items_seen += len(inputs)
                if termination.requested or (checkpoint.due_within_epoch() and progress.step < ends[progress.epoch]):
                    progress.loss_sum, progress.terms, progress.first_loss = (
                        value.item() for value in (loss_sum, terms, first_loss)
                    )
                    progress.seconds = carried + time.monotonic() - began
                    save()
                if time.monotonic() - beat > HEARTBEAT:
                    beat = time.monotonic()
                    print(
                        f"  {budget.round_name} {progress.epoch + 1}: step {progress.step}/{ends[progress.epoch]}",
                        flush=True,
                    )
            # The one wait for the device in a round.
            progress.loss_sum, progress.terms, train_loss = torch.stack([loss_sum, terms, loss_sum / terms]).tolist()
            progress.first_loss = first_loss.item()
            progress.seconds = carried + time.monotonic() - began
            with termination.cut_short():
                scored = score_round(model, task, splits, train_loss)
            if termination.requested:
                save()
            close_round(progress, model, scored, goal, float(schedule.get_last_lr()[0]))
            _report(progress, budget.round_name, len(ends), goal, items_seen)
            if progress.diverged:
                progress.stopped = f"diverged in {budget.round_name} {progress.epoch}"
            elif settings.patience is not None and progress.epoch - (progress.best_epoch or 0) >= settings.patience:
                progress.stopped = f"no better {goal.metric} for {settings.patience} {budget.round_name}s"
            ended = progress.stopped or progress.epoch == len(ends)
            if not ended and (termination.requested or checkpoint.due_after_epoch()):
                save()
    return progress


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


def _step(
    network: nn.Module,
    task: Task,
    optimiser: Any,
    inputs: Tensor,
    targets: Tensor,
    settings: TrainingSettings,
    fabric: Fabric,
) -> tuple[Tensor, Tensor]:
    """Take one step on a batch, whole or piece by piece; return the batch's mean loss and its terms."""
    count = task.terms(targets)
    loss = torch.zeros((), device=fabric.device)
    optimiser.zero_grad()
    for piece, wanted in _pieces(inputs, targets, settings.micro_batch):
        # Each piece counts by its share of the terms: the gradient is that of the mean over the whole batch.
        part = task.loss(network(piece), wanted) * (task.terms(wanted) / count.clamp(min=1))
        fabric.backward(part)
        loss = loss + part.detach()
    if settings.clip_norm is not None:
        fabric.clip_gradients(network, optimiser, max_norm=settings.clip_norm, error_if_nonfinite=False)
    optimiser.step()
    return loss, count


def _pieces(inputs: Tensor, targets: Tensor, size: int | None) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield a batch in pieces of at most ``size`` items, or whole."""
    size = size or len(inputs)
    yield from zip(torch.split(inputs, size), torch.split(targets, size), strict=True)


class RoundScores(NamedTuple):
    """What a round came to.

    Attributes:
        sound: whether its loss, its weights and what they give on validation are finite numbers.
        train_loss: mean over the round's terms.
        scores: of all splits but ``train``, by ``split_metric``.
        seconds: that scoring took.
    """

    sound: bool
    train_loss: float
    scores: dict[str, float]
    seconds: float


def score_round(model: nn.Module, task: Task, splits: dict[str, Split], train_loss: float) -> RoundScores:
    """Score the splits; nothing but the model's mode changes.

    Whether the round is finite is seen here, once for all studies and models. Curves have no say in it: where only
    their outputs are not finite, only they have no scores.

    Args:
        model: as it is after the round.
        task: what scores it.
        splits: all but ``train`` are scored.
        train_loss: mean over the round's terms.
    """
    began, found = time.monotonic(), {}
    sound = math.isfinite(train_loss) and has_finite_weights(model)
    for name in ["validation", *(name for name in splits if name not in ("train", "validation"))]:
        predicted = predict(model, task, splits[name])
        if name == "validation":
            sound = sound and predicted.finite
        found |= {f"{name}_{metric}": float(value) for metric, value in score(task, predicted, sound=sound).items()}
    return RoundScores(sound, train_loss, found, time.monotonic() - began)


def close_round(progress: Progress, model: nn.Module, scored: RoundScores, goal: Goal, learning_rate: float) -> None:
    """Add a row to the history and keep the weights if they are the best so far.

    Args:
        progress: is brought up to date.
        model: as it is after the round.
        scored: what :func:`score_round` found.
        goal: the validation score that decides, and its direction.
        learning_rate: at the round's end.
    """
    progress.epoch += 1
    row = {"epoch": float(progress.epoch), "step": float(progress.step), "train_loss": scored.train_loss}
    row["train_loss_at_start"] = progress.first_loss
    row |= {**scored.scores, "seconds_training": progress.seconds, "seconds_evaluation": scored.seconds}
    row["learning_rate"] = learning_rate
    progress.loss_sum, progress.terms, progress.first_loss, progress.seconds = 0.0, 0.0, math.nan, 0.0
    progress.history.append(row)
    if not scored.sound:
        row["train_loss"] = math.nan  # infinite, or of weights that are lost
        progress.diverged = True
        return
    reached = row[f"validation_{goal.metric}"]
    if goal.better(reached, progress.best_score) or progress.best_epoch is None:
        progress.best_epoch, progress.best_score = progress.epoch, reached
        progress.best_weights = {k: v.detach().to("cpu", copy=True) for k, v in model.state_dict().items()}


def _report(progress: Progress, unit: str, rounds: int, goal: Goal, items: int) -> None:
    row = progress.history[-1]
    if progress.diverged:
        print(
            f"{unit} {progress.epoch}/{rounds}: the run has diverged: its loss, weights or outputs are not finite. "
            "It ends here and is marked; lower lr or set clip_norm.",
            flush=True,
        )
        return
    took = sum(r["seconds_training"] + r["seconds_evaluation"] for r in progress.history)
    left = took / progress.epoch * (rounds - progress.epoch)
    print(
        f"{unit} {progress.epoch}/{rounds}  step {progress.step:,}  loss {row['train_loss']:.4f}  "
        f"validation {goal.metric} {row[f'validation_{goal.metric}']:.4f} (best {progress.best_score:.4f} "
        f"at {progress.best_epoch})  {items / max(row['seconds_training'], 1e-9):,.0f} items/s  "
        f"{left / 60:.1f} min left",
        flush=True,
    )


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

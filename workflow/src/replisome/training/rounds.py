"""A round of training: how the splits are scored at its end, which weights are kept, and why a run stops."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor, nn

from replisome.io import finite_or_none
from replisome.training.predict import has_finite_weights, predict, score
from replisome.training.task import Split, Task


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
    norm_sum: float = 0.0  # of the gradient, before clipping; over the current round's steps, as are the next two
    norm_max: float = 0.0
    clipped: float = 0.0  # steps whose gradient was clipped
    seconds: float = 0.0  # training time of the current round so far
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int | None = None  # None until a round was finite
    best_score: float | None = None
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    stopped: str | None = None  # why the run ended before its budget
    diverged: bool = False  # whether its last round is not finite


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
    began = time.monotonic()
    found: dict[str, float] = {}
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
    steps = progress.step - (progress.history[-1]["step"] if progress.history else 0)
    progress.epoch += 1
    row = {"epoch": float(progress.epoch), "step": float(progress.step), "train_loss": scored.train_loss}
    row["train_loss_at_start"] = progress.first_loss
    if steps:  # a model that is solved takes none
        row |= {"train_gradient_norm": progress.norm_sum / steps, "train_gradient_norm_max": progress.norm_max}
        row["train_gradient_clipped"] = progress.clipped / steps
    row |= {**scored.scores, "seconds_training": progress.seconds, "seconds_evaluation": scored.seconds}
    row["learning_rate"] = learning_rate
    progress.loss_sum, progress.terms, progress.first_loss, progress.seconds = 0.0, 0.0, math.nan, 0.0
    progress.norm_sum, progress.norm_max, progress.clipped = 0.0, 0.0, 0.0
    progress.history.append(row)
    if not scored.sound:
        row["train_loss"] = math.nan  # infinite, or of weights that are lost
        progress.diverged = True
        return
    reached = row[f"validation_{goal.metric}"]
    if goal.better(reached, progress.best_score) or progress.best_epoch is None:
        progress.best_epoch, progress.best_score = progress.epoch, reached
        progress.best_weights = {k: v.detach().to("cpu", copy=True) for k, v in model.state_dict().items()}


def why_stopped(progress: Progress, patience: int | None, goal: Goal, unit: str) -> str | None:
    """Return why a run ends before its budget, or None where it goes on.

    Args:
        progress: where the run stands after a round.
        patience: after how many rounds without a better score it ends; None: never.
        goal: that score.
        unit: what a round is called.
    """
    if progress.diverged:
        return f"diverged in {unit} {progress.epoch}"
    if patience is not None and progress.epoch - (progress.best_epoch or 0) >= patience:
        return f"no better {goal.metric} for {patience} {unit}s"
    return None


def validation_scores(select: Mapping[str, str], progress: Progress) -> dict[str, Any]:
    """Return the scores of the best and the last round; None where a score is not a finite number.

    The loss is None only of a round that diverged. A run whose first round did has no best one: its number is None.

    Args:
        select: what the best weights are chosen by, which is written too.
        progress: where the run ended.
    """

    def scores(epoch: int) -> dict[str, float | None]:
        row = progress.history[epoch - 1]
        return finite_or_none({k.removeprefix("validation_"): v for k, v in row.items() if k.startswith("validation_")})

    best = progress.best_epoch
    return {
        **select,
        "best_epoch": best,
        "best_step": int(progress.history[best - 1]["step"]) if best else None,
        "best": scores(best or progress.epoch),
        "last_epoch": progress.epoch,
        "last": scores(progress.epoch),
        "stopped": progress.stopped,
    }


def report_round(progress: Progress, unit: str, rounds: int, goal: Goal, items: int) -> None:
    """Print a line about the round that was closed last.

    Args:
        progress: where the run stands.
        unit: what a round is called.
        rounds: of the whole budget.
        goal: the score that decides.
        items: that were trained on in the round.
    """
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

"""A run that is about to train: its data and model on the device, and what ties a checkpoint to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from replisome import models
from replisome.config.budget import Budget
from replisome.config.catalogue import part
from replisome.config.catalogue import study as find_study
from replisome.config.schema import validate
from replisome.data.prepared import check_recipe
from replisome.data.splits import TRAIN_SAMPLE
from replisome.io import canonical_json
from replisome.tracking.record import Record
from replisome.tracking.stage_key import code_fingerprint
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.closed_form import estimate
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings
from replisome.training.precision import (
    EVALUATION,
    Arithmetic,
    choose_precision,
    forbid_tf32,
    job_device,
    require_able,
    tf32_allowed,
)
from replisome.training.predict import to_device
from replisome.training.resident import load_split
from replisome.training.rounds import Goal, Progress
from replisome.training.task import ClosedForm, Sample, Split, Task


class Session(NamedTuple):
    """A run that is about to train.

    Attributes:
        config: the run's config.json.
        task: of the recipe.
        splits: by name, on the device.
        model: with fresh weights, on the device.
        settings: of its training.
        arithmetic: device and precision.
        identity: what a checkpoint of it must have been made with.
    """

    config: dict[str, Any]
    task: Task
    splits: dict[str, Split]
    model: nn.Module
    settings: TrainingSettings
    arithmetic: Arithmetic
    identity: dict[str, str]

    def train(self, checkpoint: Checkpoint, until: int | None = None) -> Progress:
        """Train to the end of the budget, or ``until`` so many rounds; what is solved has no rounds to stop after."""
        goal, budget = Goal(**self.config["select"]), Budget.of(self.config["budget"])
        model, task, splits = self.model, self.task, self.splits
        if isinstance(model, ClosedForm):
            return estimate(model, task, splits, goal, self.arithmetic.device)
        seed = self.config["seed"]
        return fit(model, task, splits, self.settings, budget, seed, goal, self.arithmetic, checkpoint, until)

    @property
    def about(self) -> dict[str, Any]:
        """What a record says of how the run was trained."""
        device = self.arithmetic.device
        return {
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
            "device_memory_bytes": torch.cuda.max_memory_allocated() if device.type == "cuda" else None,
            "threads": torch.get_num_threads(),
            "precision": self.arithmetic.precision,
            "evaluation_precision": EVALUATION,
            "tf32": tf32_allowed(),
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "parameters": count_parameters(self.model),
            "items": len(self.splits["train"]),
        }


def open_session(
    config: dict[str, Any], settings: Path, data: Path, record: Record, threads: int, answer: Path | None = None
) -> Session:
    """Load what a run trains on and build its model.

    Args:
        config: the run's config.json.
        settings: where it was read from, for messages.
        data: folder of the prepared recipe.
        record: is told what is read; its folder is that of ``settings``.
        threads: of torch.
        answer: what decides a precision that is ``auto``; see :func:`.precision.choose_precision`.

    Raises:
        ReplisomeError: bad settings or data, a GPU that does not work, or bf16 is asked of a device that lacks it.
    """
    check_recipe(config, data)
    torch.set_num_threads(threads)
    seeds.start(config["seed"])
    validate(config["training"], "training", f"{settings}: training")
    training = TrainingSettings(**config["training"])
    device = job_device()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call] # by an earlier run, whose peak is not this one's
        torch.cuda.reset_peak_memory_stats()
    forbid_tf32()
    study = find_study(config["implementation"])
    task = part(study.name, "task").open_task(data)
    names = list(dict.fromkeys(["train", "validation", *config["curves"]]))
    splits = load_splits(task, data, names, config["curves"], device)
    model = models.build(config["model"], task.data, config["hyperparameters"])
    arithmetic = Arithmetic(device, choose_precision(training.precision, answer, model))
    require_able(arithmetic, answer)
    # Split by split: a moved results folder keeps its hashes, not its paths or times.
    inputs = [data / f"{name}.parquet" for name in [*names, *study.shared]] + [data / "stats.json"]
    inputs += [answer] if answer is not None else []
    identity = {"settings": canonical_json(config), "code": code_fingerprint("train", config)}
    # Half a run in other arithmetic is another run: it starts over, and the log says so.
    identity |= {"precision": arithmetic.precision, "device": device.type, "torch": torch.__version__}
    hashes = record.reads(settings.parent, inputs)
    identity |= {f"data {Path(name).name}": found for name, found in hashes.items()}
    print(f"{config['model']} on {device}, {arithmetic.precision}, {len(splits['train'])} items", flush=True)
    model = to_device(model, device, task.memory_format)
    return Session(config, task, splits, model, training, arithmetic, identity)


def load_splits(
    task: Task, data: Path, names: Sequence[str], curves: Sequence[str], device: torch.device
) -> dict[str, Split]:
    """Return splits by name, and where training has a curve a sample of it, no larger than validation.

    Args:
        task: of the recipe.
        data: folder of the prepared recipe.
        names: of the splits.
        curves: the splits that are scored after each round.
        device: where tensors go.
    """
    splits: dict[str, Split] = {name: load_split(task, data, name, device) for name in names}
    if "train" in curves:
        splits[TRAIN_SAMPLE] = Sample(splits["train"], len(splits["validation"]), device)
    return splits


def count_parameters(model: nn.Module) -> dict[str, Any]:
    """Return the number of parameters in all and by layer."""
    layers = {}
    for name, module in model.named_modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if own:
            layers[name] = own
    return {"total": sum(layers.values()), "layers": layers}

"""How fast this machine is at a run: as records of finished runs tell it, or as a few steps on random data do."""

from __future__ import annotations

import contextlib
import io
import math
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from replisome import models
from replisome.config.budget import Budget
from replisome.config.catalogue import model_defaults, model_traits, part
from replisome.data.parquet import read_parquet
from replisome.errors import ReplisomeError, out_of_memory
from replisome.io import canonical_json, read_json, write_json
from replisome.tracking.record import peak_memory, processor
from replisome.tracking.stage_key import RECORD
from replisome.training.checkpoint import Checkpoint
from replisome.training.closed_form import estimate
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings
from replisome.training.precision import Arithmetic, choose_precision, forbid_tf32
from replisome.training.predict import to_device
from replisome.training.rounds import Goal
from replisome.training.signature import RandomSplit, Sketch, signature_module
from replisome.training.task import ClosedForm, Split, Task

Key = tuple[str, str, str, str, str]  # implementation, model, hyperparameters, batch, data
LONGEST = 0.3  # seconds of steps that a speed is taken from, after the first
FEW, LONG_STEP = 2, 1.0  # items that are tried first; seconds that a step may take to be tried whole
SCORED = 4  # random items that are scored after a round
MOST_RECORDS = 2000


class Speed(NamedTuple):
    """Of runs of one kind on this machine.

    Attributes:
        train: seconds an item that is trained on (of a model that is solved: that it is estimated from).
        score: seconds an item that is scored after a round.
        memory: the most that a process took, in bytes, on the GPU where there is one.
        source: ``recorded`` of finished runs, ``probed``, or ``guessed`` from other runs of the model.
        fixed: seconds a run that do not depend on how many items there are; of models that are solved.
    """

    train: float
    score: float
    memory: int
    source: str
    fixed: float = 0.0


def key_of(config: Mapping[str, Any], spec: models.DataSpec) -> Key:
    """Return what decides the speed of a run: the model, its settings, the size of a batch and the data's shape."""
    training = {**vars(TrainingSettings()), **config["training"]}
    hyperparameters = {**model_defaults(config["model"]), **config["hyperparameters"]}
    batch = [training[name] for name in ("batch_size", "micro_batch", "optimiser", "augment")]
    data = [list(spec.shape), spec.outputs, spec.tokens, choose_precision(training["precision"])]
    return (config["implementation"], config["model"], *(canonical_json(v) for v in (hyperparameters, batch, data)))


def task_of(implementation: str, statistics: Mapping[str, Any], folder: Path) -> Task:
    """Open a task of which there are only statistics; they are written to ``folder``."""
    write_json(folder / "stats.json", statistics)
    task: Task = part(implementation, "task").open_task(folder)
    return task


def device_name() -> str:
    """Return the device as records of runs name it."""
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"


def recorded(folders: Iterable[Path]) -> dict[Key, Speed]:
    """Return the speeds of finished runs on this machine's device, by what decides them.

    Args:
        folders: of results; what cannot be read there is passed over.
    """
    found: dict[Key, list[Speed]] = {}
    specs: dict[Path, models.DataSpec] = {}
    device, chip, read = device_name(), processor(), 0
    for record_file in (path for folder in folders for path in folder.glob(f"*/*/runs/*/*/seed=*/{RECORD}")):
        if (read := read + 1) > MOST_RECORDS:
            break
        try:
            record, config = read_json(record_file), read_json(record_file.with_name("config.json"))
            if record["device"] != device or (device == "cpu" and record["processor"] != chip):
                continue
            recipe = record_file.parents[4]
            if recipe not in specs:
                specs[recipe] = part(config["implementation"], "task").open_task(recipe).data
            speed = _of_record(record_file.parent, record, config, recipe)
        except (ReplisomeError, OSError, KeyError, ValueError, TypeError, ZeroDivisionError):
            continue
        found.setdefault(key_of(config, specs[recipe]), []).append(speed)
    return {key: _mean(speeds) for key, speeds in found.items()}


def _of_record(run: Path, record: Mapping[str, Any], config: Mapping[str, Any], recipe: Path) -> Speed:
    history = read_parquet(run / "history.parquet")[0].to_pydict()
    validated = counts_of(recipe)["validation"]
    steps = max(history["step"])
    items = steps * config["training"].get("batch_size", TrainingSettings().batch_size) or record["items"]
    scored = len(history["step"]) * validated * (1 + len(config["curves"]))
    return Speed(
        sum(history["seconds_training"]) / items,
        sum(history["seconds_evaluation"]) / scored,
        record.get("device_memory_bytes") or record["peak_memory_bytes"],
        "recorded",
    )


def counts_of(recipe: Path) -> dict[str, int]:
    """Return by split how many items a prepared recipe has."""
    counts = read_json(recipe / "card.json")["counts"]
    return {split: sum(number) if isinstance(number, list) else int(number) for split, number in counts.items()}


def _mean(speeds: list[Speed]) -> Speed:
    number = len(speeds)
    train, score = (sum(values) / number for values in zip(*((s.train, s.score) for s in speeds), strict=True))
    return Speed(train, score, max(s.memory for s in speeds), "recorded")


def probe(config: Mapping[str, Any], sketch: Sketch) -> Speed | None:
    """Train a few steps of a run on random items of its data's shape, in this process.

    Args:
        config: of the run.
        sketch: of its recipe.

    Returns:
        Its speed; None where the study says nothing of its data, or the model cannot be built or trained on them.
    """
    module = signature_module(config["implementation"])
    if module is None:
        return None
    forbid_tf32()
    training = TrainingSettings(**config["training"])
    arithmetic = Arithmetic.here(choose_precision(training.precision))
    generator = torch.Generator().manual_seed(0)
    said = contextlib.redirect_stdout(io.StringIO())  # the loop's lines about rounds
    with tempfile.TemporaryDirectory(prefix="replisome-doctor-") as folder, said:
        try:
            task = task_of(config["implementation"], sketch.statistics, Path(folder))
            inputs, targets = module.random_items(task, max(training.batch_size, SCORED), generator)
            inputs, targets = inputs.to(arithmetic.device), targets.to(arithmetic.device)
            model = models.build(config["model"], task.data, config["hyperparameters"])
            model = to_device(model, arithmetic.device, task.memory_format)
            splits: dict[str, Split] = {
                "train": RandomSplit(inputs, targets, 8 * len(inputs)),  # no more: an order of them is drawn
                "validation": RandomSplit(inputs, targets, SCORED),
            }
            goal = Goal(**config["select"])
            if arithmetic.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats()
            row: Mapping[str, float]
            if isinstance(model, ClosedForm):
                once, twice = (
                    estimate(model, task, {**splits, "train": RandomSplit(inputs, targets, n)}, goal, arithmetic.device)
                    for n in (len(inputs), 2 * len(inputs))
                )
                row, more = (
                    once.history[-1],
                    twice.history[-1]["seconds_training"] - once.history[-1]["seconds_training"],
                )
                trained = max(more, 0.0) / len(inputs)
                fixed = max(0.0, row["seconds_training"] - trained * len(inputs))
            else:
                trained, row = _timed(model, task, splits, training, goal, arithmetic, Path(folder))
                fixed = 0.0
        except (ReplisomeError, RuntimeError, ValueError, IndexError) as error:
            if isinstance(error, RuntimeError) and out_of_memory(error):
                return Speed(math.inf, math.inf, 0, "out of memory")
            return None
        memory = torch.cuda.max_memory_allocated() if arithmetic.device.type == "cuda" else peak_memory()
        return Speed(trained, row["seconds_evaluation"] / SCORED, memory, "probed", fixed)


def _timed(
    model: torch.nn.Module,
    task: Task,
    splits: dict[str, Split],
    training: TrainingSettings,
    goal: Goal,
    arithmetic: Arithmetic,
    folder: Path,
) -> tuple[float, Mapping[str, float]]:
    """Return the seconds an item trained on, and the last row of a short history.

    A few items first: where a whole batch would take seconds, their time is what counts.
    """

    def rounds(every: int, size: int) -> dict[str, float]:
        checkpoint = Checkpoint(folder / f"{every}-{size}.pt", {}, math.inf)  # a new one: nothing to resume from
        settings = replace(training, batch_size=size)
        return fit(model, task, splits, settings, Budget(every, every), 0, goal, arithmetic, checkpoint).history[-1]

    few, batch = min(FEW, training.batch_size), training.batch_size
    row = rounds(1, few)
    if row["seconds_training"] < LONG_STEP:  # most of a first step is what comes once a process
        row = rounds(1, few)
    if arithmetic.device.type == "cpu" and row["seconds_training"] / few * batch > LONG_STEP:
        return row["seconds_training"] / few, row
    row = rounds(1, batch)
    every = max(1, min(200, int(LONGEST / max(row["seconds_training"], 1e-4))))
    row = rounds(every, batch)
    return row["seconds_training"] / every / batch, row


def probe_all(wanted: Mapping[Key, tuple[Mapping[str, Any], Sketch]], seconds: float) -> Iterator[tuple[Key, Speed]]:
    """Probe kinds of runs for some seconds in all, or until each model was tried once if that takes no more than twice.

    Args:
        wanted: by what decides their speed, a configuration and the sketch of its recipe; the most important first;
            models that are solved come after those that are trained, of which there are more.
        seconds: after which no further probe begins.
    """
    until = time.monotonic() + seconds
    seen: dict[tuple[str, str], int] = {}
    order: list[tuple[int, bool, int, Key]] = []
    for position, key in enumerate(wanted):
        seen[key[:2]] = seen.get(key[:2], 0) + 1
        order.append((seen[key[:2]], model_traits(key[1]).kind != "network", position, key))
    for time_of_model, _, _, key in sorted(order):
        if time.monotonic() > until + (seconds if time_of_model == 1 else 0):
            continue
        speed = probe(*wanted[key])
        if speed is not None:
            yield key, speed

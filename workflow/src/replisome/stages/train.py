"""Train one run from its config.json, and write weights, history, validation scores and provenance."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from safetensors.torch import save
from torch import Tensor, nn

from replisome import models
from replisome.config.budget import Budget
from replisome.config.catalogue import part
from replisome.config.catalogue import study as find_study
from replisome.config.schema import validate
from replisome.data.parquet import write_parquet
from replisome.data.prepared import check_recipe
from replisome.io import atomic, canonical_json, file_hash, finite_or_none, read_json, write_json
from replisome.tracking.record import Record
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.closed_form import estimate
from replisome.training.loop import Goal, Progress, fit
from replisome.training.optim import TrainingSettings
from replisome.training.predict import to_device
from replisome.training.task import ClosedForm


def run(settings: Path, data: Path, out: Path, threads: int, checkpoint_minutes: float) -> None:
    """Train the run that ``settings`` (a config.json) describes on the prepared recipe in ``data``.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        out: the run's folder.
        threads: of torch.
        checkpoint_minutes: within a round, save this often.

    Raises:
        ReplisomeError: bad settings or data, a full disk, or a loss that is not a number from the start.
    """
    config: dict[str, Any] = read_json(settings)
    check_recipe(config, data)
    record = Record("train", config)
    torch.set_num_threads(threads)
    seeds.start(config["seed"])
    validate(config["training"], "training", f"{settings}: training")
    training = TrainingSettings(**config["training"])
    precision = choose_precision(training.precision)
    fabric = make_fabric(precision)
    study = find_study(config["implementation"])
    task = part(study.name, "task").open_task(data)
    names = ["train", "validation", *config["curves"]]
    splits = {name: task.load(name, fabric.device) for name in names}
    model = models.build(config["model"], task.data, config["hyperparameters"])
    # Split by split: a moved results folder keeps its hashes, not its paths or times.
    inputs = [data / f"{name}.parquet" for name in [*names, *study.shared]] + [data / "stats.json"]
    identity = {"settings": canonical_json(config), "code": record.code}
    identity |= {f"data {file.name}": file_hash(file) for file in inputs}
    checkpoint = Checkpoint(out / "checkpoint.pt", identity, checkpoint_minutes)
    print(f"{config['model']} on {fabric.device}, {precision}, {len(splits['train'])} items", flush=True)

    model, goal = to_device(model, fabric.device, task.memory_format), Goal(**config["select"])
    if isinstance(model, ClosedForm):
        progress = estimate(model, task, splits, goal, fabric.device)
    else:
        budget, seed = Budget.of(config["budget"]), config["seed"]
        progress = fit(model, task, splits, training, budget, seed, goal, fabric, checkpoint)

    write_weights(out / "best.safetensors", progress.best_weights)
    write_weights(out / "last.safetensors", model.state_dict())
    history = pd.DataFrame(progress.history).astype({"epoch": "int64", "step": "int64"})
    write_parquet(out / "history.parquet", pa.Table.from_pandas(history, preserve_index=False))
    write_json(out / "validation.json", _validation(config, progress))
    record.write(
        out / "provenance.json",
        inputs,
        device=torch.cuda.get_device_name(fabric.device) if fabric.device.type == "cuda" else "cpu",
        device_memory_bytes=torch.cuda.max_memory_allocated() if fabric.device.type == "cuda" else None,
        threads=threads,
        precision=precision,
        deterministic=torch.are_deterministic_algorithms_enabled(),
        parameters=count_parameters(model),
        items=len(splits["train"]),
    )
    checkpoint.remove()


def choose_precision(setting: str) -> Literal["bf16-mixed", "32-true"]:
    """Return what ``auto`` means on this machine: bf16 on a GPU that has it, else fp32."""
    cuda = torch.cuda.is_available()
    return "bf16-mixed" if setting == "auto" and cuda and torch.cuda.is_bf16_supported() else "32-true"


def make_fabric(precision: Literal["bf16-mixed", "32-true"]) -> Fabric:
    """Return Fabric for one device: a CUDA GPU where there is one, else the CPU.

    The environment is named, because inside a SLURM job Fabric would otherwise look for a multi-node launch.
    """
    return Fabric(
        accelerator="cuda" if torch.cuda.is_available() else "cpu",
        devices=1,
        precision=precision,
        plugins=[LightningEnvironment()],
    )


def write_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write a state dict as safetensors, atomically."""
    with atomic(path) as handle:
        handle.write(save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}))


def count_parameters(model: nn.Module) -> dict[str, Any]:
    """Return the number of parameters in all and by layer."""
    layers = {}
    for name, module in model.named_modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if own:
            layers[name] = own
    return {"total": sum(layers.values()), "layers": layers}


def _validation(config: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Return the scores of the best and the last epoch; None where a score is not a finite number."""

    def scores(epoch: int) -> dict[str, float | None]:
        row = progress.history[epoch - 1]
        return finite_or_none({k.removeprefix("validation_"): v for k, v in row.items() if k.startswith("validation_")})

    assert progress.best_epoch is not None  # at least one epoch was trained
    return {
        **config["select"],
        "best_epoch": progress.best_epoch,
        "best_step": int(progress.history[progress.best_epoch - 1]["step"]),
        "best": scores(progress.best_epoch),
        "last_epoch": progress.epoch,
        "last": scores(progress.epoch),
        "stopped": progress.stopped,
    }

"""Train one run from its config.json, and write weights, history, validation scores and provenance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import torch
from safetensors.torch import save
from torch import Tensor, nn

from replisome import models
from replisome.config.budget import Budget
from replisome.config.catalogue import part
from replisome.config.catalogue import study as find_study
from replisome.config.schema import validate
from replisome.data.parquet import write_parquet
from replisome.data.prepared import check_recipe
from replisome.data.splits import TRAIN_SAMPLE
from replisome.io import atomic, canonical_json, finite_or_none, read_json, write_json
from replisome.tracking.record import Record
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.closed_form import estimate
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings
from replisome.training.precision import EVALUATION, Arithmetic, choose_precision, forbid_tf32, tf32_allowed
from replisome.training.predict import to_device
from replisome.training.restore import DIVERGED
from replisome.training.rounds import Goal, Progress
from replisome.training.task import ClosedForm, Sample, Split, Task


def run(settings: Path, data: Path, out: Path, threads: int, checkpoint_minutes: float) -> None:
    """Train the run that ``settings`` (a config.json) describes on the prepared recipe in ``data``.

    A run that diverges leaves all its files too, its last weights marked; so are the best where no round was finite.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        out: the run's folder.
        threads: of torch.
        checkpoint_minutes: within a round, save this often.

    Raises:
        ReplisomeError: bad settings or data, or a full disk.
    """
    config: dict[str, Any] = read_json(settings)
    check_recipe(config, data)
    record = Record("train", config)
    torch.set_num_threads(threads)
    seeds.start(config["seed"])
    validate(config["training"], "training", f"{settings}: training")
    training = TrainingSettings(**config["training"])
    arithmetic = Arithmetic.here(choose_precision(training.precision))
    device, precision = arithmetic
    forbid_tf32()
    study = find_study(config["implementation"])
    task = part(study.name, "task").open_task(data)
    names = list(dict.fromkeys(["train", "validation", *config["curves"]]))
    splits = _load(task, names, config["curves"], device)
    model = models.build(config["model"], task.data, config["hyperparameters"])
    # Split by split: a moved results folder keeps its hashes, not its paths or times.
    inputs = [data / f"{name}.parquet" for name in [*names, *study.shared]] + [data / "stats.json"]
    identity = {"settings": canonical_json(config), "code": record.code}
    # Half a run in other arithmetic is another run: it starts over, and the log says so.
    identity |= {"precision": precision, "device": device.type, "torch": torch.__version__}
    identity |= {f"data {name}": found for name, found in record.reads(out, inputs).items()}
    checkpoint = Checkpoint(out / "checkpoint.pt", identity, checkpoint_minutes)
    print(f"{config['model']} on {device}, {precision}, {len(splits['train'])} items", flush=True)

    model, goal = to_device(model, device, task.memory_format), Goal(**config["select"])
    if isinstance(model, ClosedForm):
        progress = estimate(model, task, splits, goal, device)
    else:
        budget, seed = Budget.of(config["budget"]), config["seed"]
        progress = fit(model, task, splits, training, budget, seed, goal, arithmetic, checkpoint)

    lost = progress.stopped if progress.diverged else None
    write_weights(
        out / "best.safetensors", progress.best_weights or model.state_dict(), None if progress.best_epoch else lost
    )
    write_weights(out / "last.safetensors", model.state_dict(), lost)
    history = pd.DataFrame(progress.history).astype({"epoch": "int64", "step": "int64"})
    write_parquet(out / "history.parquet", pa.Table.from_pandas(history, preserve_index=False))
    write_json(out / "validation.json", _validation(config, progress))
    record.write(
        out / "provenance.json",
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        device_memory_bytes=torch.cuda.max_memory_allocated() if device.type == "cuda" else None,
        threads=threads,
        precision=precision,
        evaluation_precision=EVALUATION,
        tf32=tf32_allowed(),
        deterministic=torch.are_deterministic_algorithms_enabled(),
        parameters=count_parameters(model),
        items=len(splits["train"]),
    )
    checkpoint.remove()


def _load(task: Task, names: Sequence[str], curves: Sequence[str], device: torch.device) -> dict[str, Split]:
    """Return splits by name, and where training has a curve a sample of it, no larger than validation."""
    splits: dict[str, Split] = {name: task.load(name, device) for name in names}
    if "train" in curves:
        splits[TRAIN_SAMPLE] = Sample(splits["train"], len(splits["validation"]), device)
    return splits


def write_weights(path: Path, weights: dict[str, Tensor], diverged: str | None = None) -> None:
    """Write a state dict as safetensors, atomically; ``diverged`` says why nothing may be read from it."""
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    with atomic(path) as handle:
        handle.write(save(kept, {DIVERGED: diverged} if diverged else None))


def count_parameters(model: nn.Module) -> dict[str, Any]:
    """Return the number of parameters in all and by layer."""
    layers = {}
    for name, module in model.named_modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if own:
            layers[name] = own
    return {"total": sum(layers.values()), "layers": layers}


def _validation(config: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Return the scores of the best and the last epoch; None where a score is not a finite number.

    The loss is None only of an epoch that diverged. A run whose first epoch did has no best one: its number is None.
    """

    def scores(epoch: int) -> dict[str, float | None]:
        row = progress.history[epoch - 1]
        return finite_or_none({k.removeprefix("validation_"): v for k, v in row.items() if k.startswith("validation_")})

    best = progress.best_epoch
    return {
        **config["select"],
        "best_epoch": best,
        "best_step": int(progress.history[best - 1]["step"]) if best else None,
        "best": scores(best or progress.epoch),
        "last_epoch": progress.epoch,
        "last": scores(progress.epoch),
        "stopped": progress.stopped,
    }

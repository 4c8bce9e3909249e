"""A finished run's folder, and whether what lies in it may be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from replisome.api.run_paths import CONFIG, WHERE, folder_at, no_run
from replisome.config.catalogue import model_options, study
from replisome.data.prepared import check_recipe
from replisome.errors import ReplisomeError, did_you_mean
from replisome.io import file_hash
from replisome.tracking.stage_key import RECORD, recorded, stage_key
from replisome.tracking.verify import read_record, read_verified
from replisome.training.restore import divergence, restore
from replisome.training.task import Task

KINDS = ("best", "last")  # of weights


def finished_run(path: Path) -> tuple[Path, dict[str, Any]]:
    """Return the folder of a finished run and its config.json.

    Args:
        path: the folder, or a file in it.

    Raises:
        ReplisomeError: not a run, not finished, its config.json was edited, or the code that trained it has changed.
    """
    folder = folder_at(path.resolve())
    if folder is None:
        raise no_run(path)
    if not (folder / RECORD).is_file():
        raise ReplisomeError(
            f"{folder}: the run has not finished: there is no {RECORD} yet. Let it finish, or run the same snakemake "
            "command again; it goes on where it was."
        )
    record = read_record(folder / RECORD)
    if record.get("stage") != "train":
        raise ReplisomeError(
            f"{folder}: was made by the stage '{record.get('stage')}', not by 'train'; a run is {WHERE}."
        )
    config: dict[str, Any] = read_verified(folder / CONFIG)
    study(config["implementation"])
    model_options(config["model"])
    key = stage_key("train", config)
    if all(own != key for own, _ in recorded(folder)):
        by = record.get("replisome", "of another version")
        raise ReplisomeError(
            f"{folder}: was trained by other code than this (replisome {by}); "
            "what its weights mean may have changed since. Use the version that trained it, train it again, or take it "
            f"as it is: replisome accept {folder} --note WHY"
        )
    return folder, config


def recipe_of(folder: Path, config: dict[str, Any]) -> Path:
    """Return the folder of a run's recipe, of which stats.json must be there.

    Raises:
        ReplisomeError: it is not there, was edited, or is of another recipe.
    """
    recipe = folder.parents[3]
    if not (recipe / "stats.json").is_file():
        raise ReplisomeError(
            f"{recipe}: has no stats.json, which says how the run's input was scaled; copy it there from where the run "
            "was made (the data themselves are not needed)."
        )
    check_recipe(config, recipe)
    return recipe


def read_weights(
    folder: Path, config: dict[str, Any], task: Task, kind: str, device: torch.device
) -> tuple[nn.Module, str]:
    """Return a run's model with its weights, and the hash of their file.

    Args:
        folder: the run's.
        config: its config.json.
        task: of its recipe.
        kind: "best" or "last".
        device: where the model goes.

    Returns:
        The model in evaluation mode; hexadecimal SHA-256.

    Raises:
        ReplisomeError: no such kind, the file was edited, or the weights diverged.
    """
    if kind not in KINDS:
        raise ReplisomeError(f"there are no weights '{kind}'{did_you_mean(kind, KINDS)}")
    path = folder / f"{kind}.safetensors"
    model = restore(config, task, path, device)
    if (why := divergence(path)) is not None:
        other = " Its best weights are from before that: --weights best." if _sound(folder, kind) else ""
        raise ReplisomeError(f"{path}: the run {why}; nothing can be predicted with these weights.{other}")
    return model, file_hash(path)


def _sound(folder: Path, kind: str) -> bool:
    best = folder / "best.safetensors"
    return kind == "last" and best.is_file() and divergence(best) is None

"""Finished runs for tests of what can be done with them: small networks with fresh weights, without a workflow."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import torch
from safetensors.torch import save_file

from replisome import models
from replisome.api.checkup.speeds import task_of
from replisome.config.catalogue import part
from replisome.data.parquet import write_parquet
from replisome.io import canonical_json, write_json
from replisome.tracking.record import Record

RECIPES = {
    "bloodmnist": {
        "source": {"control": "cells", "options": {"side": 8, "train": 20, "validation": 5, "test": 5}},
        "split": "official-deduplicated", "encoding": "image", "normalisation": "zscore", "protocol": "sound",
    },
    "rnacompete": {
        "source": {"control": "probes", "options": {"train": 50, "test": 20, "proteins": 2}},
        "split": "course-deduplicated", "encoding": "onehot", "normalisation": "training", "protocol": "sound",
    },
    "genome": {
        "source": {"control": "markov", "options": {"bases": 4000}},
        "split": "blocks", "encoding": "kmer1", "normalisation": "none", "protocol": "sound",
        "windows": {"length": 12, "step": 1, "blocks": 2},
    },
    "proteinnet": {
        "source": {"control": "folds"}, "split": "official", "encoding": "profile_onehot", "normalisation": "none",
        "protocol": "sound", "crop": 16,
    },
}  # fmt: skip


def config_of(study: str, model: str, **hyperparameters: object) -> dict:
    """The config.json of a run of a study's smallest recipe."""
    return {
        "study": study,
        "implementation": study,
        "recipe": {"name": "control", **RECIPES[study]},
        "model": model,
        "hyperparameters": hyperparameters,
        "training": {"batch_size": 4, "lr": 0.01, "precision": "fp32"},
        "budget": {"epochs": 2},
        "select": {"metric": "loss", "mode": "min"},
        "curves": [],
        "seed": 0,
    }


def finished_run(results: Path, study: str, model: str, **hyperparameters: object) -> Path:
    """Write a run as training leaves it, and of its recipe the statistics; return its folder."""
    torch.manual_seed(0)
    config = config_of(study, model, **hyperparameters)
    recipe = results / study / "control"
    statistics = part(study, "signature").sketch(config["recipe"]).statistics
    task = task_of(study, statistics, recipe)
    folder = recipe / "runs" / model / "default" / "seed=0"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(canonical_json(config))
    record = Record("train", config)
    weights = models.build(model, task.data, hyperparameters).state_dict()
    for kind in ("best", "last"):
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / f"{kind}.safetensors")
    history = pd.DataFrame(
        {
            "epoch": [1, 2], "step": [5, 10], "train_loss": [1.0, 0.5], "validation_loss": [1.1, float("nan")],
            "seconds_training": [1.0, 1.0], "seconds_evaluation": [0.1, 0.1], "learning_rate": [0.01, 0.01],
        }
    )  # fmt: skip
    write_parquet(folder / "history.parquet", pa.Table.from_pandas(history, preserve_index=False))
    write_json(folder / "validation.json", {"best": {"loss": 1.1, "auc": None}, "last": {"loss": 1.2}, "best_epoch": 1})
    parameters = {"total": sum(value.numel() for value in weights.values())}
    record.write(folder / "provenance.json", device="cpu", parameters=parameters, items=20)
    return folder


def described(file: Path) -> dict:
    """What stands beside an exported network."""
    return json.loads(file.with_suffix(".json").read_text())

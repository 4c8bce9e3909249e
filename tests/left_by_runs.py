"""A results folder as an unfinished or finished workflow leaves it, without any training, for tests of who reads it."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from planning import load

from replisome import __version__
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.data.parquet import write_parquet
from replisome.io import file_hash, write_json, write_text
from replisome.stages import select
from replisome.tracking.stage_key import code_fingerprint, stage_key
from replisome.tracking.verify import output_hashes, record_digest

METRICS = ("loss", "accuracy", "balanced_accuracy", "auc")
EPOCHS = 3


def small_plan() -> StudyPlan:
    """Two rates of two seeds on images."""
    grid = {"lr": [0.003, 0.03], "pool": ["max"], "head": ["logits"]}
    block = {"models": {"cnn": {"grid": grid}}, "budget": {"epochs": EPOCHS}, "seeds": 2, "test": "selected"}
    overrides = {"bloodmnist": {"experiments": {"variants": block, "softmax": None}}}
    return load(overrides=overrides).studies["bloodmnist"]


def record(folder: Path, stage: str, identity: dict, inputs: dict[str, str], **more) -> None:
    """Write the record of a stage, with the hashes of what lies in the folder."""
    content = {
        "stage": stage, "key": stage_key(stage, identity), "code": code_fingerprint(stage, identity),
        "replisome": __version__, "python": "3.11.7", "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
        "processor": "one", "cores": 2, "host": "here", "system": "Linux", "inputs": inputs,
        "outputs": output_hashes(folder), "started": "2026-11-26T10:00:00+00:00",
        "ended": "2026-11-26T10:00:02+00:00", "seconds": 2.0, "peak_memory_bytes": 2**28, **more,
    }  # fmt: skip
    write_json(folder / "provenance.json", {**content, "digest": record_digest(content)})


def prepared(root: Path, plan: StudyPlan, recipe: str = "control") -> Path:
    """Write a recipe's folder, but for its Parquet files."""
    folder = root / plan.name / recipe
    settings = {"study": plan.name, "implementation": plan.implementation.name, "datasets": {}}
    settings["recipe"] = {"name": recipe, **plan.recipe(recipe)}
    write_json(folder / "recipe.json", settings)
    write_json(folder / "stats.json", {})
    card = {"protocol": "sound", "control": "cells", "origin": None, "dataset": None, "split": "official"}
    card |= {"encoding": "image", "normalisation": "train", "counts": {"train": [50, 50], "test": [1, 1]}}
    write_json(folder / "card.json", card)
    record(folder, "prepare", settings, {})
    return folder


def train(root: Path, run: Run, score: float = 0.5, diverged: bool = False, code: str | None = None) -> Path:
    """Write what the training of a run leaves."""
    folder, data = root / run.directory, root / run.study / run.recipe
    rows = [
        {"epoch": epoch, "step": 10 * epoch, "train_loss": 1.0, "validation_accuracy": score}
        | {"seconds_training": 1.0, "seconds_evaluation": 0.5, "learning_rate": 0.1}
        for epoch in range(1, EPOCHS + 1)
    ]
    scores = dict.fromkeys(METRICS, None if diverged else score)
    write_json(folder / "config.json", run.settings)
    write_parquet(folder / "history.parquet", pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False))
    stopped = "diverged in epoch 1" if diverged else None
    write_json(
        folder / "validation.json",
        {"best": scores, "last": scores, "best_epoch": None if diverged else 2, "last_epoch": EPOCHS}
        | {"best_step": None if diverged else 20, "metric": "accuracy", "mode": "max", "stopped": stopped},
    )
    for name in ("best", "last"):
        write_text(folder / f"{name}.safetensors", f"{name} {score} {run.seed}")
    arithmetic = {"device": "cpu", "precision": "32-true", "threads": 1, "deterministic": True, "tf32": False}
    costs = {"parameters": {"total": 7, "layers": {}}, "device_memory_bytes": None, "items": 100, "card_joules": None}
    inputs = {"../../../../stats.json": f"sha256:{file_hash(data / 'stats.json')}"}
    record(folder, "train", run.settings, inputs, **arithmetic, **costs, **({"code": code} if code else {}))
    return folder


def evaluate(root: Path, run: Run, score: float = 0.25) -> None:
    """Write what the evaluation of a run's best weights leaves."""
    run_folder, folder = root / run.directory, root / run.directory / "test"
    scores = dict.fromkeys(METRICS, score)
    metrics = {"split": "test", "n": 2, "weights": "best", "scores": scores, "also": {}}
    write_json(folder / "metrics.json", {**metrics, "diverged": {"best": None}})
    columns = {"split": ["validation", "validation", "test", "test"], "weights": ["best"] * 4, "item": [0, 1] * 2}
    columns |= {"label": [0, 1] * 2, "predicted": [0, 0, 1, 1]}
    marks = {"diverged": {"validation": {"best": None}, "test": {"best": None}}}
    write_parquet(folder / "predictions.parquet", pa.table(columns), marks)
    weights = f"sha256:{file_hash(run_folder / 'best.safetensors')}"
    record(folder, "evaluate", run.evaluation, {"../best.safetensors": weights})


def choose(root: Path, plan: StudyPlan, experiment: str) -> None:
    """Write the selection of an experiment, by the stage's own code."""
    folder = root / plan.name / "selection" / experiment
    write_json(folder / "study.json", plan.selection_settings(experiment))
    select.run(folder / "study.json", experiment, root, folder)

"""Score a run on the test split, once, with its best or its last weights, or both, as its experiment says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from replisome.config.catalogue import model_traits, part
from replisome.config.tested_weights import evaluation_settings
from replisome.data.parquet import array_column, write_parquet
from replisome.data.prepared import check_recipe
from replisome.io import finite_or_none, read_json, write_json
from replisome.tracking.record import Record
from replisome.training.predict import predict
from replisome.training.restore import restore

SPLIT = "test"


def run(settings: Path, data: Path, weights: Sequence[Path], out: Path, threads: int) -> None:
    """Write predictions.parquet, metrics.json and provenance.json of the run in ``settings`` to ``out``.

    predictions.parquet has the split once for each kind of weights, which its column ``weights`` names. metrics.json
    has the scores of the first kind under ``scores``, those of the others under ``also``.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        weights: best.safetensors or last.safetensors of the run, or both, those of the selection first.
        out: the folder to write to.
        threads: of torch.

    Raises:
        ReplisomeError: the weights are not those of this model.
    """
    config: dict[str, Any] = read_json(settings)
    check_recipe(config, data)
    record = Record("evaluate", evaluation_settings(config, [path.stem for path in weights]))
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task = part(config["implementation"], "task").open_task(data)
    split = task.load(SPLIT, device)
    tables, scores = [], {}
    for path in weights:
        model = restore(config, task, path, device)
        outputs, targets, loss = predict(model, task, split)
        columns = task.predictions(outputs, targets, model_traits(config["model"]).output(config["hyperparameters"]))
        kind = pa.array([path.stem] * len(split)).dictionary_encode()
        columns = {"item": np.arange(len(split)), **columns}
        tables.append(pa.table({"weights": kind, **{name: array_column(value) for name, value in columns.items()}}))
        scores[path.stem] = finite_or_none({"loss": loss, **task.scores(outputs, targets)})
    write_parquet(out / "predictions.parquet", pa.concat_tables(tables))
    first, *others = scores
    found = {"split": SPLIT, "n": len(split), "weights": first, "scores": scores[first]}
    write_json(out / "metrics.json", {**found, "also": {kind: scores[kind] for kind in others}})
    record.write(out / "provenance.json", [*weights, data / f"{SPLIT}.parquet"], device=str(device), threads=threads)

"""Score a run on the test split, once, with its best or its last weights as its experiment says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from replisome.config.catalogue import model_traits, part, study
from replisome.data.parquet import array_column, write_parquet
from replisome.data.prepared import check_recipe
from replisome.io import finite_or_none, read_json, write_json
from replisome.tracking.expected import require_trained
from replisome.tracking.record import Record
from replisome.training.predict import predict
from replisome.training.restore import restore

SPLIT = "test"


def run(settings: Path, data: Path, weights: Path, out: Path, threads: int) -> None:
    """Write predictions.parquet, metrics.json and provenance.json of the run in ``settings`` to ``out``.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        weights: a safetensors file of the run.
        out: the folder to write to.
        threads: of torch.

    Raises:
        ReplisomeError: the weights are not those of this model.
    """
    config: dict[str, Any] = read_json(settings)
    check_recipe(config, data)
    require_trained(settings.parent, config)
    record = Record("evaluate", config)
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task = part(config["implementation"], "task").open_task(data)
    model = restore(config, task, weights, device)
    split = task.load(SPLIT, device)
    outputs, targets, loss = predict(model, task, split)
    columns = task.predictions(outputs, targets, model_traits(config["model"]).output(config["hyperparameters"]))
    columns = {"item": np.arange(len(split)), **columns}
    table = pa.table({name: array_column(values) for name, values in columns.items()})
    write_parquet(out / "predictions.parquet", table)
    scores = {"loss": loss, **task.scores(outputs, targets)}
    write_json(out / "metrics.json", {"split": SPLIT, "n": len(split), "scores": finite_or_none(scores)})
    names = [SPLIT, *study(config["implementation"]).shared]
    inputs = [weights, *(data / f"{name}.parquet" for name in names), data / "stats.json"]
    record.write(out / "provenance.json", inputs, device=str(device), threads=threads)

"""Score a run's best weights on the test split, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from replisome import models, studies
from replisome.errors import ReplisomeError
from replisome.io import array_column, finite_or_none, read_json, write_json, write_parquet
from replisome.provenance import Record
from replisome.training.predict import predict, to_device

SPLIT = "test"


def run(settings: Path, data: Path, weights: Path, out: Path, threads: int) -> None:
    """Write predictions.parquet, metrics.json and provenance.json of the run in ``settings`` to ``out``.

    Raises:
        ReplisomeError: the weights are not those of this model.
    """
    config: dict[str, Any] = read_json(settings)
    record = Record("evaluate", config)
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task = studies.get(config["implementation"]).part("task").open_task(data)
    model = models.build(config["model"], task.data, config["hyperparameters"])
    try:
        model.load_state_dict(load_file(weights))
    except FileNotFoundError:
        raise ReplisomeError(f"{weights}: no such file; train the run first.") from None
    except (SafetensorError, RuntimeError, OSError, ValueError) as error:
        raise ReplisomeError(
            f"{weights}: not the weights of {config['model']} ({error}); delete and retrain."
        ) from None
    split = task.load(SPLIT, device)
    outputs, targets, loss = predict(to_device(model, device, task.memory_format), task, split)
    columns = task.predictions(outputs, targets, model)
    columns = {"item": np.arange(len(split)), **columns}
    table = pa.table({name: array_column(values) for name, values in columns.items()})
    write_parquet(out / "predictions.parquet", table)
    scores = {"loss": loss, **task.scores(outputs, targets, model)}
    write_json(out / "metrics.json", {"split": SPLIT, "n": len(split), "scores": finite_or_none(scores)})
    record.write(out / "provenance.json", [weights, data / f"{SPLIT}.parquet"], device=str(device), threads=threads)

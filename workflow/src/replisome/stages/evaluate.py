"""Score a run on the test split, once, with its best or its last weights as its experiment says.

Of weights that diverged, or outputs that are not finite, there are no scores and no predictions: the files say why.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from replisome.config.catalogue import model_traits, part
from replisome.data.parquet import array_column, write_parquet
from replisome.data.prepared import check_recipe
from replisome.io import finite_or_none, read_json, write_json
from replisome.tracking.record import Record
from replisome.training.precision import EVALUATION, forbid_tf32, tf32_allowed
from replisome.training.predict import predict, score
from replisome.training.restore import DIVERGED, divergence, restore

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
    record = Record("evaluate", config)
    torch.set_num_threads(threads)
    forbid_tf32()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task = part(config["implementation"], "task").open_task(data)
    model = restore(config, task, weights, device)
    split = task.load(SPLIT, device)
    found = predict(model, task, split)
    lost = divergence(weights) or (None if found.finite else f"diverged on the {SPLIT} split")
    columns = {"item": np.arange(len(split))}
    if lost is None:
        gives = model_traits(config["model"]).output(config["hyperparameters"])
        columns |= task.predictions(found.outputs, found.targets, gives)
    table = pa.table({name: array_column(values) for name, values in columns.items()})
    write_parquet(out / "predictions.parquet", table, {DIVERGED: lost})
    scores = finite_or_none(score(task, found, sound=lost is None))
    write_json(out / "metrics.json", {"split": SPLIT, "n": len(split), "scores": scores, DIVERGED: lost})
    record.write(
        out / "provenance.json",
        [weights, data / f"{SPLIT}.parquet"],
        device=str(device),
        threads=threads,
        precision=EVALUATION,
        tf32=tf32_allowed(),
    )

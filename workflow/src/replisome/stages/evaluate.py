"""Score a run on the test split, once, with its best or its last weights, or both, as its experiment says.

Of weights that diverged, or outputs that are not finite, there are no scores and no predictions: the files say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from replisome.config.catalogue import model_traits
from replisome.config.tested_weights import evaluation_settings
from replisome.data.parquet import array_column, write_parquet
from replisome.io import finite_or_none, write_json
from replisome.tracking.record import Record
from replisome.training.predict import predict, score
from replisome.training.restore import DIVERGED, divergence, open_run, restore

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
    opened = open_run(settings, data, SPLIT, threads)
    config, task = opened.config, opened.task
    record = Record("evaluate", evaluation_settings(config, [path.stem for path in weights]))
    split = task.load(SPLIT, opened.device)
    gives = model_traits(config["model"]).output(config["hyperparameters"])
    tables, scores, lost = [], {}, {}
    for path in weights:
        kind = path.stem
        found = predict(restore(config, task, path, opened.device), task, split)
        lost[kind] = divergence(path) or (None if found.finite else f"diverged on the {SPLIT} split")
        columns = {"item": np.arange(len(split))}
        if lost[kind] is None:
            columns |= task.predictions(found.outputs, found.targets, gives)
        names = pa.array([kind] * len(split)).dictionary_encode()
        tables.append(pa.table({"weights": names, **{name: array_column(value) for name, value in columns.items()}}))
        scores[kind] = finite_or_none(score(task, found, sound=lost[kind] is None))
    table = pa.concat_tables(tables, promote_options="default")  # rows without predictions have nulls
    write_parquet(out / "predictions.parquet", table, {DIVERGED: lost})
    first, *others = scores
    metrics = {"split": SPLIT, "n": len(split), "weights": first, "scores": scores[first], DIVERGED: lost}
    write_json(out / "metrics.json", {**metrics, "also": {kind: scores[kind] for kind in others}})
    record.write(out / "provenance.json", [*weights, *opened.files], **opened.about)

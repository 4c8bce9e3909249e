"""Ask a finished run about validation and then, once, about test, with its best or last weights or both.

Which weights those are, its experiment says. The scores are of the test split; the predictions are of both, so that
what is said of either can tell what each item adds. Of weights that diverged, or outputs that are not finite, there are
no scores and no predictions: the files say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from replisome.config.catalogue import model_traits
from replisome.config.tested_weights import evaluation_settings
from replisome.data.parquet import array_column, write_parquet
from replisome.data.splits import HELD_OUT
from replisome.io import finite_or_none, write_json
from replisome.tracking.record import Record
from replisome.training.predict import predict, score
from replisome.training.resident import load_split
from replisome.training.restore import DIVERGED, divergence, open_run, restore

SPLIT = "test"


def run(settings: Path, data: Path, weights: Sequence[Path], out: Path, threads: int) -> None:
    """Write predictions.parquet, metrics.json and provenance.json of the run in ``settings`` to ``out``.

    predictions.parquet has each split once for each kind of weights: its columns ``split`` and ``weights`` name them,
    and ``item`` counts from 0 within each. Columns that are kept of the test split alone (``Task.test_only``) are null
    elsewhere. Its metadata say by split and weights why there is nothing. metrics.json has the test scores: those of
    the first kind of weights under ``scores``, those of the others under ``also``.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        weights: best.safetensors or last.safetensors of the run, or both, those of the selection first.
        out: the folder to write to.
        threads: of torch.

    Raises:
        ReplisomeError: the weights are not those of this model.
    """
    opened = open_run(settings, data, HELD_OUT, threads)
    config, task = opened.config, opened.task
    kinds = [path.stem for path in weights]
    models = [restore(config, task, path, opened.device) for path in weights]
    diverged = [divergence(path) for path in weights]
    record = Record("evaluate", evaluation_settings(config, kinds))
    gives = model_traits(config["model"]).output(config["hyperparameters"])
    tables, items, scores = [], {}, {}
    lost: dict[str, dict[str, str | None]] = {name: {} for name in HELD_OUT}
    for name in HELD_OUT:
        split = load_split(task, data, name, opened.device)
        items[name] = len(split)
        for kind, model, marked in zip(kinds, models, diverged, strict=True):
            found = predict(model, task, split)
            why = lost[name][kind] = marked or (None if found.finite else f"diverged on the {name} split")
            columns = {"item": np.arange(items[name])}
            if why is None:
                kept = task.predictions(found.outputs, found.targets, gives)
                columns |= {key: kept[key] for key in kept if name == SPLIT or key not in task.test_only}
            tables.append(_table(name, kind, columns))
            if name == SPLIT:
                scores[kind] = finite_or_none(score(task, found, sound=why is None))
    table = pa.concat_tables(tables, promote_options="default")  # rows without predictions have nulls
    write_parquet(out / "predictions.parquet", table, {DIVERGED: lost})
    first, *others = kinds
    metrics = {"split": SPLIT, "n": items[SPLIT], "weights": first, "scores": scores[first], DIVERGED: lost[SPLIT]}
    write_json(out / "metrics.json", {**metrics, "also": {kind: scores[kind] for kind in others}})
    record.write(out / "provenance.json", [*weights, *opened.files], **opened.about)


def _table(split: str, kind: str, columns: dict[str, np.ndarray]) -> pa.Table:
    """Return the rows of one split and one kind of weights, which their first two columns name."""
    rows = len(columns["item"])
    names = {
        name: pa.array([value] * rows).dictionary_encode() for name, value in (("split", split), ("weights", kind))
    }
    return pa.table({**names, **{name: array_column(values) for name, values in columns.items()}})

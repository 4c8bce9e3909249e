"""Ask a finished run why it predicts what it predicts, on the validation split."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from replisome.config.catalogue import part
from replisome.data.parquet import write_parquet
from replisome.tracking.record import Record
from replisome.training.resident import load_split
from replisome.training.restore import DIVERGED, divergence, open_run, restore

SPLIT = "validation"  # the test split is read for scores alone


def run(settings: Path, data: Path, weights: Path, out: Path, threads: int) -> None:
    """Write explanation.parquet, as the study's part ``explain`` makes it, and provenance.json to ``out``.

    Weights that diverged are not asked: the table is empty, and its metadata say why.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        weights: a safetensors file of the run.
        out: the folder to write to.
        threads: of torch.
    """
    opened = open_run(settings, data, [SPLIT], threads)
    config, task = opened.config, opened.task
    record = Record("explain", config)
    model = restore(config, task, weights, opened.device)
    table, metadata, lost = pa.table({}), {}, divergence(weights)
    if lost is None:
        table, metadata = part(config["implementation"], "explain").explain(
            model, task, load_split(task, data, SPLIT, opened.device)
        )
    write_parquet(out / "explanation.parquet", table, {**metadata, DIVERGED: lost})
    record.write(out / "provenance.json", [weights, *opened.files], **opened.about)

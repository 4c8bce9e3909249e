"""Ask a finished run why it predicts what it predicts, on the validation split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from replisome.config.catalogue import part, study
from replisome.data.parquet import write_parquet
from replisome.data.prepared import check_recipe
from replisome.tracking.expected import require_trained
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified
from replisome.training.precision import EVALUATION, forbid_tf32, tf32_allowed
from replisome.training.restore import DIVERGED, divergence, restore

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
    config: dict[str, Any] = read_verified(settings)
    check_recipe(config, data)
    require_trained(settings.parent, config)
    record = Record("explain", config)
    torch.set_num_threads(threads)
    forbid_tf32()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task = part(config["implementation"], "task").open_task(data)
    model = restore(config, task, weights, device)
    table, metadata, lost = pa.table({}), {}, divergence(weights)
    if lost is None:
        table, metadata = part(config["implementation"], "explain").explain(model, task, task.load(SPLIT, device))
    write_parquet(out / "explanation.parquet", table, {**metadata, DIVERGED: lost})
    names = [SPLIT, *study(config["implementation"]).shared]
    record.write(
        out / "provenance.json",
        [weights, *(data / f"{name}.parquet" for name in names), data / "stats.json"],
        device=str(device),
        threads=threads,
        precision=EVALUATION,
        tf32=tf32_allowed(),
    )

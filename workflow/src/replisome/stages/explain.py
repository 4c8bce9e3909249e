"""Ask a finished run why it predicts what it predicts, on the validation split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from replisome.config.catalogue import part, study
from replisome.data.parquet import write_parquet
from replisome.data.prepared import check_recipe
from replisome.io import read_json
from replisome.tracking.expected import require_trained
from replisome.tracking.record import Record
from replisome.training.restore import restore

SPLIT = "validation"  # the test split is read for scores alone


def run(settings: Path, data: Path, weights: Path, out: Path, threads: int) -> None:
    """Write explanation.parquet, as the study's part ``explain`` makes it, and provenance.json to ``out``.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        weights: a safetensors file of the run.
        out: the folder to write to.
        threads: of torch.
    """
    config: dict[str, Any] = read_json(settings)
    check_recipe(config, data)
    require_trained(settings.parent, config)
    record = Record("explain", config)
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    task = part(config["implementation"], "task").open_task(data)
    model = restore(config, task, weights, device)
    table, metadata = part(config["implementation"], "explain").explain(model, task, task.load(SPLIT, device))
    write_parquet(out / "explanation.parquet", table, metadata)
    names = [SPLIT, *study(config["implementation"]).shared]
    inputs = [weights, *(data / f"{name}.parquet" for name in names), data / "stats.json"]
    record.write(out / "provenance.json", inputs, device=str(device), threads=threads)

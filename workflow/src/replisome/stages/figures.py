"""Draw a study's figures from its tables, predictions and prepared data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome import plots
from replisome.io import read_json
from replisome.provenance import Record
from replisome.results import StudyResults


def run(settings: Path, results: Path, out: Path) -> None:
    """Write each figure of the study as PNG and SVG, and provenance.json, to ``out``."""
    identity: dict[str, Any] = read_json(settings)
    record = Record("figures", identity)
    study = StudyResults.open(settings, results)
    module = study.plan.implementation.part("figures")
    for name in study.plan.implementation.figures:
        plots.save(getattr(module, name)(study), out, name)
        print(name, flush=True)
    record.write(out / "provenance.json", [results / study.plan.name / "tables" / "metrics.parquet"])

"""Draw a study's figures from its tables, predictions and prepared data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome.analysis.planned import require_planned, require_tables
from replisome.analysis.plots import save
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import at_level
from replisome.config.declared import figures
from replisome.data.study_inputs import for_figures
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified


def run(settings: Path, results: Path, out: Path) -> None:
    """Write each figure of the study as PNG and SVG, and provenance.json, to ``out``."""
    identity: dict[str, Any] = read_verified(settings)
    record = Record("figures", identity)
    study = StudyResults.open(settings, results)
    require_planned(study)
    require_tables(study)
    with at_level(study.plan.level):
        for name, figure in figures(study.plan.implementation.name).items():
            save(figure.function()(study), out, name)
            print(name, flush=True)
    record.write(out / "provenance.json", for_figures(study.plan, study.selection, results))

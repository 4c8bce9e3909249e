"""Draw a study's figures from its tables, predictions and prepared data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome.analysis.planned import require_planned, require_tables
from replisome.analysis.plots import LeftOut, save
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import at_level
from replisome.config.declared import figures
from replisome.data.study_inputs import LEFT_OUT, for_figures
from replisome.io import write_json
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified


def run(settings: Path, results: Path, out: Path) -> None:
    """Write each figure of the study as PNG and SVG, left_out.json, and provenance.json, to ``out``.

    left_out.json says by name of each figure for which this configuration has nothing, why: the page has none then.
    """
    identity: dict[str, Any] = read_verified(settings)
    record = Record("figures", identity)
    study = StudyResults.open(settings, results)
    require_planned(study)
    require_tables(study)
    left_out = {}
    with at_level(study.plan.level):
        for name, figure in figures(study.plan.implementation.name).items():
            drawn = figure.function()(study)
            if isinstance(drawn, LeftOut):
                left_out[name] = drawn.why
                drawn = drawn.drawn()
            save(drawn, out, name)
            print(name, flush=True)
    write_json(out / LEFT_OUT, left_out)
    record.write(out / "provenance.json", for_figures(study.plan, study.selection, results))

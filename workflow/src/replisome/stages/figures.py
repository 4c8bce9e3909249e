"""Draw a study's figures from its tables, predictions and prepared data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from replisome.analysis.planned import require_planned, require_tables
from replisome.analysis.plots import LeftOut, as_pages, save
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import at_level
from replisome.config.declared import figures
from replisome.data.study_inputs import LEFT_OUT, for_figures
from replisome.io import write_json
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified


def run(settings: Path, results: Path, out: Path) -> None:
    """Write each figure of the study as PNG and SVG, left_out.json, and provenance.json, to ``out``.

    left_out.json says by name of each figure for which this configuration has nothing, why; of a further page that is
    not needed it says nothing, "". The page shows none of these.
    """
    identity: dict[str, Any] = read_verified(settings)
    record = Record("figures", identity)
    study = StudyResults.open(settings, results)
    require_planned(study)
    require_tables(study)
    left_out: dict[str, str] = {}
    drawn: list[Figure | LeftOut] = []
    declared = figures(study.plan.implementation.name)
    with at_level(study.plan.level):
        for name, figure in declared.items():
            if figure.page == 1:
                drawn = as_pages(figure.function()(study), sum(f.made_by == name for f in declared.values()))
            page = drawn[figure.page - 1]
            if isinstance(page, LeftOut):
                left_out[name] = page.why
                page = page.drawn()
            save(page, out, name)
            print(name, flush=True)
    write_json(out / LEFT_OUT, left_out)
    record.write(out / "provenance.json", for_figures(study.plan, study.selection, results))

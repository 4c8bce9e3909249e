"""Write the pages (the answer and the stories, every claim, long tables, every run) and the index of all files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome.analysis.planned import require_drawn, require_planned
from replisome.analysis.results import StudyResults
from replisome.config.declared import figures, tables
from replisome.data.study_inputs import for_page
from replisome.io import read_json, write_json, write_text
from replisome.report.captions import at_level
from replisome.report.index import index
from replisome.report.made_with import made_with, training_records
from replisome.report.pages import pages
from replisome.tracking.record import Record
from replisome.tracking.verify import verified


def run(settings: Path, results: Path, out: Path) -> None:
    """Render the studies that ``settings`` (report.json) names to ``out``, with the pages that it leads to beside it.

    Captions, for Snakemake's own report, and the record go beside the settings.

    Args:
        settings: report.json, which the workflow made.
        results: the results folder.
        out: report.html; claims.html, tables.html, runs.html and results.json are written beside it.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("report", identity)
    tabled = [verified(results / name / "tables" / "study.json") for name in identity["studies"]]
    studies = [StudyResults.open(path, results) for path in tabled]
    for study in studies:
        require_planned(study)
        require_drawn(study, identity["settings"][study.plan.name])
    made, written = made_with(training_records(studies)), []
    for name, text in pages(studies, identity["datasets"], identity["claims"], made).items():
        written.append(out.with_name(name) if name != "report.html" else out)
        write_text(written[-1], text)
    plans = [study.plan for study in studies]
    write_json(out.with_name("results.json"), index(plans, results, identity["preset"], made, written))
    for study in studies:
        implementation = study.plan.implementation.name
        for item in (*tables(implementation).values(), *figures(implementation).values()):
            caption = at_level(item.caption, study.plan)
            write_text(settings.parent / "captions" / study.plan.name / f"{item.name}.rst", f"{caption}\n")
    record.write(settings.with_name("provenance.json"), for_page(plans, results))

"""Judge the claims of a study by what its runs left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome.analysis.planned import require_planned, require_tables
from replisome.analysis.results import StudyResults
from replisome.claims.latex import as_latex
from replisome.claims.markdown import as_markdown
from replisome.claims.supplement import supplement
from replisome.claims.verdicts import FORM, verdicts
from replisome.config.plan import StudyPlan
from replisome.data.parquet import read_parquet
from replisome.data.study_inputs import for_claims
from replisome.io import read_json, write_json, write_text
from replisome.tracking.record import Record


def run(settings: Path, results: Path, out: Path) -> None:
    """Write claims.json, claims.md and claims.tex beside the folder ``out``, and provenance.json into it.

    Args:
        settings: the study's settings and its claims, each with where its runs are, which the workflow made.
        results: the results folder.
        out: the folder ``claims`` of the study.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("judge", identity)
    plan = StudyPlan(identity["study"], {})
    metrics = read_parquet(results / plan.name / "tables" / "metrics.parquet")[0].to_pandas()
    study = StudyResults(plan, results, metrics)
    require_planned(study)
    require_tables(study)
    found = verdicts(study, identity["claims"])
    about = {"schema": FORM, "level": plan.level, "preset": plan.settings["preset"]}
    about |= {"study": plan.name, "title": plan.settings["title"]}
    files = [out.with_suffix(suffix) for suffix in (".json", ".md", ".tex")]
    write_json(files[0], {**about, "claims": found})
    said = supplement(plan.settings["title"], found)
    write_text(files[1], as_markdown(said))
    write_text(files[2], as_latex(said))
    record.write(out / "provenance.json", for_claims(plan, study.selection, results), files)

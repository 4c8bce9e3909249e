"""results.json: every file of the results, with what was in it and what made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome import __version__
from replisome.config.plan import StudyPlan
from replisome.config.search import STEPS
from replisome.io import file_hash
from replisome.tracking.stage_key import RECORD
from replisome.tracking.verify import read_record

FORM = "replisome/results/1"
PARTS = ("", "pilot", "test", "explanation")  # of a run's folder, each with a record where the run has it


def index(
    plans: Sequence[StudyPlan], root: Path, preset: str, made: Sequence[Mapping[str, Any]], pages: Iterable[Path]
) -> dict[str, Any]:
    """Return what results.json holds; its form is workflow/schemas/results.schema.yaml.

    Args:
        plans: of the studies.
        root: the results folder, from which paths count.
        preset: that was run.
        made: what :func:`.made_with.made_with` says of all runs.
        pages: files that the report has just written, which no record names yet.
    """
    own = [_entry(root, page, f"sha256:{file_hash(page)}", {"stage": "report"}) for page in pages]
    return {
        "schema": FORM,
        "replisome": __version__,
        "preset": preset,
        "studies": {
            plan.name: {
                "title": plan.settings["title"],
                "made_with": [
                    {k: v for k, v in row.items() if k != "study"} for row in made if row["study"] == plan.name
                ],
            }
            for plan in plans
        },
        "files": [*_recorded(plans, root), *own],
    }


def _recorded(plans: Sequence[StudyPlan], root: Path) -> Iterator[dict[str, Any]]:
    """Yield each file that a record names and that is still there: an intermediate one may be gone."""
    for folder, about in _folders(plans, root):
        if not (folder / RECORD).exists():
            continue
        record = read_record(folder / RECORD)
        for name, found in record.get("outputs", {}).items():
            beside = Path(name).stem == folder.name  # as claims.json stands beside claims
            path = folder.parent / name if beside else folder / name
            if path.exists():
                made_by = {"stage": record["stage"], "record": (folder / RECORD).relative_to(root).as_posix()}
                yield _entry(root, path, found, {**about, **made_by})


def _folders(plans: Sequence[StudyPlan], root: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield the folders of results, those of a study in the order in which they are made, with what they are about."""
    for plan in plans:
        own, about = root / plan.name, {"study": plan.name}
        for recipe in plan.recipes:
            yield own / recipe, about
        for run in plan.runs:
            for part in PARTS:
                yield root / run.directory / part, {**about, "run": run.directory}
        for name in plan.searches:
            for step in STEPS:
                yield own / "search" / name / step, about
        for name in plan.experiments:
            yield own / "selection" / name, about
        for name in ("tables", "figures", "claims"):
            yield own / name, about
    for name in ("claims", "rounds"):
        yield root / name, {}


def _entry(root: Path, path: Path, found: str, about: Mapping[str, str]) -> dict[str, Any]:
    said = {"study": None, "run": None, "record": None, **about}
    return {
        "path": path.relative_to(root).as_posix(),
        "sha256": found.removeprefix("sha256:"),
        "bytes": path.stat().st_size,
        **said,
    }

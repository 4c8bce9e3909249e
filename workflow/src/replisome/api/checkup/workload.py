"""What a configuration asks for: jobs by stage, and what each configuration of its runs trains on, how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from replisome.config import search_plan
from replisome.config.grid import Run
from replisome.config.plan import Plan, StudyPlan
from replisome.config.search import STEPS
from replisome.tracking.stage_key import RECORD

Selection = Mapping[str, Sequence[Mapping[str, Any]]]


class Work(NamedTuple):
    """Runs that differ in their seed only.

    Attributes:
        study: the plan of their study.
        recipe: its name.
        run: the first of them, with what it inherits filled in from one of its possible parents.
        runs: how many there are.
        done: how many of them are finished.
        tested: how many of them are tested, if they are chosen.
        first_rounds: after how many rounds a search may drop them; None where none looks at them.
    """

    study: StudyPlan
    recipe: str
    run: Run
    runs: int
    done: int
    tested: int
    first_rounds: int | None


class Jobs(NamedTuple):
    """How many jobs of a stage there are, and how many of them are done."""

    stage: str
    jobs: int
    done: int


def work(plan: Plan, results: Path) -> list[Work]:
    """Return what a plan trains; seeds that rounds may add are not among it.

    Args:
        plan: of the configuration.
        results: where finished runs are looked for; whether they are up to date is Snakemake's to say.
    """
    found = []
    for study in plan.studies.values():
        guess = _first_of_each(study)
        first = search_plan.first_rounds(study)
        tested = {run.key for run in study.tested_runs(guess)}
        groups: dict[tuple[str, str, str], list[Run]] = {}
        for run in study.runs:
            groups.setdefault((run.recipe, run.model, run.slug), []).append(run)
        for (recipe, _, _), runs in groups.items():
            done = sum((results / run.directory / RECORD).is_file() for run in runs)
            asked = sum(run.key in tested for run in runs)
            rounds = next((first[run.key] for run in runs if run.key in first), None)
            found.append(Work(study, recipe, study.resolve(runs[0], guess), len(runs), done, asked, rounds))
    return found


def _first_of_each(study: StudyPlan) -> Any:
    """Return a selection in which the first candidate of each model has won, where none is known."""

    def selection(experiment: str) -> Selection:
        ranked: dict[str, list[dict[str, Any]]] = {}
        for run in study.runs_of[experiment]:
            ranked.setdefault(run.recipe, []).append({"model": run.model, "slug": run.slug})
        return ranked

    return selection


def jobs(plan: Plan, results: Path, downloads: int) -> list[Jobs]:
    """Return the jobs of a plan by stage, in the order in which they run.

    Args:
        plan: of the configuration.
        results: where finished ones are looked for.
        downloads: how many files are copied or fetched.
    """
    studies = plan.studies.values()
    folders: dict[str, list[Path]] = {
        "prepare": [results / study.name / recipe for study in studies for recipe in study.recipes],
        "pilot": [],
        "search": [
            results / study.name / "search" / e / step for study in studies for e in study.searches for step in STEPS
        ],
        "train": [results / run.directory for study in studies for run in study.runs],
        "select": [results / study.name / "selection" / name for study in studies for name in study.experiments],
        "evaluate": [],
        "explain": [],
    }
    for study in studies:
        guess = _first_of_each(study)
        folders["pilot"] += [results / study.by_key[key].directory / "pilot" for key in search_plan.first_rounds(study)]
        folders["evaluate"] += [results / run.directory / "test" for run in study.tested_runs(guess)]
        folders["explain"] += [results / run.directory / "explanation" for run in study.explained_runs(guess)]
    for stage, folder in (("summarise", "tables"), ("figures", "figures"), ("judge", "claims")):
        folders[stage] = [results / study.name / folder for study in studies]
    folders["claims"], folders["report"] = [results / "claims"], [results / "report"]
    counted = [Jobs(stage, len(paths), sum((p / RECORD).is_file() for p in paths)) for stage, paths in folders.items()]
    return [one for one in [Jobs("download", downloads, 0), *counted] if one.jobs]

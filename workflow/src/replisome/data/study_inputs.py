"""Which files of the results a study's tables, its figures and the page are made from.

The rules ask for these files, the stages record what was in them, and the workflow compares: one list for all three.
Where a selection decides which files those are, it is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from os.path import exists
from pathlib import Path
from typing import Any

from replisome.config import declared
from replisome.config.grid import Run
from replisome.config.plan import Selection, StudyPlan
from replisome.config.search import HALVED, STEPS
from replisome.config.search_plan import compared_in
from replisome.data.splits import SPLITS
from replisome.tracking.stage_key import ACCEPTED, RECORD
from replisome.tracking.verify import read_verified

OF_RUN = ("config.json", "history.parquet", "validation.json", RECORD)  # what tables read of a training
LEFT_OUT = "left_out.json"  # beside the figures: by name of each that this configuration has nothing for, why


def for_selection(plan: StudyPlan, experiment: str, root: Path) -> list[str]:
    """Return the scores that an experiment's candidates are compared by."""
    at = _below(root)
    return [f"{at}{run.directory}/validation.json" for run in plan.compared_runs(experiment)]


def for_search(plan: StudyPlan, experiment: str, step: str, root: Path) -> list[str]:
    """Return the scores that a step of a search compares, in the order of :func:`compared_in`."""
    at = _below(root)
    part = "/pilot" if step == HALVED else ""
    return [f"{at}{run.directory}{part}/validation.json" for run in compared_in(plan, experiment, step)]


def searches(plan: StudyPlan, root: Path) -> list[str]:
    """Return what came of the searches of a study's grids, step by step."""
    at = _below(root)
    return [f"{at}{plan.name}/search/{name}/{step}/search.json" for name in plan.searches for step in STEPS]


def for_tables(plan: StudyPlan, selection: Selection, root: Path) -> list[str]:
    """Return what a study's tables are made from: all that its runs left, the selections, and the prepared data."""
    at = _below(root)
    runs = [f"{at}{run.directory}/{name}" for run in plan.runs for name in OF_RUN]
    return [*runs, *_read_from_runs(plan, selection, root), *_data(plan, root), *_notes(plan, root)]


def for_figures(plan: StudyPlan, selection: Selection, root: Path) -> list[str]:
    """Return what a study's figures are made from: the tidy table, what runs left beside it, and the prepared data."""
    at = _below(root)
    tidy = f"{at}{plan.name}/tables/metrics.parquet"
    return [tidy, *_read_from_runs(plan, selection, root), *_data(plan, root), *_notes(plan, root)]


def for_claims(plan: StudyPlan, selection: Selection, root: Path) -> list[str]:
    """Return what a study's claims are judged by: what its figures are drawn from, and the records of its runs."""
    at = _below(root)
    statistics = [f"{at}{plan.name}/{recipe}/stats.json" for recipe in plan.recipes]
    return [*for_figures(plan, selection, root), *_records(plan, root), *statistics]


def verdicts_of(studies: Iterable[str], root: Path) -> list[str]:
    """Return the verdicts of studies."""
    at = _below(root)
    return [f"{at}{study}/claims.json" for study in studies]


def for_page(plans: Iterable[StudyPlan], root: Path) -> list[str]:
    """Return what the page shows of its studies: tables, figures, selections, cards, and where the runs were trained.

    One of a study's selections need not be made again for its tables to be asked for, so the page asks for all.
    """
    at = _below(root)
    plans = list(plans)
    found = [f"{at}claims/{RECORD}"]
    if any(plan.rounds for plan in plans):
        found.append(f"{at}rounds/{RECORD}")
    for plan in plans:
        study, implementation = f"{at}{plan.name}", plan.implementation.name
        found += [f"{study}/tables/{name}" for name in ("study.json", "metrics.parquet")]
        found += [f"{study}/tables/{name}.csv" for name in declared.tables(implementation)]
        found += [f"{study}/figures/{n}.{kind}" for n in declared.figures(implementation) for kind in ("png", "svg")]
        found += [f"{study}/figures/{LEFT_OUT}"]
        # Their records say what was in the files behind them, which the index of the results lists.
        found += [f"{study}/{name}/{RECORD}" for name in ("tables", "figures", "claims")]
        found += [*selections(plan, root), *verdicts_of([plan.name], root)]
        found += [f"{study}/{recipe}/card.json" for recipe in plan.recipes]
        found += _records(plan, root)
        found += _notes(plan, root)
    return found


def selections(plan: StudyPlan, root: Path) -> list[str]:
    """Return the selections of all of a study's experiments."""
    at = _below(root)
    return [f"{at}{plan.name}/selection/{name}/selection.json" for name in plan.experiments]


def selections_of(plan: StudyPlan, root: Path) -> Selection:
    """Return a function from an experiment's name to its selection as it lies in the results."""

    def selection(experiment: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = read_verified(
            root / plan.name / "selection" / experiment / "selection.json"
        )["recipes"]
        return found

    return selection


def tests(runs: Iterable[Run], root: Path) -> list[str]:
    """Return the scores of these runs on test, and their predictions of validation and test."""
    at = _below(root)
    names = ("metrics.json", "predictions.parquet")
    return [f"{at}{run.directory}/test/{name}" for run in runs for name in names]


def explanations(runs: Iterable[Run], root: Path) -> list[str]:
    """Return the explanations of these runs."""
    at = _below(root)
    return [f"{at}{run.directory}/explanation/explanation.parquet" for run in runs]


def _below(root: Path) -> str:
    """Return what paths below a folder begin with: there are too many of them for objects."""
    return "" if root == Path() else f"{root}/"


def _records(plan: StudyPlan, root: Path) -> list[str]:
    at = _below(root)
    return [f"{at}{run.directory}/{RECORD}" for run in plan.runs]


def _read_from_runs(plan: StudyPlan, selection: Selection, root: Path) -> list[str]:
    return [
        *tests(plan.tested_runs(selection), root),
        *explanations(plan.explained_runs(selection), root),
        *selections(plan, root),
    ]


def _data(plan: StudyPlan, root: Path) -> list[str]:
    at = _below(root)
    names = [f"{name}.parquet" for name in (*SPLITS, *plan.implementation.shared)]
    return [f"{at}{plan.name}/{recipe}/{name}" for recipe in plan.recipes for name in (*names, "card.json")]


def _notes(plan: StudyPlan, root: Path) -> list[str]:
    """Return the notes beside results that someone took as they are: tables mark those."""
    at = _below(root)
    parts = ("", "/test", "/explanation")
    folders = [f"{at}{run.directory}{part}" for run in plan.runs for part in parts]
    folders += [f"{at}{plan.name}/{recipe}" for recipe in plan.recipes]
    return [note for note in (f"{folder}/{ACCEPTED}" for folder in folders) if exists(note)]

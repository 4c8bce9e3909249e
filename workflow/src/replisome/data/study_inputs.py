"""Which files of the results a study's tables, its figures and the page are made from.

The rules ask for these files, the stages record what was in them, and the workflow compares: one list for all three.
Where a selection decides which files those are, it is given.
"""

from __future__ import annotations

from collections.abc import Iterable
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

LEFT_OUT = "left_out.json"  # beside the figures: by name of each that this configuration has nothing for, why


def for_selection(plan: StudyPlan, experiment: str, root: Path) -> list[Path]:
    """Return the scores that an experiment's candidates are compared by."""
    return [root / run.directory / "validation.json" for run in plan.compared_runs(experiment)]


def for_search(plan: StudyPlan, experiment: str, step: str, root: Path) -> list[Path]:
    """Return the scores that a step of a search compares, in the order of :func:`compared_in`."""
    part = "pilot" if step == HALVED else ""
    return [root / run.directory / part / "validation.json" for run in compared_in(plan, experiment, step)]


def searches(plan: StudyPlan, root: Path) -> list[Path]:
    """Return what came of the searches of a study's grids, step by step."""
    return [root / plan.name / "search" / name / step / "search.json" for name in plan.searches for step in STEPS]


def for_tables(plan: StudyPlan, selection: Selection, root: Path) -> list[Path]:
    """Return what a study's tables are made from: all that its runs left, the selections, and the prepared data."""
    names = ("config.json", "history.parquet", "validation.json", RECORD)
    runs = [root / run.directory / name for run in plan.runs for name in names]
    return [*runs, *_read_from_runs(plan, selection, root), *_data(plan, root), *_notes(plan, root)]


def for_figures(plan: StudyPlan, selection: Selection, root: Path) -> list[Path]:
    """Return what a study's figures are made from: the tidy table, what runs left beside it, and the prepared data."""
    tidy = root / plan.name / "tables" / "metrics.parquet"
    return [tidy, *_read_from_runs(plan, selection, root), *_data(plan, root), *_notes(plan, root)]


def for_claims(plan: StudyPlan, selection: Selection, root: Path) -> list[Path]:
    """Return what a study's claims are judged by: what its figures are drawn from, and the records of its runs."""
    records = [root / run.directory / RECORD for run in plan.runs]
    return [*for_figures(plan, selection, root), *records, *(root / plan.name / r / "stats.json" for r in plan.recipes)]


def verdicts_of(studies: Iterable[str], root: Path) -> list[Path]:
    """Return the verdicts of studies."""
    return [root / study / "claims.json" for study in studies]


def for_page(plans: Iterable[StudyPlan], root: Path) -> list[Path]:
    """Return what the page shows of its studies: tables, figures, selections, cards, and where the runs were trained.

    One of a study's selections need not be made again for its tables to be asked for, so the page asks for all.
    """
    plans = list(plans)
    found = [root / "claims" / RECORD]
    if any(plan.rounds for plan in plans):
        found.append(root / "rounds" / RECORD)
    for plan in plans:
        study, implementation = root / plan.name, plan.implementation.name
        found += [study / "tables" / name for name in ("study.json", "metrics.parquet")]
        found += [study / "tables" / f"{name}.csv" for name in declared.tables(implementation)]
        found += [
            study / "figures" / f"{n}.{kind}" for n in declared.figures(implementation) for kind in ("png", "svg")
        ]
        found += [study / "figures" / LEFT_OUT]
        # Their records say what was in the files behind them, which the index of the results lists.
        found += [study / name / RECORD for name in ("tables", "figures", "claims")]
        found += [*selections(plan, root), *verdicts_of([plan.name], root)]
        found += [study / recipe / "card.json" for recipe in plan.recipes]
        found += [root / run.directory / RECORD for run in plan.runs]
        found += _notes(plan, root)
    return found


def selections(plan: StudyPlan, root: Path) -> list[Path]:
    """Return the selections of all of a study's experiments."""
    return [root / plan.name / "selection" / name / "selection.json" for name in plan.experiments]


def selections_of(plan: StudyPlan, root: Path) -> Selection:
    """Return a function from an experiment's name to its selection as it lies in the results."""

    def selection(experiment: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = read_verified(
            root / plan.name / "selection" / experiment / "selection.json"
        )["recipes"]
        return found

    return selection


def tests(runs: Iterable[Run], root: Path) -> list[Path]:
    """Return the scores of these runs on test, and their predictions of validation and test."""
    return [root / run.directory / "test" / name for run in runs for name in ("metrics.json", "predictions.parquet")]


def explanations(runs: Iterable[Run], root: Path) -> list[Path]:
    """Return the explanations of these runs."""
    return [root / run.directory / "explanation" / "explanation.parquet" for run in runs]


def _read_from_runs(plan: StudyPlan, selection: Selection, root: Path) -> list[Path]:
    return [
        *tests(plan.tested_runs(selection), root),
        *explanations(plan.explained_runs(selection), root),
        *selections(plan, root),
    ]


def _data(plan: StudyPlan, root: Path) -> list[Path]:
    names = [f"{name}.parquet" for name in (*SPLITS, *plan.implementation.shared)]
    return [root / plan.name / recipe / name for recipe in plan.recipes for name in (*names, "card.json")]


def _notes(plan: StudyPlan, root: Path) -> list[Path]:
    """Return the notes beside results that someone took as they are: tables mark those."""
    folders = [root / run.directory / part for run in plan.runs for part in ("", "test", "explanation")]
    folders += [root / plan.name / recipe for recipe in plan.recipes]
    return [folder / ACCEPTED for folder in folders if (folder / ACCEPTED).exists()]

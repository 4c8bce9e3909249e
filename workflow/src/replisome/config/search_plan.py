"""What a search of a grid needs to know of the plan: which runs begin, and which candidates it may not drop."""

from __future__ import annotations

from typing import Any

from replisome.config.budget import Budget
from replisome.config.claims import arms_in
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.config.rounds import Configuration
from replisome.config.search import HALVED, searched_groups

RunKey = tuple[str, str, str, str, int]  # what the wildcards of the training rule say


def first_runs(plan: StudyPlan, experiment: str) -> list[Run]:
    """Return the runs that a search compares: of each candidate of a group that is searched, the first seed's."""
    runs = plan.runs_of[experiment]
    groups = searched_groups(runs)
    found: dict[Configuration, Run] = {}
    for run in runs:
        if (run.recipe, run.model) in groups:
            found.setdefault((run.recipe, run.model, run.slug), run)
    return list(found.values())


def compared_in(plan: StudyPlan, experiment: str, step: str) -> list[Run]:
    """Return the runs that a step of a search compares.

    Args:
        plan: of the study; for ``finalists`` with the outcome of ``halved``.
        experiment: whose grids are searched.
        step: "halved" or "finalists".
    """
    if step == HALVED:
        return first_runs(plan, experiment)
    groups = plan.settings["searched"][experiment][HALVED]
    return [run for run in plan.runs_of[experiment] if run.model in groups.get(run.recipe, ())]


def never_dropped(plan: StudyPlan, experiment: str) -> list[Configuration]:
    """Return the candidates of an experiment that a claim names, or another experiment has too."""
    own = {(run.recipe, run.model, run.slug) for run in plan.runs_of[experiment]}
    named = {
        (place["recipe"], place["model"], place["slug"])
        for claim in plan.claims
        for found in claim["found"].values()
        for place in found["places"][: len(arms_in(claim["ask"]))]
    }
    others = {
        (run.recipe, run.model, run.slug) for name, runs in plan.runs_of.items() if name != experiment for run in runs
    }
    return sorted(own & (named | others))


def search_settings(plan: StudyPlan, experiment: str) -> dict[str, Any]:
    """Return the settings that the search of an experiment depends on: its selection's, and what it may not drop."""
    kept = [list(candidate) for candidate in never_dropped(plan, experiment)]
    return {**plan.selection_settings(experiment), "never_dropped": kept}


def first_rounds(plan: StudyPlan) -> dict[RunKey, int]:
    """Return by a run's key after how many rounds a search first looks at it; runs that none looks at are not there."""
    found: dict[RunKey, int] = {}
    for name, search in plan.searches.items():
        for run in first_runs(plan, name):
            rounds = search.first_rounds(Budget.of(run.settings["budget"]))
            found[run.key] = max(rounds, found.get(run.key, 0))
    return found

"""Whether what lies in a results folder is what a study's plan says, before a table, figure or page is made from it."""

from __future__ import annotations

from replisome.analysis.results import StudyResults
from replisome.data.prepared import check_recipe
from replisome.errors import ReplisomeError
from replisome.io import canonical_json
from replisome.tracking.expected import require
from replisome.tracking.stage_key import text_hash


def require_planned(study: StudyResults) -> None:
    """Refuse results that are not of this plan: runs, what was read from them, selections and prepared data.

    Raises:
        ReplisomeError: names the folder, and the settings that differ.
    """
    plan, root = study.plan, study.root
    for recipe, block in plan.recipes.items():
        check_recipe({"recipe": {"name": recipe, **block}}, root / plan.name / recipe)
    for experiment in plan.experiments:
        folder = root / plan.name / "selection" / experiment
        require(folder, "select", plan.selection_settings(experiment), "study.json")
    for run in plan.runs:
        resolved, folder = study.resolved(run), root / run.directory
        require(folder, "train", resolved.settings, "config.json")
        if run.key in study.asked:
            require(folder / "test", "evaluate", resolved.evaluation, "../config.json")
        if run.key in study.explained:
            require(folder / "explanation", "explain", resolved.settings, "../config.json")


def require_tables(study: StudyResults) -> None:
    """Refuse tables that were made from other settings than the study's, or by other code.

    Raises:
        ReplisomeError: names the folder.
    """
    require(study.root / study.plan.name / "tables", "summarise", dict(study.plan.settings), "study.json")


def require_drawn(study: StudyResults, planned: str) -> None:
    """Refuse tables and figures that are not of the study that a page is to show.

    Args:
        study: as its tables have it.
        planned: the hash of the settings that the page is to be about.

    Raises:
        ReplisomeError: names the folder.
    """
    folder = study.root / study.plan.name
    if text_hash(canonical_json(study.plan.settings)) != planned:
        raise ReplisomeError(
            f"{folder / 'tables'}: the tables are of other settings than this call plans; run the same command again."
        )
    require_tables(study)
    require(folder / "figures", "figures", dict(study.plan.settings))

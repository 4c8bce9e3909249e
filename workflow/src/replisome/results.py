"""What a study's tables and figures are made from: its plan and the files that its runs left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from replisome.grid import Run
from replisome.io import read_json, read_parquet
from replisome.plan import StudyPlan


@dataclass(frozen=True)
class StudyResults:
    """A study's plan and results folder. ``metrics`` is the tidy table that :mod:`replisome.stages.summarise` makes."""

    plan: StudyPlan
    root: Path
    metrics: pd.DataFrame

    @classmethod
    def open(cls, settings: Path, root: Path, metrics: pd.DataFrame | None = None) -> StudyResults:
        """Open the results below ``root`` of the study in ``settings`` (study.json)."""
        plan = StudyPlan(read_json(settings), {})
        if metrics is None:
            metrics = read_parquet(root / plan.name / "tables" / "metrics.parquet")[0].to_pandas()
        return cls(plan, root, metrics)

    @cached_property
    def cards(self) -> Mapping[str, Mapping[str, Any]]:
        """Data cards by recipe."""
        return {recipe: read_json(self.root / self.plan.name / recipe / "card.json") for recipe in self.plan.recipes}

    def selection(self, experiment: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return an experiment's candidates by recipe, best on validation first."""
        path = self.root / self.plan.name / "selection" / experiment / "selection.json"
        recipes: Mapping[str, Sequence[Mapping[str, Any]]] = read_json(path)["recipes"]
        return recipes

    def best_runs(self, recipe: str) -> list[Run]:
        """Return the runs, one a seed, of the model with the best mean validation score under a recipe.

        Experiments of one recipe are compared by the same score; the first experiment's counts where they differ.
        """
        found: list[tuple[float, str, str, str]] = []
        sign = 1.0
        for experiment in self.plan.experiments:
            candidates = self.selection(experiment).get(recipe, [])
            if candidates and candidates[0]["mean"] is not None:
                metric = self.plan.experiments[experiment]["select"]["metric"]
                sign = -1.0 if self.plan.implementation.metrics[metric] == "max" else 1.0
                best = candidates[0]
                found.append((sign * best["mean"], experiment, best["model"], best["slug"]))
        if not found:
            return []
        _, experiment, model, slug = min(found)
        runs = self.plan.runs_of[experiment]
        return [run for run in runs if (run.recipe, run.model, run.slug) == (recipe, model, slug)]

    def predictions(self, run: Run) -> pd.DataFrame | None:
        """Return a run's test predictions in the order of the split, or None where it was not tested."""
        path = self.root / run.directory / "test" / "predictions.parquet"
        return read_parquet(path)[0].to_pandas() if path.exists() else None

    def claim(self, identifier: str) -> float | None:
        """Return the value that a source reports, or None where the claims file has no such claim."""
        values = {claim["id"]: claim["value"] for claim in self.plan.settings["claims"]}
        return values.get(identifier)

    def pick(self, **where: Any) -> pd.DataFrame:
        """Return the rows of ``metrics`` in which every named column has the given value."""
        rows = self.metrics
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return rows

"""What a study's tables and figures are made from: its plan and the files that its runs left."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from replisome.analysis.tidy import LONG
from replisome.config.catalogue import part
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.data.parquet import read_parquet
from replisome.data.prepared import DataCard
from replisome.io import read_json
from replisome.tracking.verify import read_verified

Made = TypeVar("Made")
VariantKey = tuple[str, str, str]  # recipe, model and slug of runs that differ in their seed only


class Candidate(NamedTuple):
    """A model of an experiment and its mean validation score over seeds."""

    experiment: str
    model: str
    slug: str
    metric: str
    mean: float


@dataclass(frozen=True)
class StudyResults:
    """A study's plan and results folder. ``metrics`` is the tidy table that :mod:`replisome.stages.summarise` makes.

    :meth:`once` keeps what several tables or figures of one call need.
    """

    plan: StudyPlan
    root: Path
    metrics: pd.DataFrame
    _made: dict[Hashable, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, settings: Path, root: Path, metrics: pd.DataFrame | None = None) -> StudyResults:
        """Open the results below ``root`` of the study in ``settings`` (study.json)."""
        plan = StudyPlan(read_json(settings), {})
        if metrics is None:
            metrics = read_parquet(root / plan.name / "tables" / "metrics.parquet", long=LONG)[0].to_pandas()
        return cls(plan, root, metrics)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make`` gives; it is called for a key once, however many tables or figures ask."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def part(self, module: str) -> ModuleType:
        """Return a module of the study's own code."""
        return part(self.plan.implementation.name, module)

    @cached_property
    def cards(self) -> Mapping[str, Mapping[str, Any]]:
        """Data cards by recipe, with what a study adds to them; :meth:`card` is the part that all have."""
        return {
            recipe: read_verified(self.root / self.plan.name / recipe / "card.json") for recipe in self.plan.recipes
        }

    def card(self, recipe: str) -> DataCard:
        """Return the part of a recipe's data card that all studies have."""
        return cast(DataCard, self.cards[recipe])

    def selection(self, experiment: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return an experiment's candidates by recipe, best on validation first."""
        return self.selections[experiment]

    @cached_property
    def selections(self) -> Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]:
        """The selections of all experiments, each read once."""
        folder = self.root / self.plan.name / "selection"
        return {name: read_verified(folder / name / "selection.json")["recipes"] for name in self.plan.experiments}

    def resolved(self, run: Run) -> Run:
        """Return a run with what it inherits from the winner of another experiment."""
        return self.plan.resolve(run, self.selection)

    def prepared(self, recipe: str, split: str) -> tuple[pa.Table, dict[str, Any]]:
        """Return the rows of a split of a prepared recipe, and their metadata."""
        return read_parquet(self.root / self.plan.name / recipe / f"{split}.parquet")

    def explanation(self, run: Run) -> tuple[pd.DataFrame, dict[str, Any]] | None:
        """Return what a run's ``explain`` stage left, and its metadata.

        None where it was not to be explained, or where it diverged.
        """
        if run.key not in self.explained:
            return None
        table, metadata = read_parquet(self.root / run.directory / "explanation" / "explanation.parquet")
        return None if metadata.get("diverged") else (table.to_pandas(), metadata)

    def best_candidate(self, recipe: str) -> Candidate | None:
        """Return the model with the best mean validation score under a recipe, over all experiments that use it.

        Experiments are compared by the score of the first of them; others with another score do not take part.
        """
        found: list[Candidate] = []
        for experiment, block in self.plan.experiments.items():
            metric = block["select"]["metric"]
            for best in self.selection(experiment).get(recipe, [])[:1]:
                if best["mean"] is not None and (not found or metric == found[0].metric):
                    found.append(Candidate(experiment, best["model"], best["slug"], metric, best["mean"]))
        if not found:
            return None
        larger = self.plan.implementation.score(found[0].metric).better == "max"
        return (max if larger else min)(found, key=lambda candidate: candidate.mean)

    def best_runs(self, recipe: str) -> list[Run]:
        """Return the runs, one a seed, of :meth:`best_candidate`."""
        best = self.best_candidate(recipe)
        if best is None:
            return []
        runs = self.plan.runs_of[best.experiment]
        return [run for run in runs if (run.recipe, run.model, run.slug) == (recipe, best.model, best.slug)]

    @cached_property
    def diverged(self) -> frozenset[VariantKey]:
        """Recipe, model and slug of what has no scores: a seed's loss is not a number at the weights that are tested.

        Their means over seeds are none either: those over the seeds that are left would be means of another thing.
        """
        return frozenset(
            (run.recipe, run.model, run.slug)
            for run in self.plan.runs
            if any((run.recipe, run.model, run.slug, role) in self.lost for role in (run.weights, "final"))
        )

    @cached_property
    def lost(self) -> frozenset[tuple[str, str, str, str]]:
        """Recipe, model, slug and role of scores that are not a number for some seed, whatever weights they are of."""
        losses = self.pick(metric="loss")
        rows = losses[losses["value"].isna() & (losses["role"] != "curve")]
        columns = ("recipe", "model", "hyperparameters", "role")
        return frozenset(zip(*(rows[column] for column in columns), strict=True))

    @cached_property
    def asked(self) -> frozenset[tuple[str, str, str, str, int]]:
        """Keys of the runs whose test split was to be scored, those that diverged among them."""
        return frozenset(run.key for run in self.plan.tested_runs(self.selection))

    @cached_property
    def tested(self) -> frozenset[tuple[str, str, str, str, int]]:
        """Keys of the runs whose test split was scored, but for those that :attr:`diverged`: they have no answers."""
        return frozenset(key for key in self.asked if key[1:4] not in self.diverged)

    @cached_property
    def explained(self) -> frozenset[tuple[str, str, str, str, int]]:
        """Keys of the runs that were to be explained."""
        return frozenset(run.key for run in self.plan.explained_runs(self.selection))

    def tested_weights(self, run: Run) -> tuple[str, ...]:
        """Return the weights that a run's test split was scored with, those that the selection goes by first."""
        return self.plan.by_key[run.key].tested_weights

    def predictions(self, run: Run, weights: str | None = None, split: str = "test") -> pd.DataFrame | None:
        """Return what a run predicts of a split, in its order, or None where there is nothing (:attr:`tested`).

        Args:
            run: one of the study's runs.
            weights: "best" or "last"; by default those that the run's selection goes by.
            split: "test" or "validation", of which columns that are kept of the test split alone are left out.
        """
        weights = weights or run.weights
        if run.key not in self.tested or weights not in self.tested_weights(run):
            return None
        return rows_predicted(self.root / run.directory / "test" / "predictions.parquet", weights, split)

    def predictions_of(
        self, runs: Sequence[Run], weights: str | None = None, split: str = "test"
    ) -> list[pd.DataFrame]:
        """Return what runs predict of a split, as :meth:`predictions` does, those that have nothing left out."""
        return [table for table in (self.predictions(run, weights, split) for run in runs) if table is not None]

    def claims_of(self, recipe: str, report: str) -> list[Mapping[str, Any]]:
        """Return what a report claims, as the claims file has it, where its numbers may stand beside a recipe's.

        Args:
            recipe: under which they are shown: a report says nothing of a control, nor of other data than its own.
            report: "report A", "report B", ...

        Returns:
            The claims; none where the report does not speak of such data.
        """
        if self.cards[recipe]["control"] or not self.part("predictions").paper_speaks_of(self, recipe):
            return []
        claims: Sequence[Mapping[str, Any]] = self.plan.settings["claims"]
        return [claim for claim in claims if claim.get("paper", {}).get("report") == report]

    @cached_property
    def _places(self) -> Mapping[Hashable, Any]:
        """By variant, where its rows stand in ``metrics``, each once: two experiments may share a run."""
        variant, row = ["recipe", "model", "hyperparameters"], ["seed", "split", "metric", "role", "epoch"]
        first = np.flatnonzero(~self.metrics.duplicated([*variant, *row]).to_numpy())
        groups = self.metrics[variant].take(first).groupby(variant, sort=False).indices
        return {key: first[at] for key, at in groups.items()}

    def _column(self, name: str) -> np.ndarray:
        """Return a column of ``metrics`` as an array; equal texts in it are one object, and no epoch is NaN."""

        def make() -> np.ndarray:
            column = self.metrics[name]
            if isinstance(column.dtype, pd.Int64Dtype):
                return column.to_numpy(dtype=float, na_value=np.nan)
            if not isinstance(column.dtype, pd.StringDtype):
                return column.to_numpy()
            codes, texts = pd.factorize(column, use_na_sentinel=False)
            return np.asarray(texts, dtype=object)[codes]

        return self.once(("column", name), make)

    def rows_of(self, variant: VariantKey) -> pd.DataFrame:
        """Return the rows of ``metrics`` that are of one variant, each once."""
        return self.metrics.take(self._places.get(variant, []))

    def column_of(self, variant: VariantKey, name: str) -> np.ndarray:
        """Return a column of a variant's rows. Many are asked for; taking rows of whole frames for each takes long."""
        column: np.ndarray = self._column(name)[self._places.get(variant, [])]
        return column

    def matching(self, variant: VariantKey, where: Mapping[str, Any]) -> np.ndarray:
        """Return the places among a variant's rows of those in which every named column has the given value."""
        found = np.ones(len(self._places.get(variant, [])), dtype=bool)
        for name, value in where.items():
            found &= np.asarray(self.column_of(variant, name) == value, dtype=bool)
        return np.flatnonzero(found)

    def pick(self, **where: Any) -> pd.DataFrame:
        """Return the rows of ``metrics`` in which every named column has the given value."""
        rows = self.metrics
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return rows


def rows_predicted(path: Path, weights: str, split: str) -> pd.DataFrame | None:
    """Return the rows of a predictions.parquet that are of one split and one kind of weights, in the split's order.

    None where there are none, because the run diverged. Columns that are kept of the other split alone are left out.
    """
    table, metadata = read_parquet(path)
    if metadata["diverged"][split][weights]:
        return None
    rows = table.filter(pc.and_(pc.equal(table["split"], split), pc.equal(table["weights"], weights)))
    empty = [name for name in rows.column_names if rows[name].null_count == len(rows)]
    predictions: pd.DataFrame = rows.drop(["split", "weights", *empty]).to_pandas()
    return predictions

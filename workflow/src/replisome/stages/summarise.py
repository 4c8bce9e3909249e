"""Gather what the runs left into one tidy table, and make the study's tables from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from replisome.analysis.planned import require_planned
from replisome.analysis.results import StudyResults
from replisome.config.budget import Budget
from replisome.config.declared import tables
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.data.parquet import read_parquet, write_parquet
from replisome.data.study_inputs import for_tables
from replisome.io import canonical_json, read_json, write_text
from replisome.tracking.record import Record

COLUMNS = [
    *("study", "recipe", "protocol", "control", "stand_in", "experiment", "model", "hyperparameters", "settings"),
    *("budget", "reduced", "seed", "split", "metric", "role", "epoch", "step", "value"),
]


def run(settings: Path, results: Path, out: Path) -> None:
    """Write metrics.parquet, one CSV a table of the study, and provenance.json to ``out``.

    metrics.parquet has one row per run, split, metric and epoch; ``hyperparameters`` is the run's slug, ``settings`` is
    all its hyperparameters and training settings as JSON. ``role`` says what a value is: "curve" (every epoch), "best"
    and "last" (validation at those epochs), "final" (the one reading of the test split), "cost".
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("summarise", identity)
    plan = StudyPlan(identity, {})
    cards = {recipe: read_json(results / plan.name / recipe / "card.json") for recipe in plan.recipes}
    study = StudyResults.open(settings, results, pd.DataFrame(columns=COLUMNS))
    require_planned(study)
    tested = {item.key for item in plan.tested_runs(study.selection)}
    rows = [
        {**_about(plan, experiment, study.resolved(item), cards[item.recipe]), **row}
        for experiment, runs in plan.runs_of.items()
        for item in runs
        for row in _rows(results / item.directory, item.key in tested, item.weights)
    ]
    metrics = pd.DataFrame(rows, columns=COLUMNS).astype({"epoch": "Int64", "step": "Int64", "value": "float64"})
    write_parquet(out / "metrics.parquet", pa.Table.from_pandas(metrics, preserve_index=False))
    study = StudyResults(plan, results, metrics)
    for name, table in tables(plan.implementation.name).items():
        write_text(out / f"{name}.csv", table.function()(study).to_csv(index=False, float_format="%.6g"))
    record.write(out / "provenance.json", for_tables(plan, study.selection, results))


def _about(plan: StudyPlan, experiment: str, run: Run, card: dict[str, Any]) -> dict[str, Any]:
    origin = card["origin"]
    return {
        "study": run.study,
        "recipe": run.recipe,
        "protocol": card["protocol"],
        "control": card["control"] is not None,
        "stand_in": bool(origin and origin["stand_in"]),
        "experiment": experiment,
        "model": run.model,
        "hyperparameters": run.slug,
        "settings": canonical_json({**run.settings["training"], **run.settings["hyperparameters"]}),
        "budget": str(Budget.of(run.settings["budget"])),
        "reduced": plan.reduced(experiment),
        "seed": run.seed,
    }


def _rows(folder: Path, tested: bool, weights: str) -> Iterator[dict[str, Any]]:
    history = read_parquet(folder / "history.parquet")[0].to_pandas()
    validation, provenance = read_json(folder / "validation.json"), read_json(folder / "provenance.json")
    # A score of one part of the targets (metric.part) has a best and a last value; hundreds of such curves help nobody.
    for column in (c for c in history.columns.difference(["epoch", "step"], sort=False) if "." not in c):
        split, _, metric = (
            column.partition("_") if column.startswith(("train_", "validation_", "test_")) else (("run", "", column))
        )
        for epoch, step, value in zip(history["epoch"], history["step"], history[column], strict=True):
            yield {"split": split, "metric": metric, "role": "curve", "epoch": epoch, "step": step, "value": value}
    steps = dict(zip(history["epoch"], history["step"], strict=True))
    for role in ("best", "last"):
        epoch = validation[f"{role}_epoch"]
        at = {"split": "validation", "role": role, "epoch": epoch, "step": steps[epoch]}
        yield from ({**at, "metric": metric, "value": value} for metric, value in validation[role].items())
    cost = {
        "parameters": provenance["parameters"]["total"],
        "seconds_training": float(history["seconds_training"].sum()),
        "seconds_evaluation": float(history["seconds_evaluation"].sum()),
        "peak_memory_bytes": provenance["device_memory_bytes"] or provenance["peak_memory_bytes"],
        "items": provenance["items"],
        **{f"parameters.{layer}": count for layer, count in provenance["parameters"]["layers"].items()},
    }
    yield from ({"split": "run", "role": "cost", "metric": name, "value": value} for name, value in cost.items())
    if tested:  # what lies there is read only if it was asked for: it may be left from earlier weights
        test = read_json(folder / "test" / "metrics.json")
        epoch = validation[f"{weights}_epoch"]
        at = {"split": "test", "role": "final", "epoch": epoch, "step": steps[epoch]}
        yield from ({**at, "metric": metric, "value": value} for metric, value in test["scores"].items())

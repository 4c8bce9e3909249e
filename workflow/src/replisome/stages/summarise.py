"""Gather what the runs left into one tidy table, and make the study's tables from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from replisome.analysis.planned import require_planned
from replisome.analysis.results import StudyResults
from replisome.analysis.run_rows import ending_of, read_left, rows_of
from replisome.analysis.statistics import at_level
from replisome.analysis.tidy import LONG, Tidy
from replisome.config.budget import Budget
from replisome.config.declared import tables
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.data.parquet import write_parquet
from replisome.data.study_inputs import for_tables
from replisome.io import canonical_json, read_json, write_text
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified

COLUMNS = [
    *("study", "recipe", "protocol", "control", "stand_in", "experiment", "model", "hyperparameters", "settings"),
    *("budget", "reduced", "seed", "stopped", "made_with", "split", "metric", "role", "epoch", "step", "value"),
]


def run(settings: Path, results: Path, out: Path) -> None:
    """Write metrics.parquet, one CSV a table of the study, and provenance.json to ``out``.

    metrics.parquet has one row per run, split, metric and epoch; ``hyperparameters`` is the run's slug, ``settings`` is
    all its hyperparameters and training settings as JSON. ``role`` says what a value is: "curve" (every epoch), "best"
    and "last" (validation at those epochs), "final" (test, with the weights that the selection goes by), "final_best"
    or "final_last" (test, with the other weights, where an experiment asks for both), "cost". ``stopped`` says why a
    run ended before its budget, ``made_with`` with what versions, on what device and in what precision it was trained.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("summarise", identity)
    plan = StudyPlan(identity, {})
    cards = {recipe: read_verified(results / plan.name / recipe / "card.json") for recipe in plan.recipes}
    study = StudyResults.open(settings, results, pd.DataFrame(columns=COLUMNS))
    require_planned(study)
    tested = {item.key: item.tested_weights for item in plan.tested_runs(study.selection)}
    tidy = Tidy()
    for experiment, runs in plan.runs_of.items():
        reduced = plan.reduced(experiment)
        for item in runs:
            left = read_left(results / item.directory, tested.get(item.key, ()))
            about = _about(experiment, study.resolved(item), cards[item.recipe])
            tidy.add({**about, "reduced": reduced, **ending_of(left)}, rows_of(left, item.weights))
    metrics = tidy.table(COLUMNS)
    plain = metrics.astype(dict.fromkeys(LONG, "str"))  # whoever reads the file finds texts, not categories
    write_parquet(out / "metrics.parquet", pa.Table.from_pandas(plain, preserve_index=False))
    del plain
    study = StudyResults(plan, results, metrics)
    with at_level(plan.level):
        for name, table in tables(plan.implementation.name).items():
            write_text(out / f"{name}.csv", table.function()(study).to_csv(index=False, float_format="%.6g"))
    record.write(out / "provenance.json", for_tables(plan, study.selection, results))


def _about(experiment: str, run: Run, card: dict[str, Any]) -> dict[str, Any]:
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
        "seed": run.seed,
    }

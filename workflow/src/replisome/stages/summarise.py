"""Gather what the runs left into one tidy table, and make the study's tables from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from replisome.analysis.planned import require_planned
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import final_role
from replisome.analysis.statistics import at_level
from replisome.config.budget import Budget
from replisome.config.declared import tables
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.data.parquet import read_parquet, write_parquet
from replisome.data.splits import SPLITS, TRAIN_SAMPLE
from replisome.data.study_inputs import for_tables
from replisome.io import canonical_json, read_json, write_text
from replisome.tracking.record import Record
from replisome.tracking.verify import read_record, read_verified

COLUMNS = [
    *("study", "recipe", "protocol", "control", "stand_in", "experiment", "model", "hyperparameters", "settings"),
    *("budget", "reduced", "seed", "stopped", "made_with", "split", "metric", "role", "epoch", "step", "value"),
]
# What the numbers of a run depend on; other packages draw, or hold tables.
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn")


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
    rows = []
    for experiment, runs in plan.runs_of.items():
        for item in runs:
            left = _read(results / item.directory, tested.get(item.key, ()))
            about = {**_about(plan, experiment, study.resolved(item), cards[item.recipe]), **_ending(left)}
            rows += [{**about, **row} for row in _rows(left, item.weights)]
    metrics = pd.DataFrame(rows, columns=COLUMNS).astype({"epoch": "Int64", "step": "Int64", "value": "float64"})
    write_parquet(out / "metrics.parquet", pa.Table.from_pandas(metrics, preserve_index=False))
    study = StudyResults(plan, results, metrics)
    with at_level(plan.level):
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


class Left(NamedTuple):
    """What a run left: its files, each read once; ``test`` is None where the test split was not to be scored."""

    history: pd.DataFrame
    validation: dict[str, Any]
    record: dict[str, Any]
    tested: Sequence[str]
    test: dict[str, Any] | None


def _read(folder: Path, tested: Sequence[str]) -> Left:
    """Read what a run left; scores that were not asked for may be of earlier weights, and are not looked at."""
    return Left(
        read_parquet(folder / "history.parquet")[0].to_pandas(),
        read_verified(folder / "validation.json"),
        read_record(folder / "provenance.json"),
        tested,
        read_verified(folder / "test" / "metrics.json") if tested else None,
    )


def _ending(left: Left) -> dict[str, str | None]:
    """Return why a run stopped, if it did, and with what it was made."""
    stopped, record = left.validation["stopped"], left.record
    if left.test:
        stopped = left.test["diverged"][left.test["weights"]] or stopped
    made_with = [f"{name} {record['packages'][name]}" for name in PACKAGES if name in record["packages"]]
    kind = "device cpu" if record["device"] == "cpu" else "device cuda"
    return {"stopped": stopped, "made_with": ", ".join([*made_with, kind, f"precision {record['precision']}"])}


def _rows(left: Left, weights: str) -> Iterator[dict[str, Any]]:
    history, validation, record = left.history, left.validation, left.record
    # A score of one part of the targets (metric.part) has a best and a last value; hundreds of such curves help nobody.
    for column in (c for c in history.columns.difference(["epoch", "step"], sort=False) if "." not in c):
        split = next((name for name in (TRAIN_SAMPLE, *SPLITS) if column.startswith(f"{name}_")), "run")
        metric = column.removeprefix(f"{split}_")
        for epoch, step, value in zip(history["epoch"], history["step"], history[column], strict=True):
            yield {"split": split, "metric": metric, "role": "curve", "epoch": epoch, "step": step, "value": value}
    # Where all rounds diverged no epoch is best.
    steps = {None: None, **dict(zip(history["epoch"], history["step"], strict=True))}
    for role in ("best", "last"):
        epoch = validation[f"{role}_epoch"]
        at = {"split": "validation", "role": role, "epoch": epoch, "step": steps[epoch]}
        yield from ({**at, "metric": metric, "value": value} for metric, value in validation[role].items())
    cost = {
        "parameters": record["parameters"]["total"],
        "seconds_training": float(history["seconds_training"].sum()),
        "seconds_evaluation": float(history["seconds_evaluation"].sum()),
        "peak_memory_bytes": record["device_memory_bytes"] or record["peak_memory_bytes"],
        "items": record["items"],
        **{f"parameters.{layer}": count for layer, count in record["parameters"]["layers"].items()},
    }
    yield from ({"split": "run", "role": "cost", "metric": name, "value": value} for name, value in cost.items())
    for kind in left.tested:
        assert left.test is not None  # it was read
        role = final_role(weights, kind)
        epoch, scores = validation[f"{kind}_epoch"], left.test["scores"] if role == "final" else left.test["also"][kind]
        at = {"split": "test", "role": role, "epoch": epoch, "step": steps[epoch]}
        yield from ({**at, "metric": metric, "value": value} for metric, value in scores.items())

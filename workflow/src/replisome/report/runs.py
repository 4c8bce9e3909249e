"""All runs in one table, and how each was trained: the page beside the report that a reader sorts and filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from replisome.analysis.results import StudyResults
from replisome.config.grid import Run
from replisome.report.numbers import short
from replisome.tracking.verify import read_record

POINTS = 60  # of a curve, at most
SPARK = (90, 20)  # width and height of the small curve
ABOUT = ["budget", "stopped"]  # columns that say the same in all rows of a run
FIGURES = 5  # of a point of a curve


def run_rows(studies: Sequence[StudyResults]) -> list[dict[str, Any]]:
    """Return a row a run: its settings, what it scored, how long it took, why it stopped, and its curve.

    Args:
        studies: in the order of the page.

    Returns:
        Scores are those that the run's selection goes by, in the unit of the column ``score``; the test score is of
        the weights that the selection goes by, and is empty where the test split was not read.
    """
    return [row for study in studies for row in _of_study(study)]


def _of_study(study: StudyResults) -> list[dict[str, Any]]:
    metrics, keys = study.metrics, ["recipe", "model", "hyperparameters", "seed"]
    first = metrics.drop_duplicates(keys)
    names = first[keys].itertuples(index=False, name=None)
    abouts: dict[Any, Any] = dict(zip(names, first[ABOUT].to_dict("records"), strict=True))
    # Filtering the table for each run would take minutes where there are thousands: it is cut into columns once.
    of_curves = (metrics["role"] == "curve") & (metrics["split"] == "validation")
    ends = metrics["role"].isin(["final", "cost"])
    rows = metrics[of_curves | ends].reset_index(drop=True)
    places = rows.groupby(keys, sort=False).indices
    columns = {name: rows[name].to_numpy() for name in ("role", "metric", "value")}
    columns |= {name: rows[name].to_numpy(dtype=float, na_value=np.nan) for name in ("epoch", "step")}
    found = []
    for run in study.plan.runs:
        key = run.key[1:]
        if key in abouts:
            at = places.get(key, [])
            found.append(_row(study, run, abouts[key], {name: column[at] for name, column in columns.items()}))
    return found


def _row(study: StudyResults, run: Run, about: Mapping[str, Any], rows: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the row of a run; ``rows`` are its curves on validation and its last scores, by column."""
    score = study.plan.implementation.score(run.settings["select"]["metric"])
    own = rows["metric"] == score.name
    # Two experiments may share a run, and its rows stand twice.
    epochs, once = np.unique(rows["epoch"][own & (rows["role"] == "curve")], return_index=True)
    curve = np.flatnonzero(own & (rows["role"] == "curve"))[once]
    at = "step" if "steps" in run.settings["budget"] else "epoch"
    validation, test = rows["value"][curve], rows["value"][own & (rows["role"] == "final")]
    known = ~np.isnan(validation)
    points = [
        (float(x), float(score.scale * y)) for x, y in zip(rows[at][curve][known], validation[known], strict=True)
    ]
    best = (validation[known].max() if score.better == "max" else validation[known].min()) if known.any() else None
    seconds = rows["value"][(rows["metric"] == "seconds_training") & (rows["role"] == "cost")]
    record = read_record(study.root / run.directory / "provenance.json")
    return {
        "study": study.plan.name,
        "recipe": run.recipe,
        "model": run.model,
        "settings": ", ".join(run.slug.replace("=", " ").split("+")),
        "seed": run.seed,
        "score": score.heading,
        "validation": _scaled(best, score.scale),
        "test": _scaled(test[0] if len(test) else None, score.scale),
        "rounds": len(epochs),
        "seconds": _written(seconds[0] if len(seconds) else None),
        "budget": str(about["budget"]),
        "stopped": about["stopped"] if isinstance(about["stopped"], str) else "whole budget",
        "date": record["ended"][:10],
        "link": f"{quote(run.directory)}/",
        "at": at,
        "curve": thinned(points),
        "spark": spark(points),
    }


def _scaled(value: float | None, scale: float) -> dict[str, str]:
    return _written(None if value is None or pd.isna(value) else scale * value)


def _written(value: float | None) -> dict[str, str]:
    """Return a number as it is shown, and as it is sorted by."""
    if value is None or pd.isna(value):
        return {"text": "", "sort": ""}
    return {"text": short(float(value)), "sort": repr(float(value))}


def thinned(points: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Return x and y of a curve with at most ``POINTS`` points, the last among them."""
    step = -(-len(points) // POINTS) or 1
    kept = [*points[:-1:step], *points[-1:]]
    return [[x for x, _ in kept], [float(f"{y:.{FIGURES}g}") for _, y in kept]]


def spark(points: Sequence[tuple[float, float]]) -> str:
    """Return the points of a small curve as SVG has them; nothing of a curve of one point."""
    if len(points) < 2:
        return ""
    width, height = SPARK
    xs, ys = thinned(points)
    scaled = zip(_between(xs, 1, width - 1), _between(ys, height - 2, 2), strict=True)
    return " ".join(f"{x:.0f},{y:.1f}" for x, y in scaled)


def _between(values: Sequence[float], begin: float, end: float) -> list[float]:
    least, span = min(values), max(values) - min(values)
    return [begin + (end - begin) * ((value - least) / span if span else 0.5) for value in values]


def curves(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the chart needs of the runs, in the order of the table's rows."""
    return [
        {
            "name": f"{row['recipe']} {row['model']} {row['settings']}, seed {row['seed']}",
            "y": f"validation {row['score']}",
            "x": row["at"],
            "points": row["curve"],
        }
        for row in rows
    ]

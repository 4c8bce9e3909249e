"""All numbers of the runs of a results folder as one tidy table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from replisome.analysis.run_rows import ending_of, read_left, rows_of
from replisome.errors import ReplisomeError, did_you_mean

if TYPE_CHECKING:
    from replisome.api.results import Results
    from replisome.api.runs import Run

# By column of the table, what stands in it.
COLUMNS = {
    "study": "the study's name",
    "recipe": "the name of the recipe that prepared the data",
    "protocol": "reported (as the report did it, flaws included) or sound (leak-free)",
    "experiments": "the experiments that the run is part of, joined by ', '",
    "model": "the model's name",
    "hyperparameters": "what varies in its grid, as its path has it: k=v+k=v",
    "seed": "the seed",
    "split": "train, train_sample, validation or test; run for costs, and curves of learning rate and seconds",
    "weights": "best or last: the weights that were scored; missing in curves and costs",
    "selected": "whether these are the weights that the selection goes by",
    "score": "the score's name",
    "value": "in the task's own unit: shares from 0 to 1, losses as trained, seconds, bytes; NaN if not a number",
    "epoch": "the round that it is of, from 1; missing for costs",
    "step": "optimiser steps until then",
    "budget": "how long the run was to train",
    "reduced": "whether that is less than the full settings; missing where the results do not say yet",
    "control": "whether the data are simulated",
    "stand_in": "whether the data stand in for the official file",
    "remarks": "what a reader must know of the run's numbers; empty where there is nothing",
    "made_with": "versions, device and precision of training",
    "run": "the run's folder below the results folder",
}
ROLES = {"scores": ("best", "last", "final", "final_best", "final_last"), "curves": ("curve",), "costs": ("cost",)}
TYPES = {
    **dict.fromkeys(("epoch", "step"), "Int64"),
    **dict.fromkeys(("reduced", "selected"), "boolean"),
    "value": "float64",
}


def metrics(results: Results, what: str) -> pd.DataFrame:
    """Return the rows of all finished runs: "scores", "curves" or "costs".

    Raises:
        ReplisomeError: no such choice, or a run's file is damaged.
    """
    if what not in ROLES:
        raise ReplisomeError(f"metrics: there are no '{what}'{did_you_mean(what, ROLES)}")
    rows = [row for run in results.runs if run.finished for row in _rows(results, run, ROLES[what])]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(TYPES)


def _rows(results: Results, run: Run, roles: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    with run.read():
        card = results.card(run.study, run.recipe)
        origin = card["origin"]
        left = read_left(run.folder, run.tested_weights)
        about = {
            "study": run.study,
            "recipe": run.recipe,
            "protocol": run.protocol,
            "experiments": ", ".join(run.experiments),
            "model": run.model,
            "hyperparameters": run.slug,
            "seed": run.seed,
            "budget": run.budget,
            "reduced": results.reduced(run),
            "control": card["control"] is not None,
            "stand_in": bool(origin and origin["stand_in"]),
            "remarks": "; ".join(run.remarks),
            "made_with": ending_of(left)["made_with"],
            "run": run.name,
        }
        for row in rows_of(left, run.weights, curves="curve" in roles):
            if row["role"] in roles:
                weights = _weights(row["role"], run.weights)
                kept = {key: row.get(key) for key in ("split", "value", "epoch", "step")}
                selected = None if weights is None else weights == run.weights
                yield {**about, **kept, "score": row["metric"], "weights": weights, "selected": selected}


def _weights(role: str, selected: str) -> str | None:
    """Return the weights that a role of the tidy table speaks of."""
    if role in ("curve", "cost"):
        return None
    return selected if role == "final" else role.removeprefix("final_")

"""What a run left, and the rows of the tidy table that come of it: the one reader of a run's history and scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from replisome.analysis.scores import final_role
from replisome.data.parquet import read_parquet
from replisome.data.splits import SPLITS, TRAIN_SAMPLE
from replisome.tracking.verify import read_record, read_verified

# What the numbers of a run depend on; other packages draw, or hold tables.
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn")


class Left(NamedTuple):
    """What a run left: its files, each read once.

    ``history`` has a column a name, with a value a round; ``test`` is None where the test split was not to be scored.
    """

    history: Mapping[str, np.ndarray]
    validation: dict[str, Any]
    record: dict[str, Any]
    tested: Sequence[str]
    test: dict[str, Any] | None


def read_left(folder: Path, tested: Sequence[str]) -> Left:
    """Read what a run left; scores that were not asked for may be of earlier weights, and are not looked at."""
    record = read_record(folder / "provenance.json")
    history = read_parquet(folder / "history.parquet", record)[0]
    return Left(
        {name: history[name].to_numpy() for name in history.column_names},  # a frame takes longer to make than to read
        read_verified(folder / "validation.json", record),
        record,
        tested,
        read_verified(folder / "test" / "metrics.json") if tested else None,
    )


def ending_of(left: Left) -> dict[str, str | None]:
    """Return why a run stopped, if it did, and with what it was made."""
    stopped, record = left.validation["stopped"], left.record
    if left.test:
        stopped = left.test["diverged"][left.test["weights"]] or stopped
    made_with = [f"{name} {record['packages'][name]}" for name in PACKAGES if name in record["packages"]]
    kind = "device cpu" if record["device"] == "cpu" else "device cuda"
    return {"stopped": stopped, "made_with": ", ".join([*made_with, kind, f"precision {record['precision']}"])}


def rows_of(left: Left, weights: str, curves: bool = True) -> Iterator[dict[str, Any]]:
    """Yield a row a split, score and round of a run.

    Args:
        left: its files.
        weights: those that its selection goes by, "best" or "last".
        curves: whether each round has its rows; most rows are such.

    Yields:
        ``split``, ``metric``, ``role``, ``value`` and, but for costs, ``epoch`` and ``step``; what they mean,
        :func:`replisome.stages.summarise.run` says.
    """
    history, validation, record = left.history, left.validation, left.record
    if curves:
        yield from _curves(history)
    # Where all rounds diverged no epoch is best.
    steps = {None: None, **dict(zip(history["epoch"].tolist(), history["step"].tolist(), strict=True))}
    for role in ("best", "last"):
        epoch = validation[f"{role}_epoch"]
        at = {"split": "validation", "role": role, "epoch": epoch, "step": steps[epoch]}
        yield from ({**at, "metric": metric, "value": value} for metric, value in validation[role].items())
    cost = {
        "parameters": record["parameters"]["total"],
        "seconds_training": float(np.nansum(history["seconds_training"])),
        "seconds_evaluation": float(np.nansum(history["seconds_evaluation"])),
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


def _curves(history: Mapping[str, np.ndarray]) -> Iterator[dict[str, Any]]:
    epochs, steps = history["epoch"].tolist(), history["step"].tolist()
    # A score of one part of the targets (metric.part) has a best and a last value; hundreds of such curves help nobody.
    for column in (c for c in history if c not in ("epoch", "step") and "." not in c):
        split = next((name for name in (TRAIN_SAMPLE, *SPLITS) if column.startswith(f"{name}_")), "run")
        at = {"split": split, "metric": column.removeprefix(f"{split}_"), "role": "curve"}
        for epoch, step, value in zip(epochs, steps, history[column].tolist(), strict=True):
            yield {**at, "epoch": epoch, "step": step, "value": value}

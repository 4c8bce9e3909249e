"""Predictions as files: a table, its metadata, and what a study puts beside it; each whole or not there at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from replisome import __version__
from replisome.api.network import Network, tables
from replisome.data.parquet import write_parquet_stream
from replisome.errors import ReplisomeError
from replisome.io import atomic, read_json, write_json
from replisome.tracking.versions import package_versions
from replisome.training.new_data import Beside, batch_size
from replisome.training.precision import EVALUATION

ENDINGS = (".csv", ".parquet")


def check_out(out: Path, inputs: Sequence[Path]) -> None:
    """Refuse a file for the table before anything is computed for it.

    Args:
        out: the file.
        inputs: of the prediction.

    Raises:
        ReplisomeError: its ending is not known, its folder is not there or cannot be written to, it is a folder, or one
            of the inputs, or a JSON file of the user's beside it, would be overwritten.
    """
    if out.suffix not in ENDINGS:
        raise ReplisomeError(f"{out}: give an ending that says the form: .csv or .parquet.")
    if out.is_dir():
        raise ReplisomeError(f"{out}: is a folder; give a file in it.")
    if not out.absolute().parent.is_dir():
        raise ReplisomeError(f"{out.parent}: no such folder; make it first (mkdir -p {out.parent}).")
    if not os.access(out.absolute().parent, os.W_OK | os.X_OK):
        raise ReplisomeError(f"{out.parent}: cannot be written to; choose another folder for -o.")
    for path in inputs:
        if path.resolve() in (out.resolve(), out.with_suffix(".json").resolve()):
            raise ReplisomeError(f"{path}: is an input, and would be overwritten; choose another name for -o.")
    origin = out.with_suffix(".json")
    if origin.exists() and not _is_origin(origin):
        raise ReplisomeError(
            f"{origin}: is none that tells what a table was made from, and would be overwritten; choose another name "
            "for -o, or move it."
        )


def _is_origin(path: Path) -> bool:
    """Say whether a file is one that :func:`write` leaves beside a table."""
    try:
        found = read_json(path)
    except (ReplisomeError, OSError):
        return False
    return isinstance(found, dict) and found.keys() >= {"networks", "inputs", "replisome"}


def about(networks: Sequence[Network], inputs: Sequence[Path], size: int | None) -> dict[str, Any]:
    """Return what a table of predictions was made from, as JSON can hold it.

    Args:
        networks: that were asked.
        inputs: files and folders.
        size: items of a batch, or None for the evaluation's.

    Returns:
        Study, recipe, model, settings, the runs with the hashes of their weights, versions, device and batch.
    """
    first = networks[0]
    return {
        "study": first.config["implementation"],
        "recipe": first.config["recipe"].get("name"),
        "model": first.config["model"],
        "hyperparameters": first.config["hyperparameters"],
        "weights": first.weights,
        "networks": [{"run": str(one.run), "seed": one.config["seed"], "sha256": one.sha256} for one in networks],
        "inputs": [str(path) for path in inputs],
        "device": str(first.device),
        "precision": EVALUATION,
        "batch": size or batch_size(first.task),
        "replisome": __version__,
        "packages": package_versions(),
    }


def write(
    networks: Sequence[Network],
    inputs: Sequence[Path],
    out: Path,
    size: int | None = None,
    left_out: Mapping[str, str] | None = None,
    told: Callable[[int, float | None], None] | None = None,
) -> tuple[Beside, int]:
    """Write what networks say of files: the table, ``<stem>.json`` about it, and the study's further files.

    Args:
        networks: of runs that differ in their seed only.
        inputs: files and folders.
        out: the table, .csv or .parquet.
        size: items of a batch; None: as in the evaluation.
        left_out: siblings that were not asked, and why.
        told: is called after each batch with its number of items and the share of the input read so far, if known.

    Returns:
        The facts that were found on the way, and how many rows the table has.

    Raises:
        ReplisomeError: an input does not fit the run, or a file cannot be written; there is then no table.
    """
    beside = Beside(out, replaces=_is_origin(out.with_suffix(".json")))
    origin = about(networks, inputs, size)
    rows = 0
    with closing(tables(networks, inputs, beside, size, told)) as found:
        if out.suffix == ".csv":
            with atomic(out, "w") as handle:
                for table in found:
                    handle.write(as_csv(table, header=not rows))
                    rows += len(table)
        else:
            first = next(found)
            batches = chain.from_iterable(table.to_batches() for table in chain([first], found))
            rows = write_parquet_stream(out, first.schema, batches, origin)
    write_json(beside.path(".json"), {**origin, "left_out": dict(left_out or {}), "rows": rows, **beside.said})
    return beside, rows


def as_csv(table: pa.Table, header: bool) -> str:
    """Return a table as CSV, lines ended by LF; nothing stands for a missing value.

    Args:
        table: of numbers and text.
        header: whether the names of the columns come first.

    Returns:
        The text. Numbers have the fewest digits that tell them from their neighbours in their own precision.
    """
    text: str = table.to_pandas().to_csv(index=False, header=header, lineterminator="\n")
    return text

"""A user's own rows for a finished run: a CSV file with the columns of numbers that training had, and no labels.

The command ``replisome predict`` and ``replisome.load_model`` read, ask and write through these functions; a study
whose runs are not to be asked about other data has no such file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from replisome.config.catalogue import Output
from replisome.data.parquet import array_column
from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError
from replisome.studies._template.task import RowClassification, Rows
from replisome.training.new_data import Answer, Batch, Beside

INPUT = "CSV with a header and the columns of numbers that training had"


def read(
    task: RowClassification, inputs: Sequence[Path], size: int, device: torch.device, beside: Beside
) -> Iterator[Batch]:
    """Read CSV files in batches, scaled as the recipe says.

    Args:
        task: of the run's recipe, which takes rows of ``task.data.shape``.
        inputs: CSV files.
        size: rows of a batch.
        device: where tensors go.
        beside: takes nothing.

    Yields:
        Rows named by ``file`` and ``row``, which counts from 0.

    Raises:
        ReplisomeError: no rows, another number of columns, or a value that is no number.
    """
    (columns,) = task.data.shape
    mean, std = np.array(task.statistics["mean"]), np.array(task.statistics["std"])
    for path in inputs:
        table = _read_csv(path)
        if len(table.columns) != columns:
            raise ReplisomeError(
                f"{path}: has {len(table.columns)} columns ({', '.join(map(str, table))}); this run takes the "
                f"{columns} columns of numbers that training had, in the same order, without the label."
            )
        for start in range(0, len(table), size):
            rows = table.iloc[start : start + size].to_numpy(dtype=np.float32)
            features = torch.from_numpy(((rows - mean) / std).astype(np.float32)).to(device)
            split = Rows(features, torch.zeros(len(rows), dtype=torch.int64, device=device))
            names = {"file": np.full(len(rows), str(path), object), "row": np.arange(start, start + len(rows))}
            yield Batch(names, *split.batch(torch.arange(len(rows), device=device)))


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        with open_text(path) as handle:
            table = pd.read_csv(handle)
    except ValueError as error:
        raise ReplisomeError(f"{path}: is no CSV file with a header ({error}); correct it.") from None
    if table.empty:
        raise ReplisomeError(f"{path}: has no rows; give at least one below the header.")
    for name, column in table.items():
        if not pd.api.types.is_numeric_dtype(column) or column.isna().any():
            raise ReplisomeError(f"{path}: column '{name}' holds something else than numbers; correct or remove it.")
    return table


def answers(task: RowClassification, outputs: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
    """Return the probability of each class.

    Args:
        task: of the run's recipe.
        outputs: logits or probabilities (n, classes), float32.
        gives: which of the two.

    Returns:
        ``probability`` (n, classes), adding up to 1.
    """
    unknown = np.zeros(len(outputs), np.int64)
    return {"probability": task.predictions(outputs, unknown, gives)["probabilities"]}


def tabulate(task: RowClassification, answers: Iterator[Answer], beside: Beside) -> Iterator[pa.Table]:
    """Yield a row a row.

    Args:
        task: of the run's recipe.
        answers: probabilities.
        beside: takes nothing.

    Yields:
        ``file``, ``row``, ``predicted`` (the number of the likeliest class) and ``p_<class>``, of several networks with
        ``p_<class>_sd``.
    """
    for answer in answers:
        shares = answer.values["probability"]
        columns = {**answer.names, "predicted": shares.argmax(axis=1).astype(np.int16)}
        for number in range(shares.shape[1]):
            columns[f"p_{number}"] = shares[:, number]
            if answer.spread is not None:
                columns[f"p_{number}_sd"] = answer.spread["probability"][:, number]
        yield pa.table({name: array_column(values) for name, values in columns.items()})

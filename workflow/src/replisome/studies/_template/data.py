"""From a CSV file, or the control, to checked splits. Begin here when the data are your own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from replisome.data.duplicates import unleaked
from replisome.data.parquet import array_column
from replisome.data.prepared import Prepared
from replisome.data.raw_files import RawFile
from replisome.data.splits import SPLITS
from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError

SHARES = (0.7, 0.85)  # where training ends and where validation ends


class Source(NamedTuple):
    """What was read or drawn.

    Attributes:
        splits: by name, features (n, columns), float32, and labels (n,), int64.
        class_names: in the order of the labels.
        card: what more the data card says.
    """

    splits: dict[str, tuple[np.ndarray, np.ndarray]]
    class_names: tuple[str, ...]
    card: dict[str, Any]


def prepare(recipe: Mapping[str, Any], files: Mapping[str, RawFile]) -> Prepared:
    """Carry out a recipe: read or draw, drop leaks, compute statistics of the training split.

    Args:
        recipe: the recipe's block of the study's configuration, with its ``name``.
        files: the CSV file under the name of the recipe's data set; empty for a control.

    Returns:
        Of each split a row an item: ``features`` (float32, a fixed-size list) and ``label`` (int16).

    Raises:
        ReplisomeError: anything wrong with the file; the message names the file and what to do.
    """
    where, options = recipe["source"], recipe["source"].get("options", {})
    found = _draw(where["control"], options) if "control" in where else read(*files[where["dataset"]], **options)
    # A row of training that stands in test too would be recited, not predicted: it is dropped from training.
    keep = unleaked({name: [row.tobytes() for row in features] for name, (features, _) in found.splits.items()})
    splits = {name: (features[keep[name]], labels[keep[name]]) for name, (features, labels) in found.splits.items()}
    train, classes = splits["train"][0], len(found.class_names)
    zscore = recipe["normalisation"] == "zscore"
    spread = train.std(axis=0) if zscore else np.ones(train.shape[1])
    statistics = {
        "mean": (train.mean(axis=0) if zscore else np.zeros(train.shape[1])).tolist(),
        "std": np.where(spread > 0, spread, 1.0).tolist(),
        "classes": classes,
    }
    card = {  # the page shows class names and counts
        **found.card,
        "class_names": list(found.class_names),
        "counts": {name: np.bincount(labels, minlength=classes).tolist() for name, (_, labels) in splits.items()},
    }
    metadata = {"shape": [train.shape[1]], "dtype": "float32"}  # stands in the Parquet file itself
    return Prepared({name: (_table(*rows), metadata) for name, rows in splits.items()}, statistics, card)


def _table(features: np.ndarray, labels: np.ndarray) -> pa.Table:
    return pa.table({"features": array_column(features), "label": array_column(labels.astype(np.int16))})


def _draw(control: str, options: Mapping[str, Any]) -> Source:
    # By name: so a recipe on real data does not count as outdated when the control's code changes.
    drawn = getattr(importlib.import_module(f"{__package__}.control"), f"draw_{control}")(**options)
    ceiling = {"metric": "accuracy", "expected": drawn.ceiling, "oracle_on_this_draw": drawn.oracle}
    return Source(drawn.splits, drawn.class_names, {"ceiling": ceiling})


def read(raw: Path, entry: Mapping[str, Any], *, label: str = "label", seed: int = 0) -> Source:
    """Read a CSV file with a header: a column of class names, and columns of numbers.

    Args:
        raw: the file.
        entry: its entry in the ledger, config/datasets.yaml.
        label: the column of class names; an option of a recipe's source, like all that stands behind the star.
        seed: of the random split.

    Returns:
        The splits, and the class names in alphabetical order.

    Raises:
        ReplisomeError: no such column, a value missing or no number, or a class that training has no row of.
    """
    try:
        with open_text(raw) as handle:
            # A class may be called 5E10, or 007. Blank lines are dropped afterwards, so that rows are known by line.
            table = pd.read_csv(handle, dtype={label: str}, skip_blank_lines=False)
        if not isinstance(table.index, pd.RangeIndex):  # pandas takes what the header does not name for an index
            raise ValueError
    except ValueError:
        raise ReplisomeError(f"{raw}: a row has more cells than the header, or none has any; correct it.") from None
    table = table.dropna(how="all")
    if label not in table:
        raise ReplisomeError(
            f"{raw}: no column '{label}' (present: {', '.join(map(str, table))}); set the option 'label'."
        )
    for name, column in table.items():
        if column.isna().any():
            line = int(table.index.to_numpy()[column.isna().argmax()]) + 2
            raise ReplisomeError(f"{raw}: line {line}: no value in column '{name}'.")
        if name != label and not pd.api.types.is_numeric_dtype(column):
            raise ReplisomeError(f"{raw}: column '{name}' holds something else than numbers; remove it.")
    names, labels = np.unique(table[label].astype(str), return_inverse=True)
    features = table.drop(columns=label).to_numpy(dtype=np.float32)
    order = np.random.default_rng(seed).permutation(len(table))
    parts = np.split(order, [int(share * len(table)) for share in SHARES])
    unseen = set(range(len(names))) - set(labels[parts[0]].tolist())
    if unseen:
        raise ReplisomeError(f"{raw}: training has no row of class '{names[min(unseen)]}'; it cannot be learnt.")
    splits = {split: (features[rows], labels[rows]) for split, rows in zip(SPLITS, parts, strict=True)}
    return Source(splits, tuple(names.tolist()), {})

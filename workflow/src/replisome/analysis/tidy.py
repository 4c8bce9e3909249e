"""The tidy table, put together run by run: what is said of a whole run is kept once, until the table is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

NAMES, COUNTS = ("split", "metric", "role"), ("epoch", "step")
LONG = ("settings", "made_with")  # half of a table's memory, were each row to have its own


class Tidy:
    """Rows of many runs: as mappings they would take a hundred times the memory of the table."""

    def __init__(self) -> None:
        self._abouts: list[Mapping[str, Any]] = []
        self._lengths: list[int] = []
        self._names: dict[str, list[str]] = {name: [] for name in NAMES}
        self._numbers: dict[str, list[np.ndarray]] = {name: [] for name in (*COUNTS, "value")}

    def add(self, about: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Add a run.

        Args:
            about: the columns that are the same in all of its rows.
            rows: ``split``, ``metric``, ``role``, ``value`` and, where there are any, ``epoch`` and ``step`` of each.
        """
        rows = list(rows)
        self._abouts.append(about)
        self._lengths.append(len(rows))
        for name, names in self._names.items():
            names.extend(row[name] for row in rows)
        for name, numbers in self._numbers.items():
            numbers.append(np.array([row.get(name) for row in rows], dtype=float))  # None is NaN

    def table(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return the table with these columns, in this order; runs in the order in which they were added.

        Long texts that are the same in many rows are categories.
        """
        own = [name for name in columns if name not in self._names and name not in self._numbers]
        at = np.repeat(np.arange(len(self._abouts)), self._lengths)
        runs = pd.DataFrame(self._abouts, columns=own).astype({name: "category" for name in LONG if name in own})
        table = runs.take(at).reset_index(drop=True)
        for name, names in self._names.items():
            table[name] = names
        for name, numbers in self._numbers.items():
            table[name] = np.concatenate(numbers) if numbers else np.array([], dtype=float)
        return table.astype(dict.fromkeys(COUNTS, "Int64"))[list(columns)]

"""Tables as a reader wants them: numbers with their interval in one cell, and never wider than the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from replisome.report.numbers import MISSING, column_decimals, on_one_point, short, with_interval, written

ABOUT = ("recipe", "protocol", "data", "budget", "seeds", "weights")  # columns that say what a row was made with
MOST_ROWS = 200  # of a table on a page, over all its parts
HEAD_LINES = 2  # that a head takes, and what stands above it
NARROW = 66  # characters: beside such a table its caption has room
WIDTH = 118  # characters that stand beside each other on the page, in print too
LONGEST = 34  # characters of a text before it goes on in a second line
LONGEST_WORD = 24  # characters of a word that stays whole
PADDING = 2  # characters that a column takes beside its text
TURNED_ROWS = 6  # a table of so few rows is turned rather than split
NARROWEST = 12  # characters of a column whose head is a row's name
NAMES = ("recipe", "model", "experiment")  # columns that name a row
WRITTEN_NUMBER = r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?"  # as summarise writes numbers


@dataclass(frozen=True)
class Column:
    """A column as it is shown.

    Attributes:
        head: its name, with the unit.
        cells: texts, of numbers padded so that they stand on one point.
        beside: what stands beside each number, its interval; empty of texts.
        number: whether it holds numbers.
        width: how many characters it takes.
    """

    head: str
    cells: tuple[str, ...]
    beside: tuple[str, ...]
    number: bool
    width: int


class Cell(NamedTuple):
    """A cell as it is shown: its text, what stands beside it, whether it is a number, and its column's name."""

    text: str
    beside: str
    number: bool
    head: str

    @property
    def breaks(self) -> bool:
        """Say whether a word of it is so long that a line may end within it."""
        return max(map(len, self.text.split()), default=0) > LONGEST_WORD


@dataclass(frozen=True)
class Grid:
    """A part of a table that fits the page.

    Attributes:
        about: what holds of all its rows, and stands above it.
        columns: its columns; the first names the rows.
        turned: whether the rows of the table are columns here.
    """

    about: str
    columns: tuple[Column, ...]
    turned: bool = False

    @property
    def width(self) -> int:
        """How many characters it is wide."""
        return sum(column.width for column in self.columns)

    @property
    def heads(self) -> list[str]:
        """The names of the columns."""
        return [column.head for column in self.columns]

    @property
    def rows(self) -> list[list[Cell]]:
        """The cells, row by row."""
        return [
            [Cell(column.cells[row], column.beside[row], column.number, column.head) for column in self.columns]
            for row in range(len(self.columns[0].cells))
        ]


@dataclass(frozen=True)
class Shown:
    """A table on the page.

    Attributes:
        grids: its parts, each as wide as the page at most.
        rows: how many rows the table has.
        left: how many of them are in its file alone.
    """

    grids: tuple[Grid, ...]
    rows: int
    left: int

    @property
    def lines(self) -> int:
        """About how many lines it takes, with its heads."""
        return sum(len(grid.columns[0].cells) + HEAD_LINES for grid in self.grids)

    @property
    def is_narrow(self) -> bool:
        """Say whether its caption has room beside it."""
        return all(grid.width <= NARROW for grid in self.grids)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table; one that no run belongs in has no columns either."""
    if not path.read_text(encoding="utf-8").strip():
        return pd.DataFrame()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])  # a protein may be called NA
    return pd.DataFrame({name: _numbers_of(column) for name, column in frame.items()})


def _numbers_of(column: pd.Series[str]) -> pd.Series[Any]:
    """Return a column as numbers if all of it is written as tables write them: a chain called 5E10 is a name."""
    given = column.dropna()
    finite = given[~given.isin(["inf", "-inf"])]
    numbers = finite.str.fullmatch(WRITTEN_NUMBER).all() and (len(finite) > 0 or given.empty)
    return pd.to_numeric(column) if numbers else column


def show(frame: pd.DataFrame, most_rows: int = MOST_ROWS) -> Shown:
    """Return a table in parts that fit the page.

    There is a part a protocol, so that protocols never share a column; what is equal in all of its rows stands above. A
    table with one row a recipe compares the recipes themselves and stays whole. Columns ``x low`` and ``x high`` join
    ``x``; columns without a value go.

    Args:
        frame: as read from its file.
        most_rows: how many rows are shown; the file has the others.
    """
    first = frame.head(most_rows)
    if not {"recipe", "protocol"} <= set(first) or first["recipe"].is_unique:
        groups = [first]
    else:
        groups = [rows for _, rows in first.groupby("protocol", sort=False)]
    grids = [grid for rows in groups for grid in fitted(*_without_common(rows))]
    return Shown(tuple(grids), len(frame), len(frame) - len(first))


def _without_common(rows: pd.DataFrame) -> tuple[str, list[Column]]:
    """Return what is equal in all rows, in words, and the columns that are left; a single row keeps its own."""
    equal = [name for name in ABOUT if name in rows and rows[name].nunique(dropna=False) == 1]
    common = equal if len(rows) > 1 or "model" in rows else []
    said = "; ".join(f"{name} {_text(rows[name].iloc[0])}" for name in common if not pd.isna(rows[name].iloc[0]))
    return said, columns_of(rows.drop(columns=common))


def columns_of(frame: pd.DataFrame) -> list[Column]:
    """Return the columns of a table as they are shown."""
    frame = frame.dropna(axis="columns", how="all")
    bounds = {f"{name} {bound}" for name in frame for bound in ("low", "high")}
    return [_column(frame, str(name)) for name in frame if name not in bounds]


def _column(frame: pd.DataFrame, name: str) -> Column:
    values = frame[name]
    if not pd.api.types.is_numeric_dtype(values):
        cells = tuple(MISSING if pd.isna(value) else str(value) for value in values)
        beside = ("",) * len(cells)
    else:
        numbers = [float(value) for value in values]
        low, high = (_bound(frame, f"{name} {bound}") for bound in ("low", "high"))
        decimals = column_decimals(numbers)
        pairs = [
            with_interval(*three) if _has(three[1]) else (_plain(three[0], decimals), "")
            for three in zip(numbers, low, high, strict=True)
        ]
        cells, beside = tuple(on_one_point(one for one, _ in pairs)), tuple(other for _, other in pairs)
    width = max(len(cell) + len(more) + bool(more) for cell, more in zip(cells, beside, strict=True))
    wanted = min(width, LONGEST) if not beside[0] else width
    word = max(map(len, name.split()), default=0)
    return Column(name, cells, beside, pd.api.types.is_numeric_dtype(values), max(wanted, word) + PADDING)


def _bound(frame: pd.DataFrame, name: str) -> list[float | None]:
    return [float(value) for value in frame[name]] if name in frame else [None] * len(frame)


def _has(bound: float | None) -> bool:
    return bound is not None and not pd.isna(bound)


def _plain(value: float, decimals: int | None) -> str:
    return short(value) if decimals is None else written(value, decimals)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else short(float(value))


def fitted(about: str, columns: Sequence[Column], width: int = WIDTH) -> list[Grid]:
    """Return columns in parts that fit the page: whole, turned where there are few rows, else split.

    Args:
        about: what stands above.
        columns: of the table; those that name its rows begin each part.
        width: in characters.
    """
    if not columns:
        return []
    names = [column for column in columns if column.head in NAMES] or [columns[0]]
    others = [column for column in columns if column not in names]
    if sum(column.width for column in columns) <= width:
        return [Grid(about, (*names, *others))]
    if len(names[0].cells) <= TURNED_ROWS:
        turned = _turned(names, others)
        if sum(column.width for column in turned) <= width:
            return [Grid(about, tuple(turned), turned=True)]
    parts: list[list[Column]] = [[]]
    room = width - sum(column.width for column in names)
    for column in others:
        if parts[-1] and sum(one.width for one in parts[-1]) + column.width > room:
            parts.append([])
        parts[-1].append(column)
    return [Grid(about if not number else "", (*names, *part)) for number, part in enumerate(parts)]


def _turned(names: Sequence[Column], others: Sequence[Column]) -> list[Column]:
    """Return a table of few rows with a row for each of its columns: the rows' names become the heads."""
    heads = tuple(column.head for column in others)
    width = min(LONGEST_WORD, max(map(len, heads), default=0)) + PADDING
    found = [Column(", ".join(column.head for column in names), heads, ("",) * len(heads), False, width)]
    for row in range(len(names[0].cells)):
        cells = tuple(column.cells[row].strip() for column in others)
        beside = tuple(column.beside[row] for column in others)
        widest = max(
            min(NARROWEST, len(cell)) + len(more) + bool(more) for cell, more in zip(cells, beside, strict=True)
        )
        head = ", ".join(column.cells[row] for column in names)
        number = all(column.number for column in others)
        found.append(Column(head, cells, beside, number, max(widest, NARROWEST) + PADDING))
    return found


def as_rows(rows: Sequence[Mapping[str, Any]]) -> Shown:
    """Return rows of texts and numbers that we put together ourselves as a table, all of them shown."""
    frame = pd.DataFrame(list(rows))
    return show(frame, max(1, len(frame)))

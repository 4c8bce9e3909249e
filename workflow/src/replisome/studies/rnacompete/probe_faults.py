"""What is wrong with a probe table that cannot be used: line, experiment and value, found by reading it once more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError

SETS = ("SetA", "SetB")
LETTERS = "^[A-Za-z]+$"
SHORTEST = 10  # bases; motifs have six, and a k-mer model must have something to read
MISSING = ("NaN", "nan", "NA", "")  # how a probe without intensity is written
SHOWN = 41  # letters of a cell that a message shows


def first_fault(path: Path, set_column: str, sequence_column: str, experiments: Sequence[str]) -> ReplisomeError:
    """Return the error for the first line that is no probe; slow, so only for a table that could not be read.

    Args:
        path: the table; its first line that is not blank has the names of columns.
        set_column: the column that says which set a probe is of.
        sequence_column: the column of sequences.
        experiments: the columns of intensities that are read.
    """
    header: list[str] = []
    where = 0
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            cells = line.rstrip("\n").split("\t")
            if cells == [""]:
                continue
            if not header:
                header, where = cells, number
                continue
            at = f"{path}, line {number}"
            if len(cells) != len(header):
                return ReplisomeError(
                    f"{at}: has {len(cells)} cells where line {where} names {len(header)} columns; cells are separated "
                    "by tabs. Correct the line; if it is the last, the file may be cut off."
                )
            row = dict(zip(header, cells, strict=True))
            if row[set_column] not in SETS:
                said = row[set_column][:SHOWN]
                return ReplisomeError(f"{at}: {set_column} is '{said}', expected {' or '.join(SETS)}.")
            if not re.match(LETTERS, row[sequence_column]):
                said = row[sequence_column][:SHOWN]
                return ReplisomeError(f"{at}: '{said}' is not a sequence of letters; correct or remove it.")
            if len(row[sequence_column]) < SHORTEST:
                said = row[sequence_column]
                return ReplisomeError(f"{at}: the probe '{said}' has fewer than {SHORTEST} bases; remove it.")
            if not _are_numbers([row[name] for name in experiments]):
                name = next(name for name in experiments if not _are_numbers([row[name]]))
                return ReplisomeError(f"{at}, experiment {name}: {_about(row[name])}")
    return ReplisomeError(f"{path}: is no table of probes with cells separated by tabs; is this the right file?")


def _are_numbers(cells: Sequence[str]) -> bool:
    """Say whether cells are finite numbers, as Arrow reads them, or missing."""
    given = [cell.strip(" ") for cell in cells if cell not in MISSING]
    try:
        values = pa.array(given, pa.string()).cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return False
    return not np.isinf(values).any()


def _about(cell: str) -> str:
    """Return what is wrong with a cell that should be a number."""
    said = f"'{cell[:SHOWN]}'"
    if re.fullmatch(r" *[-+]?\d+,\d+ *", cell):
        return f"{said} has a comma; write numbers with a decimal point."
    what = "is not finite" if cell.strip(" +-").lower() in ("inf", "infinity") else "is not a number"
    return f"{said} {what}; write NaN where a probe has no intensity."

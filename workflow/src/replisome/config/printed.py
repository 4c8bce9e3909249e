"""Curves that a paper printed: ``config/studies/<study>/printed/<name>.csv``, with columns step and value."""

from __future__ import annotations

import csv
from pathlib import Path

from replisome.errors import ReplisomeError

COLUMNS = ["step", "value"]


def read_printed(path: Path) -> list[list[float]]:
    """Return steps and values of a printed curve (points, 2).

    Raises:
        ReplisomeError: the file is missing, or names the line that is not a step and a value.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    except OSError:
        raise ReplisomeError(f"{path}: no such file; a printed curve has the columns step and value.") from None
    if not rows or rows[0] != COLUMNS:
        raise ReplisomeError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}.")
    found = []
    for line, row in enumerate(rows[1:], start=2):
        try:
            step, value = row
            found.append([float(int(step)), float(value)])
        except ValueError:
            raise ReplisomeError(f"{path}, line {line}: {','.join(row)!r} is not a step and a value.") from None
    return found

"""What was in the files that a result was made from: names and hashes, on which neither clocks nor places have a say.

A file is named by its way from the folder of the record, so that a results folder moves as a whole. Where inputs do not
move with it (raw files), the stage gives them names of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from replisome.io import file_hash

File = str | Path
Inputs = Iterable[File] | Mapping[str, File]


def named(folder: File, inputs: Inputs) -> dict[str, File]:
    """Return inputs by name: those that have none are named by the way to them from ``folder``."""
    if isinstance(inputs, Mapping):
        return dict(inputs)
    start = os.path.abspath(folder).split(os.sep)
    ways: dict[str, str] = {}  # of the folders that they are in, which many share
    found: dict[str, File] = {}
    for file in inputs:
        place, name = os.path.split(file)
        if place not in ways:
            ways[place] = _way(start, os.path.abspath(place).split(os.sep))
        found[f"{ways[place]}{name}"] = file
    return found


def _way(start: Sequence[str], end: Sequence[str]) -> str:
    """Return the way from one folder to another, with a slash at its end, or nothing where they are the same.

    As ``os.path.relpath`` does, which takes five times as long: there may be ten thousands of folders.
    """
    differ = (n for n, (one, other) in enumerate(zip(start, end, strict=False)) if one != other)
    shared = next(differ, min(len(start), len(end)))
    return "".join(f"{part}/" for part in (*[".."] * (len(start) - shared), *end[shared:]))


def raw_name(raw: str | Path) -> str:
    """Return the name of a raw file among inputs, wherever downloads lie: data set, version and file."""
    return "/".join(Path(raw).parts[-3:])


def input_hashes(folder: File, inputs: Inputs) -> dict[str, str]:
    """Return by name ``sha256:<hexadecimal>`` of each input of the result in ``folder``."""
    return {name: f"sha256:{file_hash(Path(file))}" for name, file in named(folder, inputs).items()}

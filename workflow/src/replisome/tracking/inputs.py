"""What was in the files that a result was made from: names and hashes, on which neither clocks nor places have a say.

A file is named by its way from the folder of the record, so that a results folder moves as a whole. Where inputs do not
move with it (raw files), the stage gives them names of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from replisome.io import file_hash


def named(folder: Path, inputs: Iterable[Path] | Mapping[str, Path]) -> dict[str, Path]:
    """Return inputs by name: those that have none are named by the way to them from ``folder``."""
    if isinstance(inputs, Mapping):
        return dict(inputs)
    start = os.path.abspath(folder)
    return {Path(os.path.relpath(os.path.abspath(file), start)).as_posix(): Path(file) for file in inputs}


def raw_name(raw: str | Path) -> str:
    """Return the name of a raw file among inputs, wherever downloads lie: data set, version and file."""
    return "/".join(Path(raw).parts[-3:])


def input_hashes(folder: Path, inputs: Iterable[Path] | Mapping[str, Path]) -> dict[str, str]:
    """Return by name ``sha256:<hexadecimal>`` of each input of the result in ``folder``."""
    return {name: f"sha256:{file_hash(file)}" for name, file in named(folder, inputs).items()}

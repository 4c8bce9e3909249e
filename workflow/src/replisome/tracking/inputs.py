"""What was in the files that a result was made from: names and hashes, on which neither clocks nor places have a say.

A file is named by its way from the folder of the record, so that a results folder moves as a whole. Where inputs do not
move with it (raw files), the stage gives them names of its own.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from replisome.io import file_hash, write_text

SETTLED = 2.0  # seconds after its last change before a file's times are trusted: clocks of file systems are coarse


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


class HashCache:
    """Hashes of files, kept from call to call, since weights and prepared data are large.

    An entry holds as long as size, inode and both times stay: a copy, on this machine or another, has another inode and
    another time of change, which nobody can set. Files that changed just now are hashed again next time.
    """

    def __init__(self, path: Path) -> None:
        """Read the hashes that an earlier call left at ``path``; an unreadable file counts as none."""
        self.path = path
        self._changed = False
        try:
            self._known: dict[str, list[Any]] = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self._known = {}

    def hash(self, file: Path) -> str | None:
        """Return ``sha256:<hexadecimal>`` of a file, or None where there is none."""
        try:
            about = file.stat()
        except OSError:
            return None
        seen = [about.st_size, about.st_ino, about.st_mtime_ns, about.st_ctime_ns]
        key = os.path.abspath(file)
        match self._known.get(key):
            case [size, inode, modified, changed, str(digest)] if [size, inode, modified, changed] == seen:
                return digest
        digest = f"sha256:{file_hash(file)}"
        if about.st_ctime < time.time() - SETTLED:
            self._known[key] = [*seen, digest]
            self._changed = True
        return digest

    def save(self) -> None:
        """Write what is known of files that are still there, if that is news and the folder takes it."""
        if not self._changed or not self.path.parent.is_dir():
            return
        kept = {file: entry for file, entry in self._known.items() if os.path.exists(file)}
        write_text(self.path, json.dumps(kept))
        self._changed = False

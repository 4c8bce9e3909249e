"""Digests of files that are asked for at every call, remembered for as long as a file is untouched."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from replisome.errors import ReplisomeError
from replisome.io import file_hash, write_text

SETTLED = 2.0  # seconds after its last change until a file counts as untouched: clocks of file systems are coarse


class Digests:
    """Digests of files, each computed once while its file is untouched, and kept from call to call.

    Untouched means: size, inode, time of the content and time of the inode are the same. The last of these cannot be
    set, so that a copy, here or on another machine, is looked at anew. The store is never needed: where it cannot be
    read or written, digests are computed again.
    """

    def __init__(self, store: Path, compute: Callable[[Path, str], str] = file_hash) -> None:
        """Read what an earlier call left.

        Args:
            store: the file that digests are kept in.
            compute: gives a digest of a file, by its kind: the name of an algorithm, or what else it knows.
        """
        self._store = store
        self._compute = compute
        self._changed = False
        try:
            known = json.loads(store.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        # By folder, then by file, and texts, not lists: there may be a hundred thousand.
        self._known: dict[str, dict[str, str]] = {}
        if isinstance(known, dict):
            self._known = {name: files for name, files in known.items() if isinstance(files, dict)}

    def __call__(self, path: str | Path, kind: str = "sha256") -> str:
        """Return the digest of a file, of some kind."""
        about = os.stat(path)
        state = f"{about.st_size} {about.st_ino} {about.st_mtime_ns} {about.st_ctime_ns} "
        folder, name = os.path.split(os.path.join(os.getcwd(), path))
        files = self._known.setdefault(f"{kind} {folder}", {})
        kept = str(files.get(name))
        if kept.startswith(state):
            return kept[len(state) :]
        found = self._compute(Path(path), kind)
        if about.st_ctime < time.time() - SETTLED:
            files[sys.intern(name)] = state + found
            self._changed = True
        return found

    def of_input(self, path: str | Path) -> str | None:
        """Return ``sha256:<hexadecimal>`` of a file, as records have it, or None where there is none."""
        try:
            return f"sha256:{self(path)}"
        except OSError:
            return None

    def save(self) -> None:
        """Keep what is known of files that are still there, if that is news and the folder takes it."""
        if self._changed and self._store.parent.is_dir():
            kept = {of: _still_there(of.partition(" ")[2], files) for of, files in self._known.items()}
            with suppress(ReplisomeError):  # a folder of others, or a full disk
                write_text(self._store, json.dumps({of: files for of, files in kept.items() if files}))
            self._changed = False


def _still_there(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {name: entry for name, entry in files.items() if os.path.exists(os.path.join(folder, name))}

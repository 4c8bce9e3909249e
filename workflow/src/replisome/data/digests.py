"""Digests of files that are asked for at every call, remembered for as long as a file is untouched."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

from replisome.data.raw_files import Digest, digest
from replisome.errors import ReplisomeError
from replisome.io import write_json

STORE = ".digests.json"
SETTLED = 2.0  # seconds after its last change until a file counts as untouched: clocks of file systems are coarse


class Digests:
    """What :func:`replisome.data.raw_files.digest` gives, each computed once while its file is untouched.

    Untouched means: size, inode, time of the content and time of the inode are the same. The last of these cannot be
    set, so a file that was replaced by one of equal size and date is noticed. Between calls the digests are kept in a
    file in ``folder``, because hashing gigabytes at each planning is slow. That file is never needed: where it cannot
    be read or written, digests are computed again.
    """

    def __init__(self, folder: Path, compute: Digest = digest) -> None:
        self._store = folder / STORE
        self._compute = compute
        try:
            known = json.loads(self._store.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        self._known: dict[str, list[object]] = known if isinstance(known, dict) else {}

    def __call__(self, path: Path, kind: str) -> str:
        """Return the digest of a file; ``kind`` as for :func:`replisome.data.raw_files.digest`."""
        about = path.stat()
        state = [about.st_size, about.st_ino, about.st_mtime_ns, about.st_ctime_ns]
        name = f"{kind} {path.absolute()}"
        kept = self._known.get(name)
        if isinstance(kept, list) and kept[:-1] == state:
            return str(kept[-1])
        found = self._compute(path, kind)
        if about.st_ctime > time.time() - SETTLED:
            return found
        self._known[name] = [*state, found]
        if self._store.parent.is_dir():
            with suppress(ReplisomeError):  # a folder of others, or a full disk: hashed again next time
                write_json(self._store, self._known)
        return found

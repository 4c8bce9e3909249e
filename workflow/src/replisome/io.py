"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from replisome import processes
from replisome.errors import ReplisomeError

LEFT_OVER = 24 * 3600  # seconds after which a temporary file is taken for one of a writer that was killed
_WRITER = re.compile(r"@(?P<host>[^@]*)@(?P<process>[0-9]+)\.[^.]*\.tmp$")
_GUARDS: dict[str, Callable[[], None]] = {}  # by folder, what must not raise before a file appears in it

DISK_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file-size limit was reached",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission was denied",
    errno.EPERM: "the operation is not permitted",
    errno.EIO: "the device reported an input/output error",
}


def disk_error(path: Path, error: OSError) -> ReplisomeError:
    """Turn an operating-system error on ``path`` into a message that says what to do."""
    what = DISK_ERRORS.get(error.errno or 0, error.strerror or str(error))
    return ReplisomeError(
        f"{path}: cannot write: {what}. Free some space or choose another folder (--config results_dir=PATH, for "
        "downloads resources_dir=PATH), then run the same command again; finished work is kept."
    )


@contextmanager
def atomic(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary file beside ``path`` and rename it to ``path`` only if the block ends well.

    Raises:
        ReplisomeError: the file cannot be written (full disk, read-only folder); nothing is left behind.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{path.name}@{platform.node()}@{os.getpid()}."
        descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, mode, encoding=None if "b" in mode else "utf-8") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        temporary.chmod(0o666 & ~_umask())
        _ask_guards(path)
        temporary.replace(path)
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise
        raise disk_error(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def rename(path: Path, new: Path) -> None:
    """Give a file another name in its folder, where whoever guards the folder (:func:`guard`) allows it."""
    _ask_guards(new)
    path.replace(new)


def guard(folder: Path, check: Callable[[], None]) -> None:
    """Have ``check`` called before each file that is put into a folder here; what it raises keeps it out."""
    _GUARDS[os.path.abspath(folder)] = check


def unguard(folder: Path) -> None:
    """Let files into a folder unasked again."""
    _GUARDS.pop(os.path.abspath(folder), None)


def _ask_guards(path: Path) -> None:
    place = os.path.abspath(path)
    for folder, check in list(_GUARDS.items()):
        if place.startswith(f"{folder}{os.sep}"):
            check()


def clear_leftovers(folder: Path) -> None:
    """Delete the temporary files in a folder that writers killed on the way left there.

    A file is left over if its writer was a process of this machine that runs no more, or if it is older than a day.
    """
    for path in folder.glob(".*.tmp"):
        found = _WRITER.search(path.name)
        with suppress(FileNotFoundError):  # another process may clear the same folder
            old = time.time() - path.stat().st_mtime > LEFT_OVER
            if old or (found and found["host"] == platform.node() and not processes.runs(int(found["process"]))):
                path.unlink()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def write_text(path: Path, text: str) -> None:
    """Write ``text`` atomically as UTF-8."""
    with atomic(path, "w") as handle:
        handle.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` atomically as indented JSON with sorted keys; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces, so that equal settings are equal strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def finite_or_none(scores: Mapping[str, float]) -> dict[str, float | None]:
    """Return scores as JSON can hold them: None where one is NaN or infinite."""
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        ReplisomeError: the file is missing or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReplisomeError(f"{path}: no such file; run the stage that makes it first.") from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise ReplisomeError(f"{path}: not a JSON file.") from None
    except json.JSONDecodeError as error:
        raise ReplisomeError(f"{path}: not valid JSON (line {error.lineno}): {error.msg}.") from None


def file_hash(path: Path, algorithm: str = "sha256") -> str:
    """Return the hexadecimal digest of a file, read in pieces."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, algorithm).hexdigest()


def require_writable(folder: Path, key: str) -> None:
    """Refuse a folder that cannot be written to, or made, before any work is done for it; ``key`` configures it.

    Raises:
        ReplisomeError: names the existing folder that is in the way.
    """
    path = folder.absolute()
    while not os.path.exists(path):  # says no, unlike Path.exists, where a parent may not be looked into
        path = path.parent
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        raise ReplisomeError(
            f"{path}: cannot be written to; make it writable or choose another folder with --config {key}=PATH."
        )

"""What a later stage reads is what an earlier one wrote: files are compared with the hashes recorded beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import canonical_json, file_hash, read_json
from replisome.tracking.stage_key import ACCEPTED, RECORD

DIGEST = "digest"  # the key of a record under which the hash of its other keys stands
NO_OUTPUT = (RECORD, ACCEPTED, "checkpoint.pt")  # the last goes when its run is complete


def output_hashes(folder: Path, also: Sequence[Path] = ()) -> dict[str, str]:
    """Return by name ``sha256:<hexadecimal>`` of each file of a result that is complete but for its record.

    Args:
        folder: that the stage filled.
        also: files that it wrote beside the folder, called like it: ``claims.json`` beside ``claims``.
    """
    inside = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in NO_OUTPUT)
    files = [*inside, *also]
    return {path.name: f"sha256:{file_hash(path)}" for path in files if not path.name.startswith(".")}


def verified(path: Path, known: Mapping[str, Any] | None = None) -> Path:
    """Return ``path``, once the file holds what the record beside it says; a file that no record names passes.

    ``known`` is that record, where the caller has read it.

    Raises:
        ReplisomeError: a bit flipped, somebody edited the file, or a stage was cut off between file and record.
    """
    if known is not None:
        return _as_recorded(path, known)
    record = path.with_name(RECORD)
    if (path.with_suffix("") / RECORD).exists():  # a file that stands beside the folder of its stage
        record = path.with_suffix("") / RECORD
    if not record.exists() or not path.exists():
        return path
    return _as_recorded(path, read_record(record))


def _as_recorded(path: Path, record: Mapping[str, Any]) -> Path:
    expected = record.get("outputs", {}).get(path.name)
    if expected is not None and (found := f"sha256:{file_hash(path)}") != expected:
        raise ReplisomeError(
            f"{path}: is not what was written (found {found}, recorded {expected}): the file is damaged or was edited. "
            "Delete it and run the same command again."
        )
    return path


def read_verified(path: str | Path, known: Mapping[str, Any] | None = None) -> Any:
    """Read JSON that :func:`verified` accepts."""
    return read_json(verified(Path(path), known))


def read_record(path: Path) -> dict[str, Any]:
    """Read a provenance.json, which holds a hash of itself; one of an earlier version has none.

    Raises:
        ReplisomeError: it is missing, damaged or edited.
    """
    try:
        record = read_json(path)
    except ReplisomeError:
        if not path.exists():
            raise
        record = None  # it is there, and no JSON any more
    if not isinstance(record, dict) or record.get(DIGEST, None if "outputs" in record else "") not in (
        "",
        record_digest(record),
    ):
        raise ReplisomeError(
            f"{path}: is not what was written: it is damaged or was edited. Delete it and run the same command again."
        )
    return record


def record_digest(record: Mapping[str, Any]) -> str:
    """Return the hash of a record's keys but its own."""
    content = canonical_json({key: value for key, value in record.items() if key != DIGEST})
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"

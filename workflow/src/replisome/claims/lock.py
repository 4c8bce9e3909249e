"""The verdicts that a repository has committed, and what has changed since: for CI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import read_json, write_json

FORM = "replisome/claims-lock/1"


def write_lock(path: Path, claims: Sequence[Mapping[str, Any]]) -> None:
    """Write the verdict of each claim by protocol, for :func:`changes` to compare with."""
    write_json(path, {"schema": FORM, "verdicts": _words(claims)})


def changes(path: Path, claims: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return in what the verdicts differ from those that a lock file holds, a line each.

    Args:
        path: the lock file.
        claims: as written in claims.json.

    Raises:
        ReplisomeError: the file is not there, or is not a lock file.
    """
    if not path.exists():
        raise ReplisomeError(f"{path}: no such file; 'replisome claims RESULTS --lock {path}' writes it.")
    lock = read_json(path)
    if not isinstance(lock, dict) or lock.get("schema") != FORM or not isinstance(lock.get("verdicts"), dict):
        raise ReplisomeError(
            f"{path}: is not a lock of verdicts; write one with 'replisome claims RESULTS --lock FILE'."
        )
    before, now = lock["verdicts"], _words(claims)
    found = []
    for name in sorted(before.keys() | now.keys()):
        one, two = before.get(name), now.get(name)
        if one != two:
            found.append(f"{name}: {one or 'no such claim'} -> {two or 'no such claim'}")
    return found


def _words(claims: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {
        f"{claim['study']}/{claim['id']} ({protocol})": verdict["verdict"]
        for claim in claims
        for protocol, verdict in claim["verdicts"].items()
    }

"""Whether a raw file in place is still the one that a person gave, or that the ledger pins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from replisome.data.raw_files import Digest, by_hand, digest, find, is_gzip, is_stand_in, mismatch, origin_file
from replisome.errors import ReplisomeError
from replisome.io import read_json


def places(raw: Path, entry: Mapping[str, Any], mirror: Path | None) -> Iterator[Path]:
    """Yield the folders where a person may have put the file that belongs at ``raw``, best first."""
    yield by_hand(raw).parent
    if mirror is not None:
        yield mirror / entry["study"]


def why_anew(
    raw: Path, entry: Mapping[str, Any], stand_in: bool, mirror: Path | None, digest: Digest = digest
) -> str | None:
    """Return why the file at ``raw`` is to be taken anew, or None where it is right or nothing better can be had.

    A file with a pinned checksum must have it, whoever put it there. One without must hold what lies in the by-hand
    folder or the mirror, if anything does; another compression of the same content is no difference.

    Args:
        raw: the copy below the resources folder; where there is none, there is nothing to compare.
        entry: of the ledger.
        stand_in: whether ``raw`` is the entry's stand-in.
        mirror: a folder with ``<study>/<file>``, or None.
        digest: computes or remembers digests.

    Returns:
        The reason, for people, or None.
    """
    if not raw.is_file():
        return None
    if not stand_in and is_stand_in(raw, entry, digest):
        return f"{raw} is the stand-in and not the official file"
    checksum = (entry["stand_in"] if stand_in else entry)["checksum"]
    found = (find(folder, entry, stand_in, digest) for folder in places(raw, entry, mirror))
    given = next((path for path in found if path and mismatch(path, checksum, digest) is None), None)
    if wrong := mismatch(raw, checksum, digest):
        to_be_had = given is not None or (entry["addresses"] and not stand_in)
        return f"{raw}: found {wrong}, the ledger has {checksum}" if to_be_had else None
    if given is None:
        return None
    if checksum is None and not _same_content(given, raw, digest):
        return f"{given} is not the file that {raw} was copied from"
    return None if digest(raw, "sha256") == _recorded(raw) else f"{raw} changed since it was copied from {given}"


def _same_content(one: Path, other: Path, digest: Digest) -> bool:
    if digest(one, "sha256") == digest(other, "sha256"):
        return True
    if not is_gzip(one) and not is_gzip(other):
        return False
    try:
        return digest(one, "content-sha256") == digest(other, "content-sha256")
    except ReplisomeError:  # a damaged one
        return False


def _recorded(raw: Path) -> str | None:
    """Return the SHA-256 of a raw file when it was put in place, or None where that is not known."""
    try:
        return str(read_json(origin_file(raw))["sha256"])
    except (ReplisomeError, KeyError, TypeError):
        return None

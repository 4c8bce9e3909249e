"""Where raw files lie, and when a stand-in takes an official file's place."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Any, NamedTuple

from replisome.errors import ReplisomeError
from replisome.io import file_hash

STAND_IN = "stand-in"  # the folder of stand-ins, in the place of a version
GZIP = b"\x1f\x8b"  # how gzip files begin
MOST_DEFLATED = 1032  # times smaller is the most that deflate can make anything (zlib.net, "technical details")
CONTENT = "content-"  # how the checksum of a file's uncompressed content begins


class RawFile(NamedTuple):
    """A raw file in place, and the part of its ledger entry that data depend on."""

    path: Path
    entry: Mapping[str, Any]


def digest(path: Path, kind: str) -> str:
    """Return the hexadecimal digest of a file.

    Args:
        path: the file.
        kind: the name of an algorithm, of the file as it is ("sha256"); or with "content-" before it, of what a gzip
            file holds ("content-sha256"). "content-crc32" is written ``<hexadecimal>:<bytes>``.

    Raises:
        ReplisomeError: the content is asked for, and the gzip file is damaged.
    """
    if not of_content(kind):
        return file_hash(path, kind)
    algorithm = kind.removeprefix(CONTENT)
    try:
        with open_content(path) as handle:
            if algorithm != "crc32":
                return hashlib.file_digest(handle, algorithm).hexdigest()
            crc = size = 0
            while block := handle.read(1 << 20):
                crc, size = zlib.crc32(block, crc), size + len(block)
            return f"{crc:08x}:{size}"
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ReplisomeError(f"{path}: cut off or damaged: it begins as a gzip file and cannot be unpacked.") from None


Digest = Callable[[Path, str], str]


def raw_file(
    dataset: str,
    entry: Mapping[str, Any],
    resources: str,
    mirror: Path | None,
    stand_ins: bool,
    digest: Digest = digest,
) -> str:
    """Return the path below ``resources`` of a data set's raw file, whether it is there already or not.

    A stand-in has a folder of its own, so that it never poses as the official file. It is chosen only if the
    configuration allows stand-ins, one is at hand (in the mirror or already in place) and the official file is not.

    Args:
        dataset: its name in the ledger.
        entry: its entry there.
        resources: the folder of downloads.
        mirror: a folder with ``<study>/<file>``, or None.
        stand_ins: whether a stand-in may take the official file's place.
        digest: computes or remembers digests.
    """
    official = f"{resources}/{dataset}/{entry['version']}/{entry['file']}"
    if not stand_ins or "stand_in" not in entry:
        return official
    stand_in = f"{resources}/{dataset}/{STAND_IN}/{entry['stand_in']['file']}"

    def at_hand(path: str, look_for_stand_in: bool) -> bool:
        folders = [by_hand(path).parent, *([mirror / entry["study"]] if mirror else [])]
        posing = not look_for_stand_in and is_stand_in(Path(path), entry, digest)
        return (Path(path).exists() and not posing) or any(
            find(folder, entry, look_for_stand_in, digest) for folder in folders
        )

    return stand_in if at_hand(stand_in, True) and not at_hand(official, False) else official


def is_stand_in_path(raw: str | Path) -> bool:
    """Say whether a path that :func:`raw_file` gave is that of a stand-in."""
    return Path(raw).parent.name == STAND_IN


def find(folder: Path, entry: Mapping[str, Any], stand_in: bool, digest: Digest = digest) -> Path | None:
    """Return the official file, or the stand-in, of a ledger entry in a folder.

    A stand-in may have the official file's name; its checksum then tells them apart. A file that the ledger names with
    .gz may lie there uncompressed.

    Args:
        folder: where to look.
        entry: of the ledger.
        stand_in: whether the stand-in is looked for.
        digest: computes or remembers digests.
    """
    official = str(entry["file"])
    wanted = str(entry["stand_in"]["file"]) if stand_in else official
    # Only a file that may be either is told by what it holds: one with a wrong checksum must be found, to be refused.
    either = _names(official) & _names(str(entry.get("stand_in", {}).get("file", "")))
    for name in (wanted, wanted.removesuffix(".gz")):
        path = folder / name
        if path.is_file() and (name not in either or is_stand_in(path, entry, digest) == stand_in):
            return path
    return None


def _names(file: str) -> set[str]:
    return {file, file.removesuffix(".gz")}


def is_stand_in(path: Path, entry: Mapping[str, Any], digest: Digest = digest) -> bool:
    """Say whether the file at ``path`` is the entry's stand-in, compressed or not, whatever compressed it.

    Compared by size and CRC of the content where the ledger has those, else by checksum.
    """
    what = entry.get("stand_in")
    if what is None or path.name not in _names(what["file"]) or not path.is_file():
        return False
    if "content" not in what:
        return mismatch(path, str(what["checksum"]), digest) is None
    return _gzip_end(path) == what["content"] or mismatch(path, f"{CONTENT}{what['content']}", digest) is None


def _gzip_end(path: Path) -> str | None:
    """Return ``crc32:<hexadecimal>:<bytes>`` as a gzip file of one member ends with them, to tell it without unpacking.

    A file of several members, or with padding, ends with something else and has to be unpacked to know.
    """
    if not is_gzip(path) or path.stat().st_size < 18:  # head and tail of an empty one
        return None
    with path.open("rb") as handle:
        handle.seek(-8, os.SEEK_END)
        crc, size = struct.unpack("<II", handle.read(8))
    return f"crc32:{crc:08x}:{size}"


def of_content(checksum: str | None) -> bool:
    """Say whether a checksum is that of the uncompressed content, whatever compressed it."""
    return checksum is not None and checksum.startswith(CONTENT)


def mismatch(path: Path, checksum: str | None, digest: Digest = digest) -> str | None:
    """Return the digest found where it is not the one expected, else None; without a checksum anything is right."""
    if checksum is None:
        return None
    kind, _, expected = checksum.partition(":")
    try:
        found = digest(path, kind)
    except ReplisomeError:
        return f"{kind}:nothing, for it is cut off or damaged"
    return None if found == expected else f"{kind}:{found}"


def is_gzip(path: Path) -> bool:
    """Say whether a file begins as gzip files do."""
    with path.open("rb") as handle:
        return handle.read(2) == GZIP


def open_content(path: Path) -> BufferedIOBase:
    """Open a file to read its content, unpacked where it is gzip."""
    return gzip.GzipFile(path) if is_gzip(path) else path.open("rb")


def by_hand(raw: str | Path) -> Path:
    """Return where a person puts the file that belongs at ``raw``: a folder of its own.

    At ``raw`` itself Snakemake would delete it, as the half-made output of a download.
    """
    return Path(raw).parents[2] / "by-hand" / Path(raw).name


def origin_file(raw: str | Path) -> Path:
    """Return the file beside a raw file that says where it came from."""
    return Path(f"{raw}.origin.json")

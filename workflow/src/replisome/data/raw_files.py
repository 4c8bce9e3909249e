"""Where raw files lie, and when a stand-in takes an official file's place."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from collections.abc import Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Any, NamedTuple

from replisome.io import file_hash

STAND_IN = "stand-in"  # the folder of stand-ins, in the place of a version
GZIP = b"\x1f\x8b"  # how gzip files begin
CONTENT = "content-"  # how the checksum of a file's uncompressed content begins


class RawFile(NamedTuple):
    """A raw file in place, and the part of its ledger entry that data depend on."""

    path: Path
    entry: Mapping[str, Any]


def raw_file(dataset: str, entry: Mapping[str, Any], resources: str, mirror: Path | None, stand_ins: bool) -> str:
    """Return the path below ``resources`` of a data set's raw file, whether it is there already or not.

    A stand-in has a folder of its own, so that it never poses as the official file. It is chosen only if the
    configuration allows stand-ins, one is at hand (in the mirror or already in place) and the official file is not.

    Args:
        dataset: its name in the ledger.
        entry: its entry there.
        resources: the folder of downloads.
        mirror: a folder with ``<study>/<file>``, or None.
        stand_ins: whether a stand-in may take the official file's place.
    """
    official = f"{resources}/{dataset}/{entry['version']}/{entry['file']}"
    if not stand_ins or "stand_in" not in entry:
        return official
    stand_in = f"{resources}/{dataset}/{STAND_IN}/{entry['stand_in']['file']}"

    def at_hand(path: str, look_for_stand_in: bool) -> bool:
        folders = [by_hand(path).parent, *([mirror / entry["study"]] if mirror else [])]
        return Path(path).exists() or any(find(folder, entry, look_for_stand_in) for folder in folders)

    return stand_in if at_hand(stand_in, True) and not at_hand(official, False) else official


def is_stand_in_path(raw: str | Path) -> bool:
    """Say whether a path that :func:`raw_file` gave is that of a stand-in."""
    return Path(raw).parent.name == STAND_IN


def find(folder: Path, entry: Mapping[str, Any], stand_in: bool) -> Path | None:
    """Return the official file, or the stand-in, of a ledger entry in a folder.

    A stand-in may have the official file's name; its checksum then tells them apart. An official file that the ledger
    names with .gz may lie there uncompressed.
    """
    if stand_in:
        path = folder / str(entry["stand_in"]["file"])
        alike = path.name != entry["file"] or is_stand_in(path, entry)
        return path if path.is_file() and alike else None
    official = str(entry["file"])
    for name in (official, official.removesuffix(".gz")):
        path = folder / name
        if path.is_file() and not is_stand_in(path, entry):
            return path
    return None


def is_stand_in(path: Path, entry: Mapping[str, Any]) -> bool:
    """Say whether the file at ``path`` is the entry's stand-in, compressed or not, whatever compressed it.

    Compared by size and CRC of the content (a gzip file ends with them) where the ledger has those, else by checksum.
    """
    what = entry.get("stand_in")
    names = {} if what is None else {what["file"], what["file"].removesuffix(".gz")}
    if what is None or path.name not in names or not path.is_file():
        return False
    if "content" in what:
        return content_check(path) == str(what["content"])
    algorithm, _, digest = str(what["checksum"]).partition(":")
    return file_hash(path, algorithm) == digest


def content_check(path: Path) -> str:
    """Return ``crc32:<hexadecimal>:<bytes>`` of a file's content; of a gzip file, what its last eight bytes say."""
    with path.open("rb") as handle:
        if is_gzip(path):
            handle.seek(-8, os.SEEK_END)
            crc, size = struct.unpack("<II", handle.read(8))
        else:
            crc = size = 0
            while block := handle.read(1 << 20):
                crc, size = zlib.crc32(block, crc), size + len(block)
    return f"crc32:{crc:08x}:{size}"


def of_content(checksum: str | None) -> bool:
    """Say whether a checksum is that of the uncompressed content, whatever compressed it."""
    return checksum is not None and checksum.startswith(CONTENT)


def mismatch(path: Path, checksum: str | None) -> str | None:
    """Return the digest found where it is not the one expected, else None."""
    if checksum is None:
        return None
    kind, _, expected = checksum.partition(":")
    algorithm = kind.removeprefix(CONTENT)
    if of_content(checksum):
        with open_content(path) as handle:
            try:
                found = hashlib.file_digest(handle, algorithm).hexdigest()
            except (EOFError, OSError, zlib.error) as error:
                found = f"nothing, for it is damaged ({error})"
    else:
        found = file_hash(path, algorithm)
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

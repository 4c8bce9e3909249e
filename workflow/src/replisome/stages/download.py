"""Fetch one raw file: from the mirror folder, else from its addresses, else say how to place it by hand."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pooch
import requests
from pooch.utils import get_logger

from replisome.config.schema import read_yaml, validate
from replisome.data.at_hand import places
from replisome.data.raw_files import by_hand, find, is_gzip, is_stand_in, mismatch, of_content, origin_file
from replisome.errors import ReplisomeError, did_you_mean
from replisome.io import DISK_ERRORS, atomic, file_hash, write_json

RETRIES = 3
TIMEOUT = 60  # seconds without an answer


class Source(NamedTuple):
    """Where a raw file was taken from: in words that hold on any machine, and the path or address on this one."""

    words: str
    place: str


def run(name: str, ledger: Path | None, stand_in: bool, mirror: Path | None, out: Path) -> None:
    """Bring the file of entry ``name`` of the ledger to ``out`` and write its origin beside it.

    Args:
        name: of the data set, in the ledger.
        ledger: datasets.yaml.
        stand_in: whether to fetch the stand-in in the official file's place.
        mirror: a folder with ``<study>/<file>``, or None.
        out: the raw file; ``<out>.origin.json`` beside it says where it came from.

    Raises:
        ReplisomeError: wrong checksum, or the file is to be had nowhere.
    """
    if ledger is None:
        raise ReplisomeError("which ledger? Give --ledger config/datasets.yaml.")
    entries = read_yaml(ledger)
    validate(entries, "datasets", str(ledger))
    if name not in entries:
        raise ReplisomeError(f"{ledger}: no data set '{name}'{did_you_mean(name, entries)}")
    entry = entries[name]
    if stand_in and "stand_in" not in entry:
        raise ReplisomeError(f"{ledger}: data set '{name}' has no stand-in.")
    what = entry["stand_in"] if stand_in else entry
    source = _at_hand(name, entry, stand_in, mirror, out)
    if source is None:
        if not stand_in:
            source = _from_addresses(entry, out)
        if source is None:
            raise ReplisomeError(_nowhere(name, entry, what, mirror, out))
    digest = file_hash(out)
    if what["checksum"] is None:
        print(f"{name}: no checksum is known; recorded sha256:{digest}. Pin it in config/datasets.yaml.")
    write_json(
        origin_file(out),
        {
            "dataset": name,
            "file": out.name,
            "version": entry["version"],
            "stand_in": what["note"] if stand_in else None,
            "from": source.words,
            "place": source.place,
            "sha256": digest,
            "bytes": out.stat().st_size,
            "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )


def _at_hand(name: str, entry: Mapping[str, Any], stand_in: bool, mirror: Path | None, out: Path) -> Source | None:
    """Copy the file from where a person put it, or from the mirror; say so where only its stand-in lies there.

    One that is not the pinned file is not in the way of a right one in the next place.
    """
    what = entry["stand_in"] if stand_in else entry
    refused = []
    for folder in places(out, entry, mirror):
        where = "placed by hand" if folder == by_hand(out).parent else f"mirror folder, {entry['study']}/{what['file']}"
        found = find(folder, entry, stand_in)
        if found is not None:
            wrong = _wrong(name, found, entry, stand_in, out)
            if wrong is None:
                return _copy(found, out, where)
            refused.append(wrong)
        elif is_stand_in(folder / what["file"], entry):
            print(f"{name}: {folder / what['file']} holds only its stand-in, which this configuration does not allow "
                  "(key 'stand_ins')", flush=True)  # fmt: skip
        elif folder != by_hand(out).parent:
            print(f"{name}: not in the mirror ({folder / what['file']})", flush=True)
    if refused:
        raise ReplisomeError(refused[0])
    return None


def _wrong(name: str, path: Path, entry: Mapping[str, Any], stand_in: bool, out: Path) -> str | None:
    """Return what is wrong with a file that a person gave, or None."""
    checksum = (entry["stand_in"] if stand_in else entry)["checksum"]
    remedy = "The file is damaged or another version: replace it, or correct the ledger if the new version is wanted."
    if _to_be_packed(path, out) and checksum is not None and not of_content(checksum):
        return (
            f"{path}: uncompressed, while the checksum in config/datasets.yaml ('{name}') is of {out.name} as it was "
            "compressed: put that file there, or pin the content (content-sha256:...)."
        )
    if found := mismatch(path, checksum):
        return f"{path}: wrong checksum: found {found}, expected {checksum} (config/datasets.yaml, '{name}'). {remedy}"
    size = path.stat().st_size
    if not stand_in and not _to_be_packed(path, out) and entry["bytes"] not in (None, size):
        return f"{path}: has {size} bytes, config/datasets.yaml says {entry['bytes']} ('{name}'). {remedy}"
    return None


def _to_be_packed(path: Path, out: Path) -> bool:
    """Say whether a file is compressed on the way: it lies uncompressed where the ledger names it with .gz."""
    return path.name == out.name.removesuffix(".gz") != out.name and not is_gzip(path)


def _copy(path: Path, out: Path, where: str) -> Source:
    place = str(path.absolute())
    if _to_be_packed(path, out):
        with (
            path.open("rb") as original,
            atomic(out) as target,
            gzip.GzipFile("", "wb", fileobj=target, mtime=0) as packed,
        ):
            shutil.copyfileobj(original, packed, 2**20)
        return Source(f"{where}, uncompressed there", place)
    with path.open("rb") as original, atomic(out) as target:
        shutil.copyfileobj(original, target, 2**20)
    return Source(where, place)


def _from_addresses(entry: Mapping[str, Any], out: Path) -> Source | None:
    get_logger().setLevel("WARNING")
    checksum = entry["checksum"]
    by_content = of_content(checksum)
    out.unlink(missing_ok=True)  # pooch takes what lies there for the file, if it has no checksum to compare
    for address in entry["addresses"]:
        print(f"downloading {address}", flush=True)
        fetcher = pooch.create(
            path=out.parent,
            base_url="",
            registry={out.name: None if by_content else checksum},
            urls={out.name: address},
            retry_if_failed=RETRIES,
        )
        try:
            fetcher.fetch(out.name, downloader=pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT))
        except ValueError as error:  # pooch: the checksum does not match; what it fetched is gone
            print(f"  wrong checksum: {error}", flush=True)
        except (requests.RequestException, OSError) as error:
            if isinstance(error, OSError) and error.errno in DISK_ERRORS:
                raise
            print(f"  failed: {error}", flush=True)
        else:
            if by_content and (found := mismatch(out, checksum)):
                print(f"  wrong checksum: found {found}, expected {checksum}", flush=True)
                out.unlink()
                continue
            if entry["bytes"] not in (None, size := out.stat().st_size):
                print(f"  wrong size: has {size} bytes, config/datasets.yaml says {entry['bytes']}", flush=True)
                out.unlink()
                continue
            return Source(address, address)
    return None


def _nowhere(name: str, entry: Mapping[str, Any], what: Mapping[str, Any], mirror: Path | None, out: Path) -> str:
    tried = [*([f"the mirror {mirror}"] if mirror else []), *entry["addresses"]]
    place = entry.get("place", f"Fetch it elsewhere from {entry['addresses'][0]}" if entry["addresses"] else "Get it")
    return (
        f"data set '{name}': {what['file']} could not be had from: {'; '.join(tried) or 'anywhere'}. {place} and put "
        f"it at {by_hand(out)} (checksum {what['checksum'] or 'unknown'}), or name a folder that holds "
        f"{entry['study']}/{what['file']} with --config mirror=FOLDER; then run the same command again."
    )

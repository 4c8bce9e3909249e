"""Carry out one recipe: raw file, or control, to checked Parquet, statistics and a data card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from replisome.config.catalogue import part
from replisome.data.parquet import write_parquet, write_parquet_stream
from replisome.data.prepared import Stream, StudyCard
from replisome.data.raw_files import RawFile, is_stand_in_path, mismatch, origin_file
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.io import file_hash, read_json, write_json
from replisome.tracking.inputs import raw_name
from replisome.tracking.record import Record


def run(settings: Path, raw: Sequence[tuple[str, Path]], out: Path) -> None:
    """Write the splits and what they share as Parquet, stats.json, card.json and provenance.json to ``out``.

    ``settings`` holds study, implementation, recipe and the ledger entries of its data sets; ``raw`` the name and the
    file of each of them.

    Raises:
        ReplisomeError: a raw file is not the pinned one, changed since its download, or fails a check of the study.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("prepare", identity)
    recipe, entries = identity["recipe"], identity["datasets"]
    dataset = recipe["source"].get("dataset")
    with_stand_in = entries.get(dataset, {}).get("stand_in", {}).get("companions", [])
    if not entries.keys() - set(with_stand_in) <= {name for name, _ in raw} <= entries.keys():
        wanted = " ".join(f"--raw {name}=FILE" for name in entries) or "none"
        raise ReplisomeError(f"{settings}: this recipe needs the raw files: {wanted}; source is {recipe['source']}.")
    origins = {name: _origin(name, path, entries[name]) for name, path in raw}
    files = {name: RawFile(path, entries[name]) for name, path in raw}
    try:
        prepared = part(identity["implementation"], "data").prepare(recipe, files)
        for split in SPLITS:
            _write(out, split, prepared.tables[split])
        for name, stream in prepared.shared.items():
            _write(out, name, stream)
    except ReplisomeError as error:
        raise ReplisomeError(_with_origins(str(error), files, origins)) from None
    write_json(out / "stats.json", prepared.statistics)
    _check_card(prepared.card, recipe["name"])
    # Where the file lay on this machine is for messages: the same data have the same card everywhere.
    shown = {name: {key: origin[key] for key in origin if key != "place"} for name, origin in origins.items()}
    card = {
        "study": identity["study"],
        "recipe": recipe["name"],
        "protocol": recipe["protocol"],
        "split": recipe["split"],
        "encoding": recipe["encoding"],
        "normalisation": recipe["normalisation"],
        "control": recipe["source"].get("control"),
        "dataset": recipe["source"].get("dataset"),
        "origin": shown.get(recipe["source"].get("dataset")),
        "companions": [origin for name, origin in shown.items() if name != recipe["source"].get("dataset")],
        **prepared.card,
    }
    write_json(out / "card.json", card)
    record.write(out / "provenance.json", {raw_name(path): path for _, path in raw})


def _check_card(card: Mapping[str, Any], recipe: str) -> None:
    """Refuse a card without the keys that every page and table reads (StudyCard), before anything trains on it."""
    missing = sorted(StudyCard.__required_keys__ - card.keys())
    if missing:
        raise ReplisomeError(f"recipe '{recipe}': the study's data card has no '{missing[0]}'; see StudyCard.")


def _write(out: Path, name: str, content: tuple[pa.Table, Mapping[str, Any]] | Stream) -> None:
    if isinstance(content, Stream):
        rows = write_parquet_stream(out / f"{name}.parquet", *content)
    else:
        table, metadata = content
        rows = len(table)
        write_parquet(out / f"{name}.parquet", table, metadata)
    print(f"{name}: {rows} rows", flush=True)


def _origin(name: str, raw: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a raw file came from, once it is the pinned one and the one that was fetched."""
    origin: dict[str, Any] = read_json(origin_file(raw))
    if not raw.is_file():
        raise ReplisomeError(f"{raw}: no such file; run again to fetch it.")
    checksum = (entry["stand_in"] if is_stand_in_path(raw) else entry)["checksum"]
    if found := mismatch(raw, checksum):
        raise ReplisomeError(
            f"{raw}: wrong checksum: found {found}, expected {checksum} (config/datasets.yaml, '{name}'). It was "
            "fetched when the ledger said otherwise, or is damaged; delete it and run again."
        )
    if file_hash(raw) != origin["sha256"]:
        raise ReplisomeError(
            f"{raw}: changed since it was downloaded; delete it and run again. A file of your own goes into the "
            "folder 'by-hand' of the downloads folder."
        )
    return origin


def _with_origins(message: str, files: Mapping[str, RawFile], origins: Mapping[str, Mapping[str, Any]]) -> str:
    """Add to a message of which files the unpinned ones are copies: a correction of the copy would be lost."""
    for name, (path, entry) in files.items():
        place = str(origins[name].get("place", ""))
        if not place or str(path) not in message or entry["checksum"] is not None or is_stand_in_path(path):
            continue
        if "://" in place:
            message += f" It was downloaded from {place}; a corrected file goes into the folder 'by-hand' of the "
            message += "downloads folder, then run the same command again."
        else:
            message += f" It is a copy of {place}: correct that file, then run the same command again."
    return message

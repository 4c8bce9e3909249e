"""Carry out one recipe: raw file, or control, to checked Parquet, statistics and a data card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from replisome.config.catalogue import part
from replisome.data.parquet import write_parquet, write_parquet_stream
from replisome.data.prepared import Stream, StudyCard
from replisome.data.raw_files import RawFile, origin_file
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
        ReplisomeError: the raw file changed since its download, or fails a check of the study.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("prepare", identity)
    recipe, entries = identity["recipe"], identity["datasets"]
    dataset = recipe["source"].get("dataset")
    with_stand_in = entries.get(dataset, {}).get("stand_in", {}).get("companions", [])
    if not entries.keys() - set(with_stand_in) <= {name for name, _ in raw} <= entries.keys():
        wanted = " ".join(f"--raw {name}=FILE" for name in entries) or "none"
        raise ReplisomeError(f"{settings}: this recipe needs the raw files: {wanted}; source is {recipe['source']}.")
    origins = {name: _origin(path) for name, path in raw}
    files = {name: RawFile(path, entries[name]) for name, path in raw}
    prepared = part(identity["implementation"], "data").prepare(recipe, files)
    for split in SPLITS:
        _write(out, split, prepared.tables[split])
    for name, stream in prepared.shared.items():
        _write(out, name, stream)
    write_json(out / "stats.json", prepared.statistics)
    _check_card(prepared.card, recipe["name"])
    card = {
        "study": identity["study"],
        "recipe": recipe["name"],
        "protocol": recipe["protocol"],
        "split": recipe["split"],
        "encoding": recipe["encoding"],
        "normalisation": recipe["normalisation"],
        "control": recipe["source"].get("control"),
        "dataset": recipe["source"].get("dataset"),
        "origin": origins.get(recipe["source"].get("dataset")),
        "companions": [origin for name, origin in origins.items() if name != recipe["source"].get("dataset")],
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


def _origin(raw: Path) -> dict[str, Any]:
    origin: dict[str, Any] = read_json(origin_file(raw))
    if not raw.is_file() or file_hash(raw) != origin["sha256"]:
        raise ReplisomeError(f"{raw}: missing, or changed since it was downloaded; delete it and run again.")
    return origin

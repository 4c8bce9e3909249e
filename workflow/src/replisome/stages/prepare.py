"""Carry out one recipe: raw file, or control, to checked Parquet, statistics and a data card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome import studies
from replisome.errors import ReplisomeError
from replisome.io import file_hash, read_json, write_json, write_parquet
from replisome.provenance import Record
from replisome.rawfiles import origin_file
from replisome.splits import SPLITS


def run(settings: Path, raw: Path | None, out: Path) -> None:
    """Write train, validation and test.parquet, stats.json, card.json and provenance.json to ``out``.

    ``settings`` holds study, implementation, recipe and the ledger entry of its data set.

    Raises:
        ReplisomeError: the raw file changed since its download, or fails a check of the study.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("prepare", identity)
    recipe, entry = identity["recipe"], identity["dataset"]
    if (raw is None) != (entry is None):
        raise ReplisomeError(
            f"{settings}: a recipe on a data set needs --raw FILE, and one on a control takes none; "
            f"source is {recipe['source']}."
        )
    origin = _origin(raw) if raw is not None else None
    prepared = studies.get(identity["implementation"]).part("data").prepare(recipe, raw, entry)
    for split in SPLITS:
        table, metadata = prepared.tables[split]
        write_parquet(out / f"{split}.parquet", table, metadata)
        print(f"{split}: {len(table)} rows", flush=True)
    write_json(out / "stats.json", prepared.statistics)
    card = {
        "study": identity["study"],
        "recipe": recipe["name"],
        "protocol": recipe["protocol"],
        "split": recipe["split"],
        "encoding": recipe["encoding"],
        "normalisation": recipe["normalisation"],
        "control": recipe["source"].get("control"),
        "dataset": recipe["source"].get("dataset"),
        "origin": origin,
        **prepared.card,
    }
    write_json(out / "card.json", card)
    record.write(out / "provenance.json", [raw] if raw is not None else [])


def _origin(raw: Path) -> dict[str, Any]:
    origin: dict[str, Any] = read_json(origin_file(raw))
    if not raw.is_file() or file_hash(raw) != origin["sha256"]:
        raise ReplisomeError(f"{raw}: missing, or changed since it was downloaded; delete it and run again.")
    return origin

"""Take results as they are, though what they were made from has changed since."""

from __future__ import annotations

import getpass
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replisome.config.tested_weights import evaluation_settings
from replisome.errors import ReplisomeError
from replisome.io import file_hash, read_json, write_json
from replisome.tracking.stage_key import ACCEPTED, RECORD, ROOTS, stage_key

# The file of a result that holds the settings it was made from, from the folder of its record.
SETTINGS = {
    "prepare": "recipe.json",
    **dict.fromkeys(("train", "pilot"), "config.json"),
    **dict.fromkeys(("evaluate", "explain"), "../config.json"),
    **dict.fromkeys(("search", "select", "summarise"), "study.json"),
    "figures": "../tables/study.json",
    **dict.fromkeys(("probe", "judge", "claims", "rounds", "crate"), "settings.json"),
    "report": "report.json",
}


def run(folder: Path, note: str) -> None:
    """Write accepted.json beside each record in ``folder`` and below that says otherwise than today's code and files.

    Settings are those that the result was made from: a result of another configuration stays one.

    Raises:
        ReplisomeError: nothing lies there that can be accepted; nothing is written then.
    """
    if not note.strip():
        raise ReplisomeError("--note: say why these results are taken as they are.")
    if not folder.is_dir():
        raise ReplisomeError(f"{folder}: no such folder; give one of the results folder, such as a run's (seed=0).")
    records = sorted(folder.rglob(RECORD))
    if not records:
        raise ReplisomeError(f"{folder}: holds no result: there is no {RECORD} in it or below it.")
    notes = {path.parent / ACCEPTED: _accept(path, note.strip()) for path in records}
    for path, content in notes.items():
        if content is None:
            print(f"{path.parent}: is up to date with code and files, as far as its own settings say")
        else:
            write_json(path, content)
            print(f"{path.parent}: accepted")


def _accept(path: Path, note: str) -> dict[str, Any] | None:
    """Return the note that takes the result beside a record as it is, or None where it needs none."""
    record = read_json(path)
    stage = record.get("stage") if isinstance(record, dict) else None
    if stage not in ROOTS or not {"key", "inputs"} <= record.keys():
        raise ReplisomeError(f"{path}: is not the record of a result; run the workflow to make the result again.")
    identity = _settings(path.parent, stage)
    key = stage_key(stage, identity)
    # Raw files lie elsewhere and have names, not ways to them: what was recorded of them stays.
    inputs = {name: _now(path.parent / name) or before for name, before in record["inputs"].items()}
    if key == record["key"] and inputs == record["inputs"]:
        return None
    return {
        "record": file_hash(path),
        "key": key,
        "inputs": inputs,
        "note": note,
        "accepted": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": f"{_user()} on {platform.node()}",
    }


def _settings(folder: Path, stage: str) -> dict[str, Any]:
    """Return the settings that a result was made from."""
    settings: dict[str, Any] = read_json(folder / SETTINGS[stage])
    if stage == "evaluate":
        metrics = read_json(folder / "metrics.json")
        return evaluation_settings(settings, [metrics["weights"], *metrics["also"]])
    return settings


def _now(file: Path) -> str | None:
    return f"sha256:{file_hash(file)}" if file.is_file() else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"user {os.getuid()}"

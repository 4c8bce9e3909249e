"""Where raw files lie, and when a stand-in takes an official file's place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def raw_file(dataset: str, entry: Mapping[str, Any], resources: str, mirror: Path | None, stand_ins: bool) -> str:
    """Return the path below ``resources`` of a data set's raw file, whether it is there already or not.

    A stand-in has a folder of its own, so that it never poses as the official file. It is chosen only if the
    configuration allows stand-ins, one is at hand (in the mirror or already in place) and the official file is not.
    """
    official = f"{resources}/{dataset}/{entry['version']}/{entry['file']}"
    if not stand_ins or "stand_in" not in entry:
        return official
    stand_in = f"{resources}/{dataset}/stand-in/{entry['stand_in']['file']}"

    def at_hand(path: str) -> bool:
        mirrored = mirror is not None and (mirror / entry["study"] / Path(path).name).exists()
        return mirrored or Path(path).exists() or by_hand(path).exists()

    return stand_in if at_hand(stand_in) and not at_hand(official) else official


def by_hand(raw: str | Path) -> Path:
    """Return where a person puts the file that belongs at ``raw``: a folder of its own.

    At ``raw`` itself Snakemake would delete it, as the half-made output of a download.
    """
    return Path(raw).parents[2] / "by-hand" / Path(raw).name


def origin_file(raw: str | Path) -> Path:
    """Return the file beside a raw file that says where it came from."""
    return Path(f"{raw}.origin.json")

"""Results never mix: whoever reads what another job left checks that it is what the plan says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import read_json
from replisome.tracking.stage_key import RECORD, recorded, stage_key
from replisome.tracking.verify import read_record


def require(folder: Path, stage: str, identity: dict[str, Any], settings: str | None = None) -> None:
    """Refuse a result that was made from other settings, or by other code, than are planned.

    Args:
        folder: of the result, with its record.
        stage: that made it.
        identity: the settings that it is to have been made from.
        settings: the file in ``folder`` that holds those it was made from, where there is one.

    Raises:
        ReplisomeError: the folder holds no such result, or its record is damaged; names the settings that differ.
    """
    found = recorded(folder)
    if not found:
        if (folder / RECORD).exists():
            read_record(folder / RECORD)  # says what is wrong with it
        raise ReplisomeError(f"{folder}: has no record of the stage '{stage}'; run the same command again.")
    key = stage_key(stage, identity)
    if any(own == key for own, _ in found):
        return
    apart = differences(read_json(folder / settings), identity) if settings else {}
    differ = [f"{key}: found {one!r}, planned {two!r}" for key, (one, two) in apart.items()]
    what = f"with other settings ({'; '.join(differ[:3])})" if differ else "from other settings or by other code"
    raise ReplisomeError(
        f"{folder}: was made {what} than this call plans: another call of the workflow, or an edit, came between. "
        "Results are never mixed: give each configuration a folder of its own (--config results_dir=PATH), or run the "
        "same command again, which makes anew what is out of date."
    )


def require_trained(folder: Path, config: dict[str, Any]) -> None:
    """Refuse a run's folder whose weights are of another configuration, or made by other code.

    A folder without a record, as is made by hand, says nothing.

    Raises:
        ReplisomeError: it holds another run.
    """
    if (folder / RECORD).exists():
        require(folder, "train", config, "config.json")


def differences(found: Mapping[str, Any], planned: Mapping[str, Any], at: str = "") -> dict[str, tuple[Any, Any]]:
    """Return where two settings differ: by the way to a key, such as ``training.lr``, what each has there."""
    differ: dict[str, tuple[Any, Any]] = {}
    for key in sorted(found.keys() | planned.keys()):
        one, two = found.get(key), planned.get(key)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            differ |= differences(one, two, f"{at}{key}.")
        elif one != two:
            differ[f"{at}{key}"] = (one, two)
    return differ

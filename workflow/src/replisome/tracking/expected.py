"""Results never mix: whoever reads what another job left checks that it is what the plan says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import read_json
from replisome.tracking.stage_key import RECORD, recorded, stage_key


def require(folder: Path, stage: str, identity: dict[str, Any], settings: str | None = None) -> None:
    """Refuse a result that was made from other settings, or by other code, than are planned.

    Args:
        folder: of the result, with its record.
        stage: that made it.
        identity: the settings that it is to have been made from.
        settings: the file in ``folder`` that holds those it was made from, where there is one.

    Raises:
        ReplisomeError: the folder holds no such result; names the settings that differ.
    """
    found = recorded(folder)
    if not found:
        raise ReplisomeError(f"{folder}: has no record of the stage '{stage}'; run the same command again.")
    key = stage_key(stage, identity)
    if any(own == key for own, _ in found):
        return
    differ = differences(read_json(folder / settings), identity) if settings else []
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


def differences(found: Any, planned: Any, at: str = "") -> list[str]:
    """Return where two settings differ, each as ``key: found ..., planned ...``."""
    if isinstance(found, dict) and isinstance(planned, dict):
        keys = sorted(found.keys() | planned.keys())
        return [line for key in keys for line in differences(found.get(key), planned.get(key), f"{at}.{key}")]
    return [] if found == planned else [f"{at.removeprefix('.')}: found {found!r}, planned {planned!r}"]

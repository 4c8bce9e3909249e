"""Which call of the workflow uses a results folder, or did last: told without writing to the folder."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replisome import processes
from replisome.tracking import in_use


@dataclass
class Call:
    """The call of the workflow that uses the results, or did last.

    Attributes:
        alive: whether it runs.
        host: on which machine.
        pid: its process.
        since: when it began, as text.
    """

    alive: bool
    host: str
    pid: int
    since: str


def read_call(results: Path) -> Call | None:
    """Return who uses a results folder, or did last; None where nobody ever did.

    Of a call on another machine its last sign of life counts, as :mod:`replisome.tracking.in_use` has it, by the clock
    of this machine: nothing is written to the folder to ask for its own.
    """
    path = results / in_use.FILE
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found["folder"] != results.stat().st_ino:
            return None  # it came with a copy of another folder, and speaks of that
        silence = time.time() - path.stat().st_mtime
        pid = int(found["pid"])
        if found.get("released"):
            alive = False
        elif found["machine"] == processes.machine():
            alive = processes.runs(pid, found.get("began"))
        else:
            alive = silence < in_use.DEAD
        return Call(alive, str(found["host"]), pid, str(found.get("since", "?")))
    except (OSError, ValueError, KeyError, TypeError):
        return None

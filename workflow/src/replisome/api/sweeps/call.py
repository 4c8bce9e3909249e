"""Which call of the workflow uses a results folder, or did last: told without writing to the folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from replisome.tracking import holder
from replisome.tracking.in_use import FILE


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

    Of a call on another machine its last sign of life counts, as :mod:`replisome.tracking.holder` has it, by the clock
    of this machine: nothing is written to the folder to ask for its own.
    """
    path = results / FILE
    try:
        found = holder.read(path, results)
        if found is None:
            return None
        silence = time.time() - path.stat().st_mtime
        alive = holder.alive(found, lambda: silence)
        return Call(alive, str(found["host"]), int(found["pid"]), str(found.get("since", "?")))
    except (OSError, ValueError, KeyError, TypeError):
        return None

"""Which jobs of a results folder SLURM still has: they are known by their logs, which lie in that folder."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from replisome.errors import ReplisomeError

LOGS = Path("logs", "slurm")  # below a results folder, what SLURM writes of jobs
TIMEOUT = 60.0  # seconds for an answer of the controller
FIELDS = {"JobID": 24, "State": 24, "Name": 256, "STDOUT": 4096}  # of squeue, with columns that hold them


class Queued(NamedTuple):
    """A job that waits or runs."""

    number: str
    state: str
    name: str


def is_here() -> bool:
    """Say whether this machine can ask SLURM."""
    return shutil.which("squeue") is not None


def jobs_of(results: Path) -> list[Queued]:
    """Return the jobs of this user that wait or run and belong to a results folder, whichever call submitted them.

    Raises:
        ReplisomeError: SLURM does not answer.
    """
    fields = ",".join(f"{field}:{width}" for field, width in FIELDS.items())
    told = _ask("squeue", "--noheader", f"--user={getpass.getuser()}", f"--Format={fields}")
    logs = f"{(results / LOGS).resolve()}/"
    found = []
    for line in told.splitlines():
        number, state, name, log = _columns(line)
        if log.startswith(logs):
            found.append(Queued(number, state, name))
    return found


def cancel(jobs: Iterable[Queued]) -> None:
    """Have SLURM end jobs: runs that train are told first, and save their state.

    Raises:
        ReplisomeError: SLURM does not answer.
    """
    _ask("scancel", *(job.number for job in jobs))


def _ask(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT)
    except (OSError, subprocess.SubprocessError) as error:
        told = str(getattr(error, "stderr", None) or error).strip()
        raise ReplisomeError(
            f"{command[0]}: SLURM does not say which jobs there are: {told}. Try again once its controller answers."
        ) from None
    return done.stdout


def _columns(line: str) -> list[str]:
    """Return the fields of a line, each of its fixed width."""
    fields = []
    for width in FIELDS.values():
        fields.append(line[:width].strip())
        line = line[width:]
    return fields

"""Going on with a call of the workflow that was killed: what still runs for it first, then the same command again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from replisome import processes
from replisome.api.sweeps.call import read_call
from replisome.errors import ReplisomeError
from replisome.tracking import last_call, lease, slurm_queue
from replisome.tracking.holder import DEAD
from replisome.tracking.last_call import LastCall
from replisome.tracking.slurm_queue import Queued

LOOK = 5.0  # seconds between two looks at what still runs
LINE = 5  # jobs that are named in a line


def call_to_resume(results: Path) -> LastCall:
    """Return how the last call in a results folder was made, if it has ended.

    Raises:
        ReplisomeError: it runs, or there was none.
    """
    last = last_call.read(results)
    if last is None:
        raise ReplisomeError(
            f"{results}: no call of the workflow has left word here; give the folder of --config results_dir=PATH, or "
            "type the command again yourself."
        )
    user = read_call(results)
    if user is not None and user.alive:
        raise ReplisomeError(
            f"{results}: the call still runs: host {user.host}, process {user.pid}, since {user.since}. Wait until it "
            f"ends, or stop it there. Of a dead process on another host this is known {DEAD / 60:.0f} minutes after "
            "its last sign of life."
        )
    return last


def still_at_work(results: Path, last: LastCall) -> list[Queued]:
    """Return what waits or runs for a call that ended: jobs of SLURM, and processes that hold the folder of a run.

    Raises:
        ReplisomeError: its jobs went to SLURM, which cannot be asked here.
    """
    jobs: list[Queued] = []
    if last.executor == "slurm":
        if not slurm_queue.is_here():
            raise ReplisomeError(
                f"{results}: its jobs went to SLURM, and there is no squeue here that could say which still run; call "
                "this where snakemake was called."
            )
        jobs = slurm_queue.jobs_of(results)
    # Where there are thousands of runs, their folders are looked through only once the queue is empty.
    return jobs or list(filter(None, (_holder_of(results, path.parent) for path in results.rglob(lease.FILE))))


def _holder_of(results: Path, folder: Path) -> Queued | None:
    """Return the process that holds a run's folder; None where that one is dead."""
    who, is_alive = lease.found(folder)
    if who is None or not is_alive:
        return None
    place = f"process {who.get('pid')} on {who.get('host')}"
    return Queued(str(who.get("slurm_job", place)), "RUNNING", folder.relative_to(results).as_posix())


def await_end(results: Path, last: LastCall, cancel: bool, say: Callable[[str], None], look: float = LOOK) -> None:
    """Wait until nothing works for a call that ended.

    Args:
        results: the results folder.
        last: the call.
        cancel: whether SLURM, and processes of this machine, are to end; runs that train save their state first.
        say: told whenever something changes.
        look: seconds between two looks.
    """
    before: list[Queued] = []
    while jobs := still_at_work(results, last):
        if cancel and jobs != before:
            _end(results, jobs)
        if jobs != before:
            named = ", ".join(f"{job.number} {job.name} ({job.state.lower()})" for job in jobs[:LINE])
            rest = f", and {len(jobs) - LINE} more" if len(jobs) > LINE else ""
            say(f"{'ending' if cancel else 'waiting for'} {len(jobs)} jobs: {named}{rest}")
        before = jobs
        time.sleep(look)


def _end(results: Path, jobs: list[Queued]) -> None:
    """Tell jobs of SLURM, and those processes of this machine that hold the folder of a run, to end."""
    if in_slurm := [job for job in jobs if job.number.isdecimal()]:
        slurm_queue.cancel(in_slurm)
    for path in results.rglob(lease.FILE):
        who, is_alive = lease.found(path.parent)
        if who is not None and is_alive and "slurm_job" not in who and who.get("machine") == processes.machine():
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(int(who["pid"]), signal.SIGTERM)


def call_again(last: LastCall) -> int:
    """Take away the lock that the killed process left, and make the same call; returns its exit code.

    Raises:
        ReplisomeError: the interpreter or the folder of the call is gone.
    """
    if not Path(last.folder).is_dir() or not Path(last.python).exists():
        raise ReplisomeError(
            f"the call was made in {last.folder} with {last.python}, and not both are there any more; type the command "
            f"again yourself: snakemake {' '.join(last.arguments)}"
        )
    environment = os.environ | last.environment
    unlock = subprocess.run(
        last.command("--unlock"), cwd=last.folder, env=environment, text=True, capture_output=True, check=False
    )
    if unlock.returncode:
        sys.stderr.write(unlock.stderr)
        return unlock.returncode
    return subprocess.run(last.command(), cwd=last.folder, env=environment, check=False).returncode

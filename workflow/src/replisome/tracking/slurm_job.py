"""What SLURM knows of a job that holds, or held, a folder: asked where its commands are, and never waited for long."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from typing import Any

# How a job of SLURM ends, in words.
ENDINGS = {
    "BOOT_FAIL": "its node did not start",
    "CANCELLED": "it was cancelled",
    "COMPLETED": "it has ended",
    "DEADLINE": "its deadline passed",
    "FAILED": "it failed",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "memory ran out",
    "PREEMPTED": "another job took its place",
    "TIMEOUT": "its time was up",
}
PATIENCE = 10.0  # seconds to wait for SLURM's answer
AGAIN = 20.0  # seconds for which an answer is kept: who waits for a folder looks at it every second
_ANSWERS: dict[str, tuple[float, str | None]] = {}


def own() -> dict[str, str]:
    """Return what identifies the job of SLURM that this process belongs to; nothing where there is none."""
    names = {"slurm_job": "SLURM_JOB_ID", "slurm_restart": "SLURM_RESTART_COUNT", "cluster": "SLURM_CLUSTER_NAME"}
    found = {key: os.environ[name] for key, name in names.items() if os.environ.get(name)}
    return found if "slurm_job" in found else {}


def has_ended(who: Mapping[str, Any]) -> bool:
    """Say whether SLURM knows that a process on another machine has ended with its job; False where it cannot say.

    Args:
        who: the process, with what :func:`own` gave there.
    """
    if "slurm_job" not in who:
        return False
    here = own()
    if here.get("slurm_job") == who["slurm_job"] and here.get("cluster") == who.get("cluster"):
        return here.get("slurm_restart", "0") != str(who.get("slurm_restart", "0"))  # the same job, requeued
    return ending(who) is not None


def ending(who: Mapping[str, Any]) -> str | None:
    """Return how the job of SLURM that a process belonged to has ended, a key of :data:`ENDINGS`.

    Returns:
        None where it runs still, or nobody knows.
    """
    job = str(who.get("slurm_job", ""))
    if not job or shutil.which("scontrol") is None:
        return None
    asked, answer = _ANSWERS.get(job, (-AGAIN, None))
    if time.monotonic() - asked >= AGAIN:
        answer = _ask(job)
        _ANSWERS[job] = (time.monotonic(), answer)
    return answer


def _ask(job: str) -> str | None:
    try:
        told = subprocess.run(
            ["scontrol", "show", "job", "--oneliner", job],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    state = re.search(r"\bJobState=(\w+)", told.stdout)
    return state[1] if state and state[1] in ENDINGS else None

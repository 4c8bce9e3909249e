"""Whether there is a SLURM cluster here, and what it tells of itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

from replisome.api.checkup.finding import Finding

TIMEOUT = 10.0  # seconds for an answer
TOOLS = ("sinfo", "squeue", "sbatch")
# Whose jobs ask for a GPU where an experiment does.
GPU_ELSEWHERE = "--set-resources " + " ".join(
    f"{rule}:gpu=0" for rule in ("train", "pilot", "probe", "evaluate", "explain", "bundle")
)


def slurm() -> Iterator[Finding]:
    """Say whether jobs can be sent to SLURM from here: its commands, partitions and GPUs, and its accounting."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if len(missing) == len(TOOLS):
        yield Finding("SLURM", "ok", "not here: jobs run on this machine")
        return
    if missing:
        text = f"without {', '.join(missing)}: --profile slurm cannot work"
        yield Finding("SLURM", "warning", text, "load SLURM's module, or ask who runs the cluster")
        return
    partitions = _answer("sinfo", "--noheader", "--format=%P %D nodes %c cores %G %l")
    if partitions is None:
        remedy = "ask who runs the cluster; without --profile slurm jobs run here"
        yield Finding("SLURM", "warning", "sinfo gives no answer: is slurmctld up?", remedy)
        return
    waiting = _answer("squeue", "--noheader", "--me") or ""
    shown = "; ".join(" ".join(line.split()) for line in partitions.splitlines()) or "no partition"
    yield Finding("SLURM", "ok", f"{shown}; {len(waiting.splitlines())} jobs of yours; use --profile slurm")
    if "gpu" not in partitions:
        text = "sinfo lists none, and studies may ask for some"
        yield Finding("SLURM's GPUs", "warning", text, GPU_ELSEWHERE)
    accounting = _answer("sacctmgr", "--noheader", "show", "cluster") if shutil.which("sacctmgr") else None
    if accounting:
        yield Finding(
            "SLURM's accounting", "ok", "runs; accounting: true in the profile's site.yaml spares the controller"
        )
    else:
        yield Finding("SLURM's accounting", "ok", "does not run; the profile asks squeue, which needs none")


def _answer(*command: str) -> str | None:
    """Return what a command prints; None where it fails, or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout

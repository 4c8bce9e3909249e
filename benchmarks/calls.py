"""Calls of Snakemake, and what they take."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import yaml

ROOT = Path(__file__).resolve().parents[1]
CORES = 2
OWN, BARE = "own.yaml", "Bare.smk"  # in the folder of a call: what is laid over demo.yaml, and a workflow to compare


@dataclass(frozen=True)
class Cost:
    """Of a command: seconds by the clock, seconds of processor time, and the most memory of its processes, in bytes."""

    clock: float
    processor: float
    memory: int

    def __str__(self) -> str:
        """Return it in a few words."""
        return f"{self.clock:.1f} s ({self.processor:.1f} s of processor time), {self.memory / 2**20:,.0f} MiB"


def measured(command: Sequence[str]) -> Cost:
    """Run a command in this repository, where profiles are found by name, and return what it took.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        memory = [0]
        watch = threading.Thread(target=_watch, args=(process.pid, memory), daemon=True)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        clock = time.perf_counter() - began
        watch.join()
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{said.read()[-4000:]}")
    return Cost(clock, usage.ru_utime + usage.ru_stime, max(memory[0], usage.ru_maxrss * 1024))


def _watch(process: int, most: list[int]) -> None:
    """Keep the largest resident size of a process and its children, until it ends."""
    while True:
        try:
            own = psutil.Process(process)
            if own.status() == psutil.STATUS_ZOMBIE:
                return
            most[0] = max(most[0], sum(one.memory_info().rss for one in (own, *own.children(recursive=True))))
        except psutil.NoSuchProcess:
            return
        time.sleep(0.2)


def write(folder: Path, content: Mapping[str, Any], **more: object) -> None:
    """Write the configuration of the next call."""
    (folder / OWN).write_text(yaml.dump({**content, **more}, Dumper=yaml.SafeDumper), encoding="utf-8")


def snakemake(folder: Path, *arguments: str, ours: bool = True) -> list[str]:
    """Return a call of Snakemake that works in a folder: of the workflow, or of the bare one that lies there."""
    of_ours = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(ROOT / "config" / "demo.yaml")]
    own = [*of_ours, str(folder / OWN)] if ours else ["--snakefile", str(folder / BARE)]
    return [sys.executable, "-m", "snakemake", "--cores", str(CORES), *own, "--directory", str(folder), *arguments]

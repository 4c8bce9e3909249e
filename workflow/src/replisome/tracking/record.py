"""Who made a result, with what, when, from which files."""

from __future__ import annotations

import os
import platform
import resource
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replisome import __version__
from replisome.io import write_json
from replisome.tracking.inputs import input_hashes
from replisome.tracking.stage_key import code_fingerprint, stage_key
from replisome.tracking.versions import package_versions


class Record:
    """The record of one stage: started when made, written as ``provenance.json`` when the outputs are there."""

    def __init__(self, stage: str, identity: dict[str, Any]) -> None:
        self.stage = stage
        self.identity = identity
        self.started = datetime.now(UTC)
        # What counts is the code that runs, not what an editor saves meanwhile: the command has hashed it before it
        # imported any of it (tracking.running_code), and a fingerprint is taken once a process.
        self.key = stage_key(stage, identity)
        self.code = code_fingerprint(stage, identity)

    def write(self, path: Path, inputs: Iterable[Path] | Mapping[str, Path], **more: Any) -> None:
        """Write the record, which says of each input what was in it.

        Args:
            path: provenance.json beside the outputs.
            inputs: all files that the stage read, or those under names of their own where they do not move with it.
            more: what only this stage knows (device, parameters, ...).
        """
        ended = datetime.now(UTC)
        write_json(
            path,
            {
                "stage": self.stage,
                "key": self.key,
                "code": self.code,
                "replisome": __version__,
                "python": platform.python_version(),
                "packages": package_versions(),
                "system": platform.platform(),
                "processor": processor(),
                "cores": os.cpu_count(),
                "host": platform.node(),
                "inputs": input_hashes(path.parent, inputs),
                "started": self.started.isoformat(timespec="seconds"),
                "ended": ended.isoformat(timespec="seconds"),
                "seconds": round((ended - self.started).total_seconds(), 3),
                "peak_memory_bytes": peak_memory(),
                **more,
            },
        )


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux kibibytes


def processor() -> str:
    """Return the processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()

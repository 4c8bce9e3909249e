"""Who made a result, with what, when, from which files."""

from __future__ import annotations

import os
import platform
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replisome import __version__
from replisome.io import write_json
from replisome.tracking.inputs import Inputs, input_hashes
from replisome.tracking.stage_key import code_fingerprint, stage_key
from replisome.tracking.verify import DIGEST, output_hashes, record_digest
from replisome.tracking.versions import package_versions


class Record:
    """The record of one stage: started when made, written as ``provenance.json`` when the outputs are there."""

    def __init__(self, stage: str, identity: dict[str, Any]) -> None:
        self.stage = stage
        self.identity = identity
        self.started = datetime.now(UTC)
        self.inputs: dict[str, str] = {}
        # What counts is the code that runs, not what an editor saves meanwhile: the command has hashed it before it
        # imported any of it (tracking.running_code), and a fingerprint is taken once a process.
        self.key = stage_key(stage, identity)
        self.code = code_fingerprint(stage, identity)

    def reads(self, folder: Path, inputs: Inputs) -> dict[str, str]:
        """Hash the inputs now, for a record that is written long afterwards, when others may lie in their place.

        Args:
            folder: where the record will be.
            inputs: as for :meth:`write`.

        Returns:
            By name, the hash of each.
        """
        self.inputs = input_hashes(folder, inputs)
        return self.inputs

    def write(self, path: Path, inputs: Inputs = (), also: Sequence[Path] = (), **more: Any) -> None:
        """Write the record, which says of each input and of each output what was in it.

        What lies beside the record is what the stage made; who reads it later compares it (:mod:`.verify`).

        Args:
            path: provenance.json beside the outputs.
            inputs: all files that the stage read, or those under names of their own where they do not move with it;
                none where :meth:`reads` was told.
            also: outputs that stand beside the folder and are called like it.
            more: what only this stage knows (device, parameters, ...).
        """
        ended = datetime.now(UTC)
        record = {
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
            "inputs": self.inputs or input_hashes(path.parent, inputs),
            "outputs": output_hashes(path.parent, also),
            "started": self.started.isoformat(timespec="seconds"),
            "ended": ended.isoformat(timespec="seconds"),
            "seconds": round((ended - self.started).total_seconds(), 3),
            "peak_memory_bytes": peak_memory(),
            **more,
        }
        write_json(path, {**record, DIGEST: record_digest(record)})


def peak_memory() -> int:
    """Return the largest resident size of this process, in bytes: so far, or since :func:`forget_peak_memory`."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux kibibytes


def forget_peak_memory() -> None:
    """Count the peak from now on, where the system lets a process do that (Linux); elsewhere nothing happens."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def processor() -> str:
    """Return the processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()

"""A stage writes to a run's folder: nobody else does at the same time, and what is finished is not made twice."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import file_hash
from replisome.tracking.holder import described
from replisome.tracking.lease import FILE, Lease
from replisome.tracking.slurm_job import ENDINGS, ending
from replisome.tracking.stage_key import RECORD, recorded, stage_key
from replisome.tracking.verify import read_record

STAGES = ("train", "pilot", "evaluate", "explain")  # that work in a run's folder
SETTINGS = "config.json"  # lies in the folder before the stage begins


@contextmanager
def writing(stage: str, folder: Path, identity: dict[str, Any], called: Path | None = None) -> Iterator[bool]:
    """Hold a run's folder while ``stage`` writes there; whoever holds it already is waited for.

    Args:
        stage: one of :data:`STAGES`.
        folder: where its record will be.
        identity: all settings that the stage reads.
        called: a file that the present call of the workflow wrote when it began. What was finished since, or by the
            process that was waited for, is kept; what is older, somebody wants anew. None: there is no such call.

    Yields:
        Whether there is anything to do: not where the very result was finished meanwhile. Where there is, the files of
        the former result are gone, its record first.

    Raises:
        ReplisomeError: the folder cannot be written to.
    """
    lease = Lease(folder)
    waited = not lease.try_take()
    lease.take(None)
    try:
        if lease.predecessor is not None:
            print(how_it_ended(stage, lease.predecessor), file=sys.stderr, flush=True)
        if (waited or _is_newer(folder / RECORD, called)) and is_finished(stage, folder, identity):
            print(f"{folder}: finished by another process from the same settings, code and inputs; kept.", flush=True)
            yield False
            return
        _remove_former(folder)
        yield True
    finally:
        lease.release()


def is_finished(stage: str, folder: Path, identity: dict[str, Any]) -> bool:
    """Say whether the result in ``folder`` is whole, and of these settings, today's code and inputs of today's content.

    Args:
        stage: which makes it.
        folder: where its record is.
        identity: all settings that the stage reads.
    """
    made = recorded(folder) if is_whole(folder) else []
    key = stage_key(stage, identity) if made else ""
    return any(own == key and _hold(folder, inputs) for own, inputs in made)


def is_whole(folder: Path) -> bool:
    """Say whether a folder has a record, and each file that it names as output is what was written."""
    try:
        outputs = read_record(folder / RECORD).get("outputs")
    except ReplisomeError:
        return False
    return isinstance(outputs, dict) and bool(outputs) and _hold(folder, outputs)


def how_it_ended(stage: str, who: Mapping[str, Any]) -> str:
    """Return what to say of a process that held a run's folder and is gone without a word.

    Args:
        stage: which it worked on.
        who: it, as its lease says.
    """
    given = "in the experiment's `resources` (config/studies), or --set-resources"
    packed = "" if stage == "bundle" else f"; bundle in place of {stage} where runs share jobs"
    memory = f"mem_mb {given} {stage}:mem_mb=N{packed}"
    time = f"runtime {given} {stage}:runtime=MINUTES{packed}"
    how = ending(who)
    why = {
        "OUT_OF_MEMORY": f"SLURM says that memory ran out. Give the job more: {memory}.",
        "TIMEOUT": f"SLURM says that its time was up. Give the job more: {time}.",
        **{key: f"SLURM says that {ENDINGS[key]}." for key in ("BOOT_FAIL", "CANCELLED", "NODE_FAIL", "PREEMPTED")},
    }
    unknown = (
        f"it was killed from outside, or crashed. Most likely memory ran out (give the job more: {memory}) or its time "
        f"was up ({time})."
    )
    return f"the process that worked here before ({described(who)}) ended without a word: {why.get(how or '', unknown)}"


def _remove_former(folder: Path) -> None:
    """Delete the former result's record, then the files that it names, so that no half of it lies beside the new."""
    try:
        names = read_record(folder / RECORD).get("outputs", {})
    except ReplisomeError:  # there is none, or it is damaged
        names = {}
    for name in (RECORD, *names):
        if name not in (SETTINGS, FILE):
            (folder / name).unlink(missing_ok=True)


def _hold(folder: Path, hashes: Mapping[str, str]) -> bool:
    """Say whether files, named by their way from ``folder``, have the hashes that were recorded."""
    with suppress(OSError):
        return all(f"sha256:{file_hash(folder / name)}" == found for name, found in hashes.items())
    return False


def _is_newer(path: Path, mark: Path | None) -> bool:
    """Say whether a file is newer than another, both by the clock of the file system that they are on."""
    if mark is None:
        return False
    with suppress(OSError), path.open("rb") as file, mark.open("rb") as other:  # opened: else a network may remember
        return os.fstat(file.fileno()).st_mtime_ns >= os.fstat(other.fileno()).st_mtime_ns
    return False

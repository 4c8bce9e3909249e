"""Which GPU a job takes where a machine has several: the one that fewest others use.

Each job holds a lock on its GPU for as long as it lives, by which the others count it. The system lets go of the lock
when the process ends, however it ends. Must be called before torch starts, which reads CUDA_VISIBLE_DEVICES once.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

from replisome.errors import ReplisomeError

VISIBLE = "CUDA_VISIBLE_DEVICES"
LISTED = "REPLISOME_GPUS"  # the machine's GPUs by UUID, separated by commas, in place of what nvidia-smi lists
SHARE = "REPLISOME_JOBS_PER_GPU"  # how many jobs may use one GPU at a time
LOCKS = "REPLISOME_GPU_LOCKS"  # the folder of the locks, which all calls of a user on this machine must have in common
HELD = "REPLISOME_GPU_HELD"  # by a process that has taken one for all jobs that it does, or starts
LOOK = 1.0  # seconds between two looks at whether a GPU is free
PATIENCE = 30.0  # seconds that nvidia-smi may take


class Gpu(NamedTuple):
    """A GPU, or a part of one (MIG).

    Attributes:
        entry: its name in CUDA_VISIBLE_DEVICES.
        uuid: the same whoever looks, as far as that is known.
    """

    entry: str
    uuid: str


@contextmanager
def own_gpu(waits: bool = False, folder: Path | None = None) -> Iterator[str | None]:
    """Have CUDA see the one GPU that fewest other jobs use, while the context lasts.

    Of those that CUDA_VISIBLE_DEVICES names, where it is set, one is taken. Nothing is done where it names none, or
    where SLURM gave the job a single one. To a job that asked SLURM for none, all are hidden.

    Args:
        waits: whether the job waits where all GPUs have as many jobs as their share; else it takes one all the same.
        folder: of the locks; None: where all jobs of this user on this machine find them.

    Yields:
        The GPU's name in CUDA_VISIBLE_DEVICES, or None where nothing was chosen.

    Raises:
        ReplisomeError: the number of jobs a GPU is no number.
    """
    if os.environ.get(HELD):
        yield None
        return
    share = _share(os.environ)
    if not waits and _asked_for_none(os.environ):
        with _seeing(""):
            yield None
        return
    gpus = [] if _is_settled(os.environ) else gpus_to_share()
    if not gpus:
        yield None
        return
    gpu, lock = _take(gpus, share if waits else None, folder or _folder())
    if len(gpus) > 1:
        print(f"GPU {gpu.entry}, one of {len(gpus)}", flush=True)
    try:
        with _seeing(gpu.entry):
            yield gpu.entry
    finally:
        lock.close()


@contextmanager
def _seeing(names: str) -> Iterator[None]:
    """Have CUDA see these GPUs alone, while the context lasts."""
    before = os.environ.get(VISIBLE)
    os.environ[VISIBLE] = names
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VISIBLE, None)
        else:
            os.environ[VISIBLE] = before


@contextmanager
def gpu_for_all(waits: bool) -> Iterator[None]:
    """Take a GPU as :func:`own_gpu` does, for several jobs in this process and those that it starts: they take none.

    Args:
        waits: as in :func:`own_gpu`.
    """
    with own_gpu(waits):
        os.environ[HELD] = str(os.getpid())
        try:
            yield
        finally:
            os.environ.pop(HELD, None)


def gpus_to_share() -> list[Gpu]:
    """Return the GPUs of this machine that CUDA_VISIBLE_DEVICES leaves."""
    return visible(os.environ.get(VISIBLE), machine_gpus())


def machine_gpus() -> list[str]:
    """Return the UUIDs of this machine's GPUs in nvidia-smi's order; of a GPU in parts (MIG), those of the parts."""
    if os.environ.get(LISTED):
        return [name.strip() for name in os.environ[LISTED].split(",")]
    return parse_list(_nvidia_smi("-L"))


def parse_list(text: str) -> list[str]:
    """Return the UUIDs in what ``nvidia-smi -L`` prints: a line a GPU, and indented below it a line for each part."""
    found: list[list[str]] = []
    for line in text.splitlines():
        uuid = re.search(r"\(UUID: ([^)\s]+)\)", line)
        if uuid and line.startswith("GPU"):
            found.append([uuid[1]])
        elif uuid and found:
            found[-1].append(uuid[1])
    return [uuid for gpu in found for uuid in (gpu[1:] or gpu)]


def visible(variable: str | None, uuids: Sequence[str]) -> list[Gpu]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES leaves, each under the name that it has there.

    Args:
        variable: its value; None: it is not set, and all are left.
        uuids: of the machine's GPUs.
    """
    if variable is None:
        return [Gpu(uuid, uuid) for uuid in uuids]
    found = []
    for entry in map(str.strip, variable.split(",")):
        number = int(entry) if re.fullmatch(r"[0-9]+", entry) else None
        if number is None and not entry.startswith(("GPU-", "MIG-")):
            break  # CUDA reads no further either: -1, NoDevFiles
        known = [uuid for uuid in uuids if uuid.startswith(entry)] if number is None else uuids[number : number + 1]
        found.append(Gpu(entry, known[0] if known else entry))
    return found


def _take(gpus: Sequence[Gpu], share: int | None, folder: Path) -> tuple[Gpu, IO[str]]:
    """Lock a place on the GPU that fewest jobs use, of this user's or, where equally many, of others'; wait for one."""
    others = Counter(_nvidia_smi("--query-compute-apps=gpu_uuid", "--format=csv,noheader").split())
    told = False
    while True:
        with (folder / "choosing").open("w") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            busy = {gpu: _busy(folder, gpu) for gpu in gpus}
            best = min(gpus, key=lambda gpu: (len(busy[gpu]), others[gpu.uuid]))
            if share is None or len(busy[best]) < share:
                place = next(number for number in range(len(busy[best]) + 1) if number not in busy[best])
                lock = (folder / f"{best.uuid}.{place}").open("w")
                fcntl.flock(lock, fcntl.LOCK_EX)
                return best, lock
        if not told:
            told = True
            print(f"all {len(gpus)} GPUs have {share} jobs (jobs_per_gpu); waiting", file=sys.stderr, flush=True)
        time.sleep(LOOK)


def _busy(folder: Path, gpu: Gpu) -> set[int]:
    """Return which places on a GPU are locked."""
    found = set()
    for path in folder.glob(f"{gpu.uuid}.*"):
        with path.open("w") as place:
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found.add(int(path.suffix[1:]))
    return found


def _share(environment: Mapping[str, str]) -> int | None:
    text = environment.get(SHARE, "")
    if text and not re.fullmatch(r"[1-9][0-9]*", text):
        raise ReplisomeError(f"{SHARE} is '{text}'; give the number of jobs that may use one GPU at a time, 1 or more.")
    return int(text) if text else None


def _is_settled(environment: Mapping[str, str]) -> bool:
    """Say whether there is nothing to choose: no GPU is to be seen, or SLURM gave the job one."""
    names = environment.get(VISIBLE)
    return names is not None and (not names.strip() or (_given(environment) and "," not in names))


def _asked_for_none(environment: Mapping[str, str]) -> bool:
    """Say whether SLURM gave this job no GPU: those that it sees, where nothing hides them, are of others."""
    return bool(environment.get("SLURM_JOB_ID")) and VISIBLE not in environment and not _given(environment)


def _given(environment: Mapping[str, str]) -> bool:
    return any(environment.get(name) for name in ("SLURM_STEP_GPUS", "SLURM_JOB_GPUS"))


def _folder() -> Path:
    """Return a folder that all jobs of this user on this machine have in common, on a disk of its own.

    Raises:
        ReplisomeError: it is another user's.
    """
    folder = Path(os.environ.get(LOCKS) or f"/tmp/replisome-{os.getuid()}")  # noqa: S108 (looked at below)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise ReplisomeError(f"{folder}: is not yours; set {LOCKS} to a folder of your own on this machine's disk.")
    return folder


def _nvidia_smi(*arguments: str) -> str:
    """Return what nvidia-smi says; nothing where there is none, or no GPU."""
    if shutil.which("nvidia-smi") is None:
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(["nvidia-smi", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=True)
        return told.stdout
    return ""

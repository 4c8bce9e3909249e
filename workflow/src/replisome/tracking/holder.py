"""Which process holds a folder: a file in it says so, and is touched as long as the process lives.

Clocks of machines are not compared: how old a sign of life is, the file system itself says. No file of a live holder is
ever renamed or removed by another process, whichever dies at whichever moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import signal
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replisome import processes
from replisome.tracking import slurm_job

BEAT = 30.0  # seconds between signs of life
DEAD = 300.0  # seconds without one after which a process elsewhere counts as dead


class Holder:
    """This process, where it holds a folder or may come to hold it; ``path`` is the file that says who does."""

    def __init__(self, folder: Path, name: str) -> None:
        """Take nothing yet.

        Args:
            folder: what is held.
            name: of the file in it that says by whom.
        """
        self.folder, self.path = folder, folder / name
        self.token = uuid.uuid4().hex
        self._over = threading.Event()

    def content(self) -> bytes | None:
        """Return what the file says now, or None where there is none."""
        with suppress(OSError):
            return self.path.read_bytes()
        return None

    def is_alive(self, who: Mapping[str, Any] | None) -> bool:
        """Say whether one that holds the folder still runs; of a job of SLURM on another machine, SLURM is asked."""
        if who is None or not alive(who, lambda: silence(self.path, self.folder)):
            return False
        return who.get("machine") == processes.machine() or not slurm_job.has_ended(who)

    def is_held(self) -> bool:
        """Say whether this process holds the folder."""
        found = read(self.path, self.folder)
        return found is not None and found.get("token") == self.token

    def put(self, judged: bytes | None) -> bool:
        """Put this process in the place of one that was judged to be gone; of several that try, one does.

        Args:
            judged: the file's content by which that was judged; None: there was no file.

        Returns:
            Whether this process holds the folder now.
        """
        if judged is None:
            return self._make(self.path)
        # Only who made this file may replace the holder's; it is gone once that is done, so the content counts again.
        claim = self.path.with_name(f"{self.path.name}.{hashlib.sha256(judged).hexdigest()[:16]}")
        if not self._make(claim):
            claimant = read(claim, self.folder)
            if silence(claim, self.folder) >= DEAD if claimant is None else not self.is_alive(claimant):
                claim.unlink(missing_ok=True)
            return False
        try:
            if self.content() != judged:
                return False
            self._written().replace(self.path)
            return True
        finally:
            claim.unlink(missing_ok=True)

    def keep(self, beat: float, lost: Callable[[], None]) -> None:
        """Give signs of life until :meth:`stop`.

        Args:
            beat: seconds between them.
            lost: what to do where another process took the folder, as it may after a long sleep.
        """
        self._over.clear()
        threading.Thread(target=self._live, args=(beat, lost, self._over), daemon=True).start()

    def stop(self) -> None:
        """Give no more signs of life."""
        self._over.set()
        self._over = threading.Event()

    def _live(self, beat: float, lost: Callable[[], None], over: threading.Event) -> None:
        while not over.wait(beat):
            try:
                if self.is_held():
                    os.utime(self.path)
                elif self.content() is not None and not over.is_set():
                    lost()
                    return
                else:  # somebody deleted it, perhaps to take the folder; who is first has it
                    self._make(self.path)
            except OSError:
                continue  # out of reach: the next look says more

    def _make(self, path: Path) -> bool:
        """Make a file that says who this is, whole at once; False where there is one."""
        written = self._written()
        try:
            os.link(written, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            return _make_exclusively(path, written.read_bytes())
        finally:
            written.unlink(missing_ok=True)
        return True

    def _written(self) -> Path:
        """Return a new file, under a name of its own, that says who this is."""
        # Called as io.atomic calls its temporary files, so that one left behind is cleared like those.
        name = f"{self.path.name}@{platform.node()}@{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp"
        path = self.path.with_name(name)
        path.write_text(json.dumps(self._self(), indent=2), encoding="utf-8")
        return path

    def _self(self) -> dict[str, Any]:
        return {
            "token": self.token,
            "host": platform.node(),
            "machine": processes.machine(),
            "pid": os.getpid(),
            "began": processes.began(os.getpid()),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "called_in": os.getcwd(),
            "folder": self.folder.stat().st_ino,
            **slurm_job.own(),
        }


def read(path: Path, folder: Path) -> dict[str, Any] | None:
    """Return who holds, or last held, a folder; a file that came with a copy of another folder speaks of that.

    Args:
        path: the file in the folder that says it.
        folder: of results.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found if found["folder"] == folder.stat().st_ino else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def alive(who: Mapping[str, Any], silent: Callable[[], float]) -> bool:
    """Say whether the process that holds a folder still runs.

    Args:
        who: what :func:`read` found.
        silent: gives the seconds since its last sign of life; asked only of another machine's process.
    """
    if who.get("released"):
        return False
    if who.get("machine") == processes.machine():
        return processes.runs(int(who["pid"]), who.get("began"))
    return silent() < DEAD


def silence(path: Path, folder: Path) -> float:
    """Return the seconds since the sign of life in ``path``, by the clock of the file system."""
    with tempfile.NamedTemporaryFile(prefix=f"{path.name}.", dir=folder) as now:
        now.write(b"?")
        now.flush()
        try:
            return os.stat(now.name).st_mtime - path.stat().st_mtime
        except FileNotFoundError:
            return DEAD


def described(who: Mapping[str, Any]) -> str:
    """Return in words which process holds a folder."""
    job = f", SLURM job {who['slurm_job']}" if who.get("slurm_job") else ""
    began = f"since {who.get('since')}, called in {who.get('called_in')}"
    return f"host {who.get('host')}, process {who.get('pid')}{job}, {began}"


def end() -> None:
    """Tell this process to end, as one must that has lost what it held."""
    os.kill(os.getpid(), signal.SIGTERM)


def _make_exclusively(path: Path, content: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
    return True

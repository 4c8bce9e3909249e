"""One call of the workflow at a time in a results folder, wherever the other was started.

Snakemake locks the folder it is called in; two clones may share one results folder. So a call that runs jobs says in
the results folder who it is and gives a sign of life there. Clocks of machines are not compared: how old a sign of life
is, the file system itself says.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replisome import processes
from replisome.errors import ReplisomeError
from replisome.io import write_json

FILE = ".in-use.json"
BEAT = 30.0  # seconds between signs of life
DEAD = 300.0  # seconds without one after which a call elsewhere counts as dead


class Use:
    """The use of a results folder by this process: seen when made, before anything is planned; taken when jobs run."""

    def __init__(self, folder: Path) -> None:
        """Note who used ``folder`` last."""
        self.folder, self.path = folder, folder / FILE
        self.token = uuid.uuid4().hex
        self.seen = self._read()
        self._over = threading.Event()

    def take(self, beat: float = BEAT, lost: Callable[[], None] | None = None) -> None:
        """Take the folder, and give signs of life until :meth:`release`.

        Args:
            beat: seconds between signs of life.
            lost: what to do when another call took the folder, as it may after a long sleep; ends this process.

        Raises:
            ReplisomeError: another call uses the folder, or has used it since this one began to plan.
        """
        now = self._read()
        if self._alive(now):
            assert now is not None
            raise ReplisomeError(self._by(now))
        if now != self.seen:
            raise ReplisomeError(
                f"{self.folder}: another call of the workflow used these results while this one was planning; run the "
                "same command again."
            )
        if now is not None and not now.get("released"):
            print(f"{self.folder}: taken over from {_who(now)}, which is dead.", file=sys.stderr)
        self._replace(now)
        threading.Thread(target=self._live, args=(beat, lost or _end), daemon=True).start()

    def release(self) -> None:
        """Let others have the folder; without effect where this process does not hold it."""
        self._over.set()
        found = self._read()
        if found is not None and found.get("token") == self.token:
            write_json(self.path, {**found, "released": True})

    def _read(self, path: Path | None = None) -> dict[str, Any] | None:
        return read(path or self.path, self.folder)

    def _alive(self, who: dict[str, Any] | None) -> bool:
        return who is not None and alive(who, self._silence)

    def _silence(self) -> float:
        """Return the seconds since the last sign of life, by the clock of the file system."""
        with tempfile.NamedTemporaryFile(prefix=f"{FILE}.", dir=self.folder) as now:
            now.write(b"?")
            now.flush()
            try:
                return os.stat(now.name).st_mtime - self.path.stat().st_mtime
            except FileNotFoundError:
                return DEAD

    def _by(self, who: dict[str, Any]) -> str:
        return (
            f"{self.folder}: in use by another call of the workflow: {_who(who)}. Wait until it ends, or give this "
            f"call a folder of its own (--config results_dir=PATH). If that process is dead, this is noticed "
            f"{DEAD / 60:.0f} minutes after its last sign of life (now {max(self._silence(), 0):.0f} s ago); to go on "
            f"at once, make sure of it and delete {self.path}."
        )

    def _replace(self, judged: dict[str, Any] | None) -> None:
        """Put this process in the place of who was judged to be gone; of two that try, one does."""
        aside = self.path.with_name(f"{FILE}.{self.token}")
        try:
            if self.path.exists():
                self.path.rename(aside)
                if self._read(aside) != judged:
                    aside.replace(self.path)
                    raise FileExistsError
            with self.path.open("x", encoding="utf-8") as handle:
                json.dump(self._self(), handle, indent=2)
        except (FileExistsError, FileNotFoundError):
            raise ReplisomeError(
                f"{self.folder}: another call of the workflow started at the same moment; run the same command again."
            ) from None
        finally:
            aside.unlink(missing_ok=True)

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
        }

    def _live(self, beat: float, lost: Callable[[], None]) -> None:
        while not self._over.wait(beat):
            found = self._read()
            if found is None or found.get("token") != self.token:
                if not self._over.is_set():
                    print(f"{self.folder}: another call of the workflow took these results; ending.", file=sys.stderr)
                    lost()
                return
            try:
                os.utime(self.path)
            except OSError:
                continue  # gone or out of reach: the next look says which


def read(path: Path, folder: Path) -> dict[str, Any] | None:
    """Return who uses, or last used, a folder; a file that came with a copy of another folder speaks of that.

    Args:
        path: the file that says it, :data:`FILE` in the folder.
        folder: of results.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found if found["folder"] == folder.stat().st_ino else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def alive(who: Mapping[str, Any], silence: Callable[[], float]) -> bool:
    """Say whether the call that uses a folder still runs.

    Args:
        who: what :func:`read` found.
        silence: gives the seconds since its last sign of life; asked only of another machine's process.
    """
    if who.get("released"):
        return False
    if who["machine"] == processes.machine():
        return processes.runs(int(who["pid"]), who.get("began"))
    return silence() < DEAD


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _who(found: dict[str, Any]) -> str:
    return (
        f"host {found.get('host')}, process {found.get('pid')}, since {found.get('since')}, called in "
        f"{found.get('called_in')}"
    )

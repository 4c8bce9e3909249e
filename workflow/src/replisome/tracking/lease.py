"""A lease on a run's folder: one process at a time writes there, on whichever machine, and a second one waits or stops.

A scheduler starts a job twice where its controller was killed and started anew. Who holds the lease says so in the
folder and gives signs of life (:mod:`.holder`); one that is found dead left the lease behind when it was killed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import guard, unguard
from replisome.tracking.holder import BEAT, DEAD, Holder, described, end, read, silence

FILE = ".lease.json"
LOOK = 1.0  # seconds between two looks at whether a folder is free


class LeaseLostError(ReplisomeError):
    """Another process took the folder, as it may after this one slept long; nothing more is written to it."""


class Lease:
    """The right of this process to write to a folder; as a context manager it waits for as long as it takes.

    Attributes:
        folder: which is made where it is missing.
        predecessor: who held the folder before and died without a word, once it is taken; None: nobody did.
    """

    def __init__(self, folder: Path, beat: float = BEAT, lost: Callable[[], None] | None = None) -> None:
        """Take nothing yet.

        Args:
            folder: to be written to.
            beat: seconds between signs of life.
            lost: what to do when another process took the folder; by default this one is told to end (SIGTERM), and
                whatever it still tries to write there is refused.
        """
        self.folder = folder
        self.predecessor: dict[str, Any] | None = None
        self._beat, self._lost = beat, lost or end
        self._holder: Holder | None = None

    def __enter__(self) -> Lease:
        self.take(None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def try_take(self) -> bool:
        """Take the folder if nobody who lives holds it, and say whether it is this process's now."""
        if self._holder is not None:
            return True
        self.folder.mkdir(parents=True, exist_ok=True)
        holder = Holder(self.folder, FILE)
        content, who = holder.content(), read(holder.path, self.folder)
        if (who is not None and holder.is_alive(who)) or not holder.put(content):
            return False
        self._holder, self.predecessor = holder, who
        guard(self.folder, self.check)
        holder.keep(self._beat, self._lose)
        return True

    def take(self, wait_seconds: float | None = 0) -> None:
        """Take the folder; where another process holds it, wait until that ends.

        Args:
            wait_seconds: for how long at most; None: for as long as it takes.

        Raises:
            ReplisomeError: it is held still; names by whom, and what to do.
        """
        told, until = False, None if wait_seconds is None else time.monotonic() + wait_seconds
        while not self.try_take():
            if until is not None and time.monotonic() >= until:
                raise ReplisomeError(self._held())
            if not told:
                told = True
                print(f"{self._held()} Waiting.", file=sys.stderr, flush=True)
            time.sleep(LOOK if until is None else min(LOOK, max(until - time.monotonic(), 0.01)))

    def release(self) -> None:
        """Let others have the folder; without effect where this process does not hold it."""
        if self._holder is None:
            return
        holder, self._holder = self._holder, None
        unguard(self.folder)
        holder.stop()
        if holder.is_held():
            holder.path.unlink(missing_ok=True)
        with suppress(OSError):  # nothing came of a folder that was made for this
            self.folder.rmdir()

    def check(self) -> None:
        """Make sure that the folder is this process's still, before something is written there.

        Raises:
            LeaseLostError: another process took it.
        """
        if self._holder is None or self._holder.is_held():
            return
        if self._holder.content() is None and self._holder.put(None):  # somebody deleted it, and nobody has the folder
            return
        who = read(self._holder.path, self.folder)
        raise LeaseLostError(
            f"{self.folder}: another process took this folder while this one gave no sign of life for "
            f"{DEAD / 60:.0f} minutes ({described(who) if who else 'unknown'}); nothing more is written here. Run the "
            "same command again once that process has ended."
        )

    def _held(self) -> str:
        path = self.folder / FILE
        who = read(path, self.folder)
        by = described(who) if who else "a process that has just taken it"
        job = f"scancel {who['slurm_job']}" if who and who.get("slurm_job") else "kill it there"
        return (
            f"{self.folder}: another process writes to this folder: {by}; last sign of life "
            f"{max(silence(path, self.folder), 0):.0f} s ago. Wait until it ends, or end it ({job}). If it is dead, "
            f"this is noticed {DEAD / 60:.0f} minutes after its last sign of life; to go on at once, make sure of it "
            f"and delete {path}."
        )

    def _lose(self) -> None:
        print(f"{self.folder}: another process took this folder; ending.", file=sys.stderr, flush=True)
        self._lost()


def found(folder: Path) -> tuple[dict[str, Any] | None, bool]:
    """Return who holds a folder, or held it and left the lease when it died, and whether that one is alive."""
    holder = Holder(folder, FILE)
    who = read(holder.path, folder)
    return who, holder.is_alive(who)

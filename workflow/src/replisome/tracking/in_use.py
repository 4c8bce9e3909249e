"""One call of the workflow at a time in a results folder, wherever the other was started.

Snakemake locks the folder it is called in; two clones may share one results folder. So a call that runs jobs says in
the results folder who it is and gives a sign of life there (:mod:`.holder`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.tracking.holder import BEAT, DEAD, Holder, described, end, read, silence

FILE = ".in-use.json"


class Use:
    """The use of a results folder by this process: seen when made, before anything is planned; taken when jobs run."""

    def __init__(self, folder: Path) -> None:
        """Note who used ``folder`` last."""
        self.holder = Holder(folder, FILE)
        self.folder, self.path = folder, self.holder.path
        self.seen = read(self.path, folder)

    def take(self, beat: float = BEAT, lost: Callable[[], None] | None = None) -> None:
        """Take the folder, and give signs of life until :meth:`release`.

        Args:
            beat: seconds between signs of life.
            lost: what to do when another call took the folder, as it may after a long sleep; ends this process.

        Raises:
            ReplisomeError: another call uses the folder, or has used it since this one began to plan.
        """
        content = self.holder.content()
        now = read(self.path, self.folder)
        if now is not None and self.holder.is_alive(now):
            silent = max(silence(self.path, self.folder), 0)
            raise ReplisomeError(
                f"{self.folder}: in use by another call of the workflow: {described(now)}. Wait until it ends, or give "
                f"this call a folder of its own (--config results_dir=PATH). If that process is dead, this is noticed "
                f"{DEAD / 60:.0f} minutes after its last sign of life (now {silent:.0f} s ago); to go on at once, make "
                f"sure of it and delete {self.path}."
            )
        if now != self.seen:
            raise ReplisomeError(
                f"{self.folder}: another call of the workflow used these results while this one was planning; run the "
                "same command again."
            )
        if now is not None and not now.get("released"):
            print(f"{self.folder}: taken over from {described(now)}, which is dead.", file=sys.stderr)
        if not self.holder.put(content):
            raise ReplisomeError(
                f"{self.folder}: another call of the workflow started at the same moment; run the same command again."
            )
        self.holder.keep(beat, lambda: self._lose(lost or end))

    def release(self) -> None:
        """Let others have the folder; without effect where this process does not hold it."""
        self.holder.stop()
        found = read(self.path, self.folder)
        if found is not None and found.get("token") == self.holder.token:
            write_json(self.path, {**found, "released": True})

    def _lose(self, then: Callable[[], None]) -> None:
        print(f"{self.folder}: another call of the workflow took these results; ending.", file=sys.stderr)
        then()

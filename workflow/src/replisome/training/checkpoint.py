"""Checkpoints: everything a killed run needs to go on as if nothing had happened.

The file holds tensors and plain values (numbers, texts, lists, mappings) and is read without unpickling anything else:
a checkpoint from somebody else's folder cannot run code.
"""

from __future__ import annotations

import pickle
import time
import zipfile
from pathlib import Path
from typing import Any

import torch

from replisome.errors import ReplisomeError, out_of_memory
from replisome.io import atomic

LARGE = 64 * 2**20  # bytes; above this a checkpoint is written by time, not every epoch
OVERHEAD = 20  # a large checkpoint is due once training took this many times what writing it took


class Checkpoint:
    """One file beside a run's outputs, replaced atomically, removed when the run is complete.

    ``identity`` ties it to the run's settings, code and data: a checkpoint of anything else is not resumed from.
    """

    def __init__(self, path: Path, identity: dict[str, str], minutes: float, start: Path | None = None) -> None:
        self.path = path
        self.start = start  # another run's way to the same point: read where there is no file of one's own
        # Plain texts: torch's version is a class of its own, which would not be read again.
        self.identity = {key: str(value) for key, value in identity.items()}
        self.interval = 60 * minutes
        self.written = time.monotonic()
        self.cost = 0.0
        self.size = 0
        self.resumed = False

    def load(self) -> dict[str, Any] | None:
        """Return the saved state, or None where there is none that fits (an unfit one is named in the log)."""
        found = self._read(self.path)
        if found is None and self.start is not None:
            found = self._read(self.start)
        self.resumed = found is not None
        return found

    def _read(self, path: Path) -> dict[str, Any] | None:
        if not path.exists():
            return None
        try:
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()  # torch writes checksums of all parts, but does not compare them
            if damaged is not None:
                raise zipfile.BadZipFile(f"its part {damaged} does not have the recorded checksum")
            saved = torch.load(path, map_location="cpu", weights_only=True)
            identity, state = dict(saved["identity"]), dict(saved["state"])
        except pickle.UnpicklingError:
            print(f"checkpoint {path} holds more than tensors and plain values, which is never read: of another "
                  "version of replisome, or not ours; starting from the first epoch", flush=True)  # fmt: skip
            return None
        except Exception as error:  # whatever a damaged file makes the reader do: the run can start over
            if out_of_memory(error):
                raise
            print(f"checkpoint {path} is not readable ({error}); starting from the first epoch", flush=True)
            return None
        if identity != self.identity:
            differ = ", ".join(sorted(k for k in self.identity if identity.get(k) != self.identity[k]))
            print(f"checkpoint {path} was made with other {differ}; starting from the first epoch", flush=True)
            return None
        return state

    def due_after_epoch(self) -> bool:
        """Say whether to save: small files after every epoch, large ones as often as costs under 5 % of the time."""
        return self.size < LARGE or time.monotonic() - self.written >= OVERHEAD * self.cost

    def due_within_epoch(self) -> bool:
        """Say whether the last save is so many minutes old that one is due within an epoch."""
        return time.monotonic() - self.written >= self.interval

    def save(self, state: dict[str, Any]) -> None:
        """Write the state: tensors and plain values in mappings and lists.

        Raises:
            ReplisomeError: the disk refuses; the previous checkpoint is left as it was.
        """
        began = time.monotonic()
        try:
            with atomic(self.path) as handle:
                torch.save({"identity": self.identity, "state": state}, handle)
        except RuntimeError as error:  # torch wraps the disk's error
            raise ReplisomeError(f"{self.path}: cannot write the checkpoint ({error}); is the disk full?") from error
        self.written = time.monotonic()
        self.cost = self.written - began
        self.size = self.path.stat().st_size

    def remove(self) -> None:
        """Delete the file; nothing happens where there is none."""
        self.path.unlink(missing_ok=True)

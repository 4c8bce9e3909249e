"""Which process is which: on this machine, since when, and whether it still runs."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Return what tells apart machines, and containers on one: process numbers mean something within it alone."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{platform.node()} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node()


def began(pid: int) -> str | None:
    """Return when a process began, in the system's own ticks, so that a number used again is not taken for it."""
    about = _stat(pid)
    return about[19] if about else None


def runs(pid: int, since: str | None = None) -> bool:
    """Say whether a process runs, and where that is known, whether it is the one that began ``since``."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and another user's
        pass
    if _stat(pid)[:1] in (["Z"], ["X"]):  # dead, and nobody has asked how it ended
        return False
    return since is None or began(pid) in (None, since)


def _stat(pid: int) -> list[str]:
    """Return what Linux says of a process, from its state on; nothing elsewhere, or where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []

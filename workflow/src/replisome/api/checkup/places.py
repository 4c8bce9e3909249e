"""Where things are written: whether that can be done, what is free, and whether somebody else is at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from replisome.api.checkup.finding import Finding, size
from replisome.api.sweeps.call import read_call
from replisome.data.new_source import counted
from replisome.errors import ReplisomeError
from replisome.io import require_writable


def writable(config: Mapping[str, Any]) -> Iterator[Finding]:
    """Say whether results and downloads can be written: a small file is, and is deleted again."""
    for key in ("results_dir", "resources_dir"):
        folder = Path(config[key])
        try:
            require_writable(folder, key)
            with tempfile.NamedTemporaryFile(dir=existing(folder), prefix=".replisome-doctor."):
                pass
        except (ReplisomeError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            yield Finding(
                key, "wrong", f"{folder}: cannot be written to ({why})", f"--config {key}=PATH, or its rights"
            )
        else:
            there = "can be written to" if folder.exists() else "is not there yet, and can be made"
            yield Finding(key, "ok", f"{folder} {there}")


def existing(folder: Path) -> Path:
    """Return a folder, or the nearest above it that exists."""
    path = folder.absolute()
    while not os.path.exists(path):
        path = path.parent
    return path


def space(folder: Path, needed: float, what: str) -> Finding:
    """Compare what is free where a folder lies with what will be written there.

    Args:
        folder: of results, or of downloads.
        needed: in bytes, about.
        what: is written there, in words.
    """
    free = shutil.disk_usage(existing(folder)).free
    text = f"{size(free)} free at {existing(folder)}, for about {size(needed)} of {what}"
    if free < needed:
        return Finding("disk", "wrong", text, "free some space, or write elsewhere (--config results_dir=PATH)")
    if free < 2 * needed:
        return Finding("disk", "warning", text, "that is close: the amount is an estimate")
    return Finding("disk", "ok", text)


def occupied(root: Path, results: Path) -> Iterator[Finding]:
    """Say whether another call of the workflow is at work here, or left a lock behind."""
    if any((root / ".snakemake" / "locks").glob("*")):
        yield Finding(
            "Snakemake's lock", "warning", f"{root} is locked: a call of the workflow runs in it, or was killed",
            "wait for it; if none runs: snakemake --unlock",
        )  # fmt: skip
    else:
        yield Finding("Snakemake's lock", "ok", "not locked")
    call = read_call(results)
    if call is not None and call.alive:
        whose = f"process {call.pid} on {call.host}, since {call.since}"
        yield Finding(
            "results in use", "warning", f"{results}: by another call of the workflow ({whose})",
            "wait until it ends, or give this one a folder of its own (--config results_dir=PATH)",
        )  # fmt: skip


def version_control(root: Path) -> Finding:
    """Say which commit this is, and whether files differ from it. Results are keyed by code and settings, not by it."""
    about = "git"
    try:
        commit = _git(root, "rev-parse", "--short", "HEAD")
        changed = _git(root, "status", "--porcelain").splitlines()
    except (OSError, subprocess.SubprocessError):
        return Finding(
            about, "ok", f"{root} is no git repository, or git is not installed; results do not depend on it"
        )
    text = f"commit {commit}, {counted(len(changed), 'file')} changed or new"
    return Finding(about, "ok", text + ("; records of results tell code apart without git" if changed else ""))


def _git(root: Path, *words: str) -> str:
    call = ["git", "-C", str(root), *words]
    return subprocess.run(call, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

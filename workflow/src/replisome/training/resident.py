"""Splits stay on the device from run to run, where one process trains or tests several on the same recipe."""

from __future__ import annotations

from pathlib import Path

import torch

from replisome.training.task import Split, Task

_State = tuple[tuple[str, int, int, int, int], ...]
_resident: dict[tuple[str, str], Split] = {}
_of: list[tuple[Path, _State]] = []  # the one recipe whose splits these are, and the state of its files


def load_split(task: Task, data: Path, name: str, device: torch.device) -> Split:
    """Return a split of a prepared recipe; one that this process has loaded before is not read again.

    Only one recipe's splits are kept, and only while its files are untouched. A split is read and never changed.

    Args:
        task: of the recipe.
        data: folder of the prepared recipe.
        name: of the split.
        device: where its tensors go.
    """
    here = (data.absolute(), _state(data))
    if _of != [here]:
        _resident.clear()
        _of[:] = [here]
    kept = (name, str(device))
    if kept not in _resident:
        _resident[kept] = task.load(name, device)
    return _resident[kept]


def _state(data: Path) -> _State:
    """Return what tells an untouched folder: of each file name, size, inode, and times of content and inode."""
    files = sorted(data.glob("*.parquet")) + sorted(data.glob("*.json"))
    found = [(file.name, file.stat()) for file in files]
    return tuple((name, s.st_size, s.st_ino, s.st_mtime_ns, s.st_ctime_ns) for name, s in found)

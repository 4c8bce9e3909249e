"""From a path to a run's folder, to its siblings and to its results; nothing but names is read."""

from __future__ import annotations

import re
from pathlib import Path

from replisome.errors import ReplisomeError

CONFIG = "config.json"
WHERE = "results/<preset>/<study>/<recipe>/runs/<model>/<settings>/seed=<n>"


def folder_at(path: Path) -> Path | None:
    """Return the folder of the run that a folder is, or that a file in it or in its test folder is of; else None."""
    near = (path, *list(path.parents)[:2]) if path.exists() else ()
    return next((folder for folder in near if (folder / CONFIG).is_file()), None)


def no_run(path: Path) -> ReplisomeError:
    """Return the error that says that a path is of no run, with a run that lies below it, if one does."""
    if not path.exists():
        return ReplisomeError(f"{path}: no such folder; a run is {WHERE}.")
    runs = sorted(one.parent for one in path.glob(f"**/{CONFIG}") if one.parent.name.startswith("seed="))
    inside = f"; it holds {len(runs)} runs: choose one, such as {runs[0]}" if runs else ""
    return ReplisomeError(f"{path}: is not a run's folder, which is {WHERE} and has a {CONFIG}{inside}.")


def siblings(folder: Path) -> list[Path]:
    """Return the folders of the runs that differ from a run in their seed only, in the order of the seeds."""

    def seed(path: Path) -> tuple[int, str]:
        number = path.name.removeprefix("seed=")
        return (int(number) if number.isdigit() else 0, number)

    return sorted((path for path in folder.parent.glob("seed=*") if (path / CONFIG).is_file()), key=seed)


def root_of(folder: Path) -> Path | None:
    """Return the results folder that a run's folder lies in, or None of one that lies elsewhere."""
    parents = list(folder.absolute().parents)
    if not re.fullmatch(r"seed=[0-9]+", folder.absolute().name) or len(parents) < 6 or parents[2].name != "runs":
        return None
    given = list(folder.parents)
    return given[5] if len(given) > 5 else parents[5]

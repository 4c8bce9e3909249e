"""Whether a configuration with proposed changes is a whole one: tried in a scratch copy, before anything is written."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from replisome.api.new.edits import Edits, copied_tree
from replisome.config import loader
from replisome.config.plan import StudyPlan
from replisome.config.schema import read_yaml
from replisome.config.study_files import read_study
from replisome.errors import ReplisomeError
from replisome.io import write_text
from replisome.tracking.introspect import ROOT

LIBRARY = "workflow/src"  # changes below it need a copy of the code, which another process imports


def repository() -> Path:
    """Return the folder of the repository that is changed: the clone that one stands in, or that of this package.

    Raises:
        ReplisomeError: the clone that one stands in has another copy of the package, or there is none at all.
    """
    root, here = ROOT.parents[2], Path.cwd()
    if (here / "Snakefile").is_file() and (here / "config" / "config.yaml").is_file():
        if (here / LIBRARY / ROOT.name).resolve() != ROOT:
            raise ReplisomeError(
                f"{here} is a clone of its own, but this command belongs to {root}: activate the environment of this "
                "clone (make setup), or change to the other folder."
            )
        return here
    if not (root / "config" / "config.yaml").is_file():
        raise ReplisomeError(
            f"{root}: there is no config/config.yaml; this command changes a clone of the repository, so install the "
            "package from one: make setup."
        )
    return root


@contextmanager
def tried(edits: Edits) -> Iterator[Path]:
    """Give a scratch folder with the configuration as it would be."""
    with tempfile.TemporaryDirectory(prefix="replisome-new-") as folder:
        scratch = Path(folder)
        copied_tree(edits.root / "config", scratch / "config")
        if any(text.path.is_relative_to(edits.root / LIBRARY) for text in edits.texts):
            for part in ("src", "schemas"):
                copied_tree(ROOT.parents[1] / part, scratch / "workflow" / part)
        for text in edits.texts:
            write_text(scratch / text.path.relative_to(edits.root), text.after)
        yield scratch


def plans(scratch: Path, study: str, presets: Sequence[str] = ()) -> dict[str, StudyPlan]:
    """Return a study's plan by preset, of all presets with ``full`` first, or of those that are named.

    Raises:
        ReplisomeError: any preset is not whole.
    """
    config = read_yaml(scratch / "config" / "config.yaml")
    presets = presets or ["full", *sorted(read_study(study, scratch).presets)]
    return {
        preset: loader.load({**config, "studies": [study], "preset": preset, "mirror": None}, scratch).studies[study]
        for preset in presets
    }


def check(edits: Edits, study: str, presets: Sequence[str] = ()) -> None:
    """Plan a study with the changes made, under every preset or those that are named.

    Raises:
        ReplisomeError: as planning says it; nothing has been written.
    """
    with tried(edits) as scratch:
        if not (scratch / LIBRARY).is_dir():
            plans(scratch, study, presets)
            return
        code = (
            "import sys, pathlib\n"
            "from replisome.api.new.check import plans\n"
            "from replisome.errors import ReplisomeError\n"
            "try: plans(pathlib.Path(sys.argv[1]), sys.argv[2])\n"
            "except ReplisomeError as error: sys.exit(f'refused: {error}')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(scratch), study],
            env={**os.environ, "PYTHONPATH": str(scratch / LIBRARY)},
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().replace(f"{scratch}/", "")
            raise ReplisomeError(said.partition("refused: ")[2] or said)

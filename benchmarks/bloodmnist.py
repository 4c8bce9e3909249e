"""Two runs of the train stage side by side, a thread each, against one after the other on all threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def _train(folder: Path, data: Path, threads: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "replisome", "train", "--run", str(folder / "config.json")]
    command += ["--data", str(data), "--out", str(folder), "--threads", str(threads)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _finish(running: subprocess.Popen[bytes]) -> None:
    if running.wait():
        raise RuntimeError(f"a benchmark run failed: {running.args!r}")


def two_at_once() -> Iterator[str]:
    """Compare two runs side by side, a thread each, with one after the other on all threads."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        recipe = {
            "study": "bloodmnist",
            "implementation": "bloodmnist",
            "recipe": {
                **{"name": "control", "split": "official", "encoding": "image", "normalisation": "zscore"},
                **{"protocol": "sound", "source": {"control": "cells", "options": {"train": 2000}}},
            },
            "datasets": {},
        }
        (root / "recipe.json").write_text(json.dumps(recipe))
        prepare = [sys.executable, "-m", "replisome", "prepare", "--settings", str(root / "recipe.json")]
        subprocess.run([*prepare, "--out", str(root / "data")], check=True, stdout=subprocess.DEVNULL)
        for pool, epochs in (("none", 2), ("max", 12)):
            folders = []
            for number in range(4):
                config = {
                    **{"study": "bloodmnist", "implementation": "bloodmnist", "recipe": {"name": "control"}},
                    **{"model": "cnn", "hyperparameters": {"pool": pool}, "training": {}, "seed": number, "curves": []},
                    **{"budget": {"epochs": epochs}, "select": {"metric": "accuracy", "mode": "max"}},
                }
                folders.append(root / f"{pool}{number}")
                folders[-1].mkdir()
                (folders[-1] / "config.json").write_text(json.dumps(config))
            began = time.perf_counter()
            for running in [_train(folder, root / "data", 1) for folder in folders[:2]]:
                _finish(running)
            together = time.perf_counter() - began
            began = time.perf_counter()
            for folder in folders[2:]:
                _finish(_train(folder, root / "data", os.cpu_count() or 1))
            alone = time.perf_counter() - began
            yield (
                f"two runs, pool={pool}: {together:.1f} s at once on a thread each; {alone:.1f} s in turn on "
                f"{os.cpu_count()} threads each; ratio {alone / together:.2f} ({epochs} epochs of 2,000 images, n=1)"
            )

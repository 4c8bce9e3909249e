"""Images a second of our training step against the loop that the assignment's skeleton and most tutorials have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from benchmarks.steps import BATCH, REPEATS, WARM_UP, plain_loop, resident_loop
from replisome import models
from replisome.models import DataSpec
from replisome.studies.bloodmnist.task import ImageSplit

SPEC = DataSpec((3, 28, 28), 8)
STEPS = {"none": 12, "max": 80}  # by pooling; steps without it take some 15 times longer


class IndexedImages(Dataset[tuple[Tensor, Tensor]]):
    """One image at a time: to float, to the channels-first order, scaled to -1..1."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        image = torch.from_numpy(self.images[item]).permute(2, 0, 1).float() / 255
        return (image - 0.5) / 0.5, torch.tensor(self.labels[item])


def _data(items: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (items, 28, 28, 3), dtype=np.uint8), rng.integers(0, 8, items)


def _model(pool: str) -> nn.Module:
    torch.manual_seed(0)
    return models.build("cnn", SPEC, {"pool": pool})


def reference(pool: str, steps: int) -> float:
    """Return images a second of the plain loop."""
    items = IndexedImages(*_data((steps + WARM_UP) * BATCH))
    return plain_loop(_model(pool), items, nn.functional.cross_entropy, steps)


def ours(pool: str, steps: int, threads: int) -> float:
    """Return images a second of our step."""
    images, labels = (torch.from_numpy(values) for values in _data((steps + WARM_UP) * BATCH))

    def split(device: torch.device) -> ImageSplit:
        half = torch.full((3,), 0.5, device=device)
        return ImageSplit(images.to(device), labels.to(device), half, half)

    return resident_loop(_model(pool), split, nn.functional.cross_entropy, steps, threads, torch.channels_last)


def training_step() -> Iterator[str]:
    """Compare the two loops, pooled and unpooled, ours on one thread and on as many as the reference."""
    default = torch.get_num_threads()
    for pool, steps in STEPS.items():
        plain = max(reference(pool, steps) for _ in range(REPEATS))
        for threads in sorted({1, default}):
            fast = max(ours(pool, steps, threads) for _ in range(REPEATS))
            yield (
                f"training step, pool={pool}: {fast:,.0f} images/s on {threads} thread(s); reference {plain:,.0f} on "
                f"{default}; ratio {fast / plain:.2f} (batch {BATCH}, {steps} steps, best of {REPEATS})"
            )


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

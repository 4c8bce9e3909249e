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
from torch.utils.data import DataLoader, Dataset

from replisome import models
from replisome.models import DataSpec
from replisome.stages.train import choose_precision, make_fabric
from replisome.studies.bloodmnist.task import ImageSplit
from replisome.training.optim import TrainingSettings, make_optimiser, make_schedule
from replisome.training.predict import to_device

SPEC = DataSpec((3, 28, 28), 8)
BATCH = 64
WARM_UP = 3  # steps that are not timed
REPEATS = 3  # the best of so many is taken: other work on the machine only ever slows a run down
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


def reference(pool: str, steps: int) -> float:
    """Return images a second of a DataLoader, torch's default Adam and torch's default threads."""
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = models.build("cnn", SPEC, {"pool": pool}).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.001)
    loader = DataLoader(IndexedImages(*_data((steps + WARM_UP) * BATCH)), batch_size=BATCH, shuffle=True)
    began = 0.0
    for step, (images, labels) in enumerate(loader):
        if step == WARM_UP:
            began = time.perf_counter()
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(images.to(device)), labels.to(device))
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        loss.item()  # what such loops do to print a running loss
    return steps * BATCH / (time.perf_counter() - began)


def ours(pool: str, steps: int, threads: int) -> float:
    """Return images a second of the step in replisome.training.loop on resident data."""
    torch.manual_seed(0)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    fabric = make_fabric(choose_precision("fp32"))
    images, labels = (torch.from_numpy(values).to(fabric.device) for values in _data((steps + WARM_UP) * BATCH))
    half = torch.full((3,), 0.5, device=fabric.device)
    split = ImageSplit(images, labels, half, half)
    model = to_device(models.build("cnn", SPEC, {"pool": pool}), fabric.device, torch.channels_last)
    model, optimiser = fabric.setup(model, make_optimiser(model.parameters(), TrainingSettings()))
    schedule = make_schedule(optimiser, TrainingSettings(), steps + WARM_UP)
    order = torch.randperm(len(split)).to(fabric.device)
    total = torch.zeros((), device=fabric.device)
    began = 0.0
    for step, items in enumerate(torch.split(order, BATCH)):
        if step == WARM_UP:
            began = time.perf_counter()
        inputs, targets = split.batch(items)
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimiser.zero_grad()
        fabric.backward(loss)
        optimiser.step()
        schedule.step()
        total += loss.detach()
    total.item()
    seconds = time.perf_counter() - began
    torch.set_num_threads(before)
    return steps * BATCH / seconds


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
            "dataset": None,
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

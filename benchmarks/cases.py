"""What benchmarks train: of each study a network, with its data as our splits hold them and as plain loops do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from replisome import models
from replisome.api.checkup.speeds import task_of
from replisome.data.encode.aminoacids import ALPHABET
from replisome.data.encode.bases import encode_bases
from replisome.data.encode.onehot import SCALE, one_hot
from replisome.studies.bloodmnist.task import ImageSplit
from replisome.studies.genome.task import WindowSplit
from replisome.studies.proteinnet.task import ChainSplit
from replisome.studies.rnacompete.task import ProbeSplit
from replisome.training.task import Split, Task

BATCH = 64
ITEMS = 20 * BATCH  # how many there are; loops go through them again and again
PROBE, CHAIN, WINDOW = 41, 64, 100  # bases, residues, bases
VECTORS = {"A": [1, 0, 0, 0], "C": [0, 1, 0, 0], "G": [0, 0, 1, 0], "U": [0, 0, 0, 1]}
Loss = Callable[[Tensor, Tensor], Tensor]
Item = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Case:
    """A network and its data.

    Attributes:
        study: whose task it is.
        model: a network of ours, with its hyperparameters.
        unit: what an item is.
        statistics: of the recipe, as stats.json has them.
        split: our split of the data, on a device.
        items: the same data for a DataLoader, read and encoded item by item.
        loss: what a plain loop would write.
        plain: a network that a plain loop would have in the model's place, where it is another.
    """

    study: str
    model: str
    hyperparameters: Mapping[str, Any]
    unit: str
    statistics: Mapping[str, Any]
    split: Callable[[torch.device], Split]
    items: Callable[[], Dataset[Item]]
    loss: Loss
    plain: Callable[[], nn.Module] | None = field(default=None)

    @property
    def name(self) -> str:
        """What the tables call it."""
        shown = ", ".join(f"{key} {value}" for key, value in self.hyperparameters.items())
        return f"{self.model} ({shown})" if shown else self.model

    def task(self, folder: Path) -> Task:
        """Open its task; the statistics are written to ``folder``."""
        return task_of(self.study, self.statistics, folder)

    def network(self, task: Task) -> nn.Module:
        """Build our network, its weights always the same."""
        torch.manual_seed(0)
        return models.build(self.model, task.data, dict(self.hyperparameters))


class Items(Dataset[Item]):
    """Items that are made when they are asked for."""

    def __init__(self, number: int, make: Callable[[int], Item]) -> None:
        self.number, self.make = number, make

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, item: int) -> Item:
        return self.make(item)


class PackedBiLSTM(nn.Module):
    """The same network as ``bilstm``, on packed sequences."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, width, 1, bidirectional=True, batch_first=True)
        self.output = nn.Linear(2 * width, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, 41, 4) to affinities (batch, 1)."""
        lengths = (inputs != 0).any(dim=2).sum(dim=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        _, (final, _) = self.lstm(packed)
        affinities: Tensor = self.output(torch.cat([final[-2], final[-1]], dim=1))
        return affinities


def sequences(count: int, width: int = PROBE) -> list[str]:
    """Return random RNA of 30 to 41 bases."""
    rng = np.random.default_rng(0)
    letters = rng.choice(list("ACGU"), size=(count, width))
    return ["".join(row[:length]) for row, length in zip(letters, rng.integers(30, width + 1, count), strict=True)]


def row_by_row(sequence: str, width: int = PROBE) -> np.ndarray:
    """Return (width, 4) as a loader without vectorisation makes it: a dictionary lookup a base, stacked and padded."""
    vectors = [np.array(VECTORS[base], np.float32) for base in sequence]
    return np.stack(vectors + [np.zeros(4, np.float32)] * (width - len(vectors)))


def _cells(pool: str) -> Case:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (ITEMS, 28, 28, 3), dtype=np.uint8), rng.integers(0, 8, ITEMS)
    half = [0.5] * 3

    def split(device: torch.device) -> ImageSplit:
        both = torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device)
        return ImageSplit(*both, torch.tensor(half, device=device), torch.tensor(half, device=device))

    def item(number: int) -> Item:
        image = torch.from_numpy(images[number]).permute(2, 0, 1).float() / 255
        return (image - 0.5) / 0.5, torch.tensor(labels[number])

    about = {"shape": [28, 28, 3], "classes": 8, "channel_mean": half, "channel_std": half}
    loss = nn.functional.cross_entropy
    return Case("bloodmnist", "cnn", {"pool": pool}, "images", about, split, lambda: Items(ITEMS, item), loss)


def _probes(model: str) -> Case:
    rna = sequences(ITEMS)
    about = {"encoding": "onehot", "shape": [PROBE, 4], "scale": SCALE, "tokens": 0, "targets": {}}
    about["outputs"] = [{"experiment": "any", "name": "any", "features": []}]

    def split(device: torch.device) -> ProbeSplit:
        inputs = torch.from_numpy(one_hot(encode_bases(rna, PROBE).codes))
        return ProbeSplit(inputs.to(device), torch.zeros(ITEMS, 1, device=device), SCALE)

    def item(number: int) -> Item:
        return torch.from_numpy(row_by_row(rna[number])), torch.zeros(1)

    loss, plain = nn.functional.mse_loss, PackedBiLSTM if model == "bilstm" else None
    size = {"width": 64, "depth": 1}
    return Case("rnacompete", model, size, "probes", about, split, lambda: Items(ITEMS, item), loss, plain)


def _chains() -> Case:
    rng = np.random.default_rng(0)
    letters = rng.integers(0, 20, (ITEMS, CHAIN)).astype(np.uint8)
    profile = rng.random((ITEMS, CHAIN, 21)).astype(np.float32)
    ca = rng.normal(0, 3, (ITEMS, CHAIN, 3)).cumsum(axis=1).astype(np.float32)
    about = {"crop": CHAIN, "alphabet": ALPHABET, "protocol": "sound"}

    def split(device: torch.device) -> ChainSplit:
        def flat(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values.reshape(ITEMS * CHAIN, *values.shape[2:])).to(device)

        known = torch.ones(ITEMS * CHAIN, dtype=torch.bool, device=device)
        lengths = torch.full((ITEMS,), CHAIN, device=device)
        return ChainSplit(flat(letters), flat(profile), flat(ca), known, lengths, CHAIN, 1.0)

    def item(number: int) -> Item:
        onehot = np.stack([np.eye(21, dtype=np.float32)[letter] for letter in letters[number]])
        apart = np.linalg.norm(ca[number][:, None] - ca[number][None], axis=2)
        return torch.from_numpy(np.stack([profile[number], onehot])), torch.from_numpy(apart)

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        apart = outputs.unsqueeze(2) - outputs.unsqueeze(1)
        return nn.functional.mse_loss((apart.square().sum(dim=3) + 1e-6).sqrt(), targets)

    return Case("proteinnet", "conv_simple", {}, "chains", about, split, lambda: Items(ITEMS, item), loss)


def _windows() -> Case:
    text = "".join(np.random.default_rng(0).choice(list("ACGT"), size=ITEMS * 10 + WINDOW + 1))
    number_of = {base: number for number, base in enumerate("ACGT")}
    about = {"length": WINDOW, "k": 1, "stride": 1, "tokens": 4, "piece": WINDOW, "alphabet": "ACGT"}

    def split(device: torch.device) -> WindowSplit:
        tokens = torch.tensor([number_of[base] for base in text], dtype=torch.uint8)
        return WindowSplit(tokens.to(device), torch.arange(ITEMS, device=device) * 10, WINDOW, 1)

    def item(number: int) -> Item:
        window = torch.tensor([number_of[base] for base in text[number * 10 : number * 10 + WINDOW + 1]])
        return window[:-1], window[1:]

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())

    size = {"embedding": 64, "hidden": 128}
    return Case("genome", "char_lstm", size, "windows", about, split, lambda: Items(ITEMS, item), loss)


CASES: dict[str, Callable[[], Case]] = {
    "cnn-pooled": lambda: _cells("max"),
    "cnn-unpooled": lambda: _cells("none"),
    "bilstm": lambda: _probes("bilstm"),
    "cnn1d": lambda: _probes("cnn1d"),
    "conv_simple": _chains,
    "char_lstm": _windows,
}

"""Images on the device, cross-entropy on whatever the head returns, and the scores of a classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from torch import Tensor, nn

from replisome.config.catalogue import Output
from replisome.data.parquet import column_array, read_parquet
from replisome.models import DataSpec
from replisome.training.task import PreparedTask


class ImageSplit:
    """Images as uint8 (n, height, width, channels) on the device; a batch is scaled when it is taken."""

    def __init__(self, images: Tensor, labels: Tensor, mean: Tensor, std: Tensor) -> None:
        self.images, self.labels = images, labels
        self.scale, self.offset = 1 / (255 * std), mean / std

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return scaled images (batch, channels, height, width), channels last in memory, and labels (batch,)."""
        images = self.images[items].float() * self.scale - self.offset
        return images.permute(0, 3, 1, 2), self.labels[items]


class ImageClassification(PreparedTask):
    """One label an image."""

    memory_format = torch.channels_last

    def __init__(self, recipe: Path) -> None:
        """Open a prepared recipe's folder."""
        super().__init__(recipe)
        self.shape: tuple[int, ...] = tuple(self.statistics["shape"])
        self.mean, self.std = self.statistics["channel_mean"], self.statistics["channel_std"]
        height, width, channels = self.shape
        self.data = DataSpec((channels, height, width), self.statistics["classes"])

    def load(self, split: str, device: torch.device) -> ImageSplit:
        """Read a split onto the device."""
        table, _ = read_parquet(self.recipe / f"{split}.parquet")
        images = torch.from_numpy(column_array(table, "image", self.shape).copy())
        labels = torch.from_numpy(table.column("label").to_numpy().astype(np.int64))
        mean, std = (torch.tensor(values, dtype=torch.float32, device=device) for values in (self.mean, self.std))
        return ImageSplit(images.to(device), labels.to(device), mean, std)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy, applied to probabilities too where a softmax head returns them (as in report B)."""
        return nn.functional.cross_entropy(outputs.float(), targets)

    def terms(self, targets: Tensor) -> Tensor:
        """Return the number of images."""
        return torch.tensor(len(targets), device=targets.device)

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Return accuracy and balanced accuracy of outputs (n, classes)."""
        predicted = outputs.argmax(axis=1)
        return {
            "accuracy": float(accuracy_score(targets, predicted)),
            "balanced_accuracy": float(balanced_accuracy_score(targets, predicted)),
        }

    def predictions(self, outputs: np.ndarray, targets: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
        """Return the columns of predictions.parquet: label, predicted class and probabilities (n, classes)."""
        probabilities = outputs if gives == "probabilities" else _softmax(outputs)
        return {
            "label": targets.astype(np.int16),
            "predicted": outputs.argmax(axis=1).astype(np.int16),
            "probabilities": probabilities.astype(np.float32),
        }


def _softmax(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).softmax(dim=1).numpy()


def open_task(recipe: Path) -> ImageClassification:
    """Open the task of a prepared recipe (what the train and evaluate stages call)."""
    return ImageClassification(recipe)

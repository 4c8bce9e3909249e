"""Images on the device, cross-entropy on whatever the head returns, and the scores of a classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from replisome.config.catalogue import Output
from replisome.data.parquet import column_array, read_row_groups
from replisome.models import DataSpec
from replisome.training import metrics
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
        """Read a split onto the device, one row group after the other: elsewhere no more than that is in memory."""
        found = read_row_groups(self.recipe / f"{split}.parquet", ["image", "label"])
        images = torch.empty((found.rows, *self.shape), dtype=torch.uint8, device=device)
        labels = torch.empty(found.rows, dtype=torch.int64, device=device)
        start = 0
        for table in found.tables:
            here = slice(start, start + len(table))
            images[here] = torch.from_numpy(column_array(table, "image", self.shape).copy())
            labels[here] = torch.from_numpy(table.column("label").to_numpy().astype(np.int64))
            start += len(table)
        mean, std = (torch.tensor(values, dtype=torch.float32, device=device) for values in (self.mean, self.std))
        return ImageSplit(images, labels, mean, std)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy, applied to probabilities too where a softmax head returns them (as in report B)."""
        return nn.functional.cross_entropy(outputs.float(), targets)

    def terms(self, targets: Tensor) -> Tensor:
        """Return the number of images."""
        return torch.full((), len(targets), device=targets.device)  # nothing to copy to the device, and so no wait

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Return accuracy, balanced accuracy and AUC of outputs (n, classes), be they logits or probabilities.

        And what a collapse shows in: ``entropy``, the mean of the predicted distributions' (nats), and ``commonest``,
        the share of the answer that is given most.
        """
        predicted = outputs.argmax(axis=1)
        probabilities = outputs if _are_probabilities(outputs) else _softmax(outputs)
        return {
            "accuracy": metrics.accuracy(targets, predicted),
            "balanced_accuracy": metrics.balanced_accuracy(targets, predicted),
            "auc": auc(targets, probabilities),
            "entropy": float(metrics.entropy(probabilities).mean()),
            "commonest": float(np.bincount(predicted).max() / len(predicted)),
        }

    def predictions(self, outputs: np.ndarray, targets: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
        """Return the columns of predictions.parquet: label, predicted class and probabilities (n, classes)."""
        probabilities = outputs if gives == "probabilities" else _softmax(outputs)
        return {
            "label": targets.astype(np.int16),
            "predicted": outputs.argmax(axis=1).astype(np.int16),
            "probabilities": probabilities.astype(np.float32),
        }


def auc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the area under the ROC curve as MedMNIST's evaluator takes it (``getAUC`` of medmnist/evaluator.py 3.0.2).

    Args:
        labels: (n,), whole numbers from 0.
        probabilities: (n, classes).

    Returns:
        Of two classes, the area of the second; of more, the mean over classes of each one's area against the rest,
        which ranks images by that class's probability. NaN where a class has no image, or a probability is not finite:
        it is then not defined.
    """
    classes = probabilities.shape[1]
    if not np.isfinite(probabilities).all() or len(np.unique(labels)) < classes:
        return float("nan")
    scored = range(classes) if classes > 2 else [classes - 1]
    return float(np.mean([metrics.auc(labels == number, probabilities[:, number]) for number in scored]))


def _are_probabilities(outputs: np.ndarray) -> bool:
    """Say whether every row is a distribution, as a softmax head's are and the logits of a whole split are not."""
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3))


def _softmax(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).softmax(dim=1).numpy()


def open_task(recipe: Path) -> ImageClassification:
    """Open the task of a prepared recipe (what the train and evaluate stages call)."""
    return ImageClassification(recipe)

"""Rows of numbers on the device, a loss and scores: what training and testing ask of the study.

The methods are those of :class:`replisome.training.task.Task`; arrays in, arrays out, and no model is named.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax
from torch import Tensor, nn

from replisome.config.catalogue import Output
from replisome.data.parquet import column_array, read_parquet
from replisome.models import DataSpec
from replisome.training.task import PreparedTask


class Rows:
    """Features (n, columns), float32, and labels (n,), int64, both on the device."""

    def __init__(self, features: Tensor, labels: Tensor) -> None:
        self.features, self.labels = features, labels

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (batch, columns) and labels (batch,)."""
        return self.features[items], self.labels[items]


class RowClassification(PreparedTask):
    """One label a row."""

    max_items = 65_536  # rows of which inputs and outputs fit in memory together

    def __init__(self, recipe: Path) -> None:
        """Open a prepared recipe's folder."""
        super().__init__(recipe)
        self.data = DataSpec((len(self.statistics["mean"]),), self.statistics["classes"])  # for the model's ``build``

    def load(self, split: str, device: torch.device) -> Rows:
        """Read a split onto the device, scaled as the recipe says."""
        table, _ = read_parquet(self.recipe / f"{split}.parquet")
        features = column_array(table, "features", self.data.shape)
        scaled = (features - np.array(self.statistics["mean"])) / np.array(self.statistics["std"])
        labels = torch.from_numpy(table.column("label").to_numpy().astype(np.int64))
        return Rows(torch.from_numpy(scaled.astype(np.float32)).to(device), labels.to(device))

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy of logits (batch, classes) with labels (batch,)."""
        return nn.functional.cross_entropy(outputs.float(), targets)

    def terms(self, targets: Tensor) -> Tensor:
        """Return the number of rows: over so many terms is the mean loss of a batch."""
        return torch.full((), len(targets), device=targets.device)

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Return each score that the study declares, but for the loss, of logits (n, classes)."""
        return {"accuracy": float((outputs.argmax(axis=1) == targets).mean())}

    def predictions(self, outputs: np.ndarray, targets: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
        """Return the columns of predictions.parquet: label, predicted class and probabilities (n, classes)."""
        shares = outputs if gives == "probabilities" else softmax(outputs, axis=1)
        found = {"label": targets, "predicted": outputs.argmax(axis=1)}
        return {**{name: values.astype(np.int16) for name, values in found.items()}, "probabilities": shares}


def open_task(recipe: Path) -> RowClassification:
    """Open the task of a prepared recipe.

    Args:
        recipe: the recipe's folder, with train, validation and test.parquet and stats.json.

    Returns:
        The task.
    """
    return RowClassification(recipe)

"""What the training loop and the stages ask of a study: splits that lie on the device, a loss, scores, predictions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from replisome.config.catalogue import Output
from replisome.models import DataSpec
from replisome.tracking.verify import read_verified


class Split(Protocol):
    """One split of the data, resident on the device."""

    def __len__(self) -> int:
        """Return the number of items."""
        ...

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return some items.

        Args:
            items: indices (batch,), int64, on the split's device.

        Returns:
            Inputs (batch, ...) and targets (batch, ...), as the model and the loss take them.
        """
        ...


class Task(Protocol):
    """One prepared recipe of one study.

    Attributes:
        data: what a model must know of the data.
        memory_format: how inputs lie in memory.
        max_items: items of which inputs, outputs and targets fit in memory together.
        test_only: columns of ``predictions`` that are kept of the test split alone: they are large, and what items add
            to scores can be told without them.
    """

    data: DataSpec
    memory_format: torch.memory_format
    max_items: int
    test_only: tuple[str, ...]

    def load(self, split: str, device: torch.device) -> Split:
        """Read a split onto the device.

        Args:
            split: train, validation or test.
            device: where its tensors go.

        Returns:
            The split.

        Raises:
            ReplisomeError: the file is missing or damaged.
        """
        ...

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of a batch.

        Args:
            outputs: what the model gives, (batch, ...).
            targets: what the split gives with it, (batch, ...).

        Returns:
            A scalar, float32, in the study's own unit.
        """
        ...

    def reduce_outputs(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return what scores and predictions need of outputs, which may be too large to keep for a whole split.

        Args:
            outputs: what the model gives, (batch, ...), float32.
            targets: (batch, ...).

        Returns:
            (batch, ...), float32.
        """
        ...

    def terms(self, targets: Tensor) -> Tensor:
        """Return how many terms the mean loss of a batch is over, for adding batches up to a split.

        Args:
            targets: (batch, ...).

        Returns:
            A scalar, a whole number.
        """
        ...

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Return the scores of a whole split, ``loss`` left out; the study declares each of them.

        Args:
            outputs: reduced outputs (n, ...), float32.
            targets: (n, ...).

        Returns:
            By name, a number; NaN where a score cannot be taken. Of a part of the targets it is called ``score.part``.
        """
        ...

    def predictions(self, outputs: np.ndarray, targets: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
        """Return the columns of predictions.parquet.

        Args:
            outputs: reduced outputs (n, ...), float32.
            targets: (n, ...).
            gives: what the model gives, as its traits say.

        Returns:
            By name, an array (n, ...) in the order of the split.
        """
        ...


class PreparedTask:
    """What most tasks begin with: a recipe's folder and its statistics, and outputs that are small enough to keep."""

    memory_format: torch.memory_format = torch.contiguous_format
    max_items: int = 1024
    test_only: tuple[str, ...] = ()

    def __init__(self, recipe: Path) -> None:
        """Open a prepared recipe's folder and read stats.json.

        Raises:
            ReplisomeError: the file is missing or is not JSON.
        """
        self.recipe = recipe
        self.statistics: dict[str, Any] = read_verified(recipe / "stats.json")

    def reduce_outputs(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return outputs as they are."""
        return outputs


class Sample:
    """Some items of a split, always the same: as many as are asked for, or all.

    Args:
        split: what they are of.
        size: how many at most.
        device: where the split lies.
    """

    def __init__(self, split: Split, size: int, device: torch.device) -> None:
        order = np.random.default_rng(0).permutation(len(split))  # of no run's seed: all runs are scored on the same
        self.split, self.items = split, torch.from_numpy(np.sort(order[:size])).to(device)

    def __len__(self) -> int:
        return len(self.items)

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return some items of the sample, as the split gives them."""
        return self.split.batch(self.items[items])


@runtime_checkable
class Augmenting(Protocol):
    """A split that can vary its items, as a study's ``augmentations`` name."""

    def augmented(self, items: Tensor, how: str) -> tuple[Tensor, Tensor]:
        """Return some items, varied by torch's generators.

        Args:
            items: indices (batch,), int64, on the split's device.
            how: one of the study's ``augmentations``.

        Returns:
            What ``batch`` does.
        """
        ...


@runtime_checkable
class Overlapping(Protocol):
    """A split whose items share terms, as the overlapping windows of one sequence do."""

    def disjoint(self) -> Split:
        """Return the same data in items of which no two share a term, for models that count."""
        ...


@runtime_checkable
class ClosedForm(Protocol):
    """A model that is solved for, not trained: counts, regressions, tables."""

    def estimate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Set the weights from the training split; ``batches`` may be gone through more than once."""
        ...

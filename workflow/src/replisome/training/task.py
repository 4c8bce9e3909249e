"""What the loop asks of a study: splits that lie on the device, a loss and scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from replisome.models import DataSpec


class Split(Protocol):
    """One split of the data, resident on the device."""

    def __len__(self) -> int:
        """Return the number of items."""
        ...

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of the items at these indices (int64, on the split's device)."""
        ...


class Task(Protocol):
    """One prepared recipe of one study, as the loop sees it."""

    data: DataSpec
    memory_format: torch.memory_format
    at_once: int  # items of which inputs, outputs and targets fit in memory together

    def load(self, split: str, device: torch.device) -> Split:
        """Read train, validation or test onto the device."""
        ...

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of a batch."""
        ...

    def digest(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return what scores and predictions need of outputs (batch, ...), which may be too large to keep."""
        ...

    def terms(self, targets: Tensor) -> Tensor:
        """Return how many terms the mean loss of a batch is over, for adding batches up to a split."""
        ...

    def scores(self, outputs: np.ndarray, targets: np.ndarray, model: nn.Module) -> dict[str, float]:
        """Return the scores of a whole split from the digested outputs of a model, loss left out."""
        ...


@runtime_checkable
class Augmenting(Protocol):
    """A split that can vary its items, as a study's ``augmentations`` name."""

    def augmented(self, items: Tensor, how: str) -> tuple[Tensor, Tensor]:
        """Return what ``batch`` does, varied by torch's generators."""
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

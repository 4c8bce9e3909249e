"""No distance anywhere: what a model must beat to know that proteins have a size."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._chains import residues_of

TRAITS = Traits(kind="baseline", gives="distances")


class Zeros(nn.Module):
    """Every distance is 0. It has nothing to learn, and one number to have a device and a file of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.distance = nn.Parameter(torch.zeros(()), requires_grad=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps (batch, residues, residues) of zeros from inputs (batch, 2, residues, 21)."""
        return self.distance.expand(len(inputs), inputs.shape[2], inputs.shape[2])

    def estimate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Learn nothing."""


def build(data: DataSpec) -> Zeros:
    """Build the model.

    Raises:
        ReplisomeError: the data are no protein chains.
    """
    residues_of(data, "zeros")
    return Zeros()

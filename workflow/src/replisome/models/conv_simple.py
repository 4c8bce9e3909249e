"""Report C's first model: convolutions over profile and one-hot letters as two channels, then one dense layer."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._chains import CHANNELS, COLUMNS, draw_as_keras, residues_of

TRAITS = Traits(kind="network", gives="coordinates")


class ConvSimple(nn.Module):
    """Three 3x3 convolutions, batch norm, and coordinates of all residues from one dense layer.

    At 256 residues it has 66,070,688 parameters, the 32 running statistics of the batch norm counted.
    """

    def __init__(self, residues: int, relu: bool) -> None:
        super().__init__()
        self.residues = residues
        between = [nn.ReLU()] if relu else []
        self.convolutions = nn.Sequential(
            nn.Conv2d(CHANNELS, 16, 3, padding=1),
            *between,
            nn.Conv2d(16, 32, 3, padding=1),
            *between,
            nn.Conv2d(32, 16, 3, padding=1),
            *between,
        )
        self.norm = nn.BatchNorm2d(16)
        self.dense = nn.Linear(16 * residues * COLUMNS, 3 * residues)
        draw_as_keras(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return coordinates (batch, residues, 3) from inputs (batch, 2, residues, 21)."""
        hidden = self.norm(self.convolutions(inputs))
        coordinates: Tensor = self.dense(hidden.flatten(1)).unflatten(1, (self.residues, 3))
        return coordinates


def build(data: DataSpec, *, activation: Literal["none", "relu"] = "none") -> ConvSimple:
    """Build the model.

    Args:
        data: chains (2, residues, 21).
        activation: between the convolutions, none as in the report, or ReLU.

    Raises:
        ReplisomeError: the data are no protein chains.
    """
    return ConvSimple(residues_of(data, "conv_simple"), activation == "relu")

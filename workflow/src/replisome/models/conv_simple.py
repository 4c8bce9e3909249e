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

    At 256 residues it has 66,070,688 parameters, the 32 running statistics of the batch norm counted. (The report
    prints 66,061,856 for the dense layer, with which its own total would not add up: it has 66,061,056.)
    """

    def __init__(self, residues: int, relu: bool, norm_epsilon: float, norm_momentum: float) -> None:
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
        self.norm = nn.BatchNorm2d(16, eps=norm_epsilon, momentum=norm_momentum)
        self.dense = nn.Linear(16 * residues * COLUMNS, 3 * residues)
        draw_as_keras(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return coordinates (batch, residues, 3) from inputs (batch, 2, residues, 21)."""
        hidden = self.norm(self.convolutions(inputs))
        coordinates: Tensor = self.dense(hidden.flatten(1)).unflatten(1, (self.residues, 3))
        return coordinates


def build(
    data: DataSpec,
    *,
    activation: Literal["none", "relu"] = "none",
    norm_epsilon: float = 1e-3,
    norm_momentum: float = 0.01,
) -> ConvSimple:
    """Build the model; weights and the batch norm's constants are those of Keras, report C's framework.

    Args:
        data: chains (2, residues, 21).
        activation: between the convolutions, none as in the report, or ReLU.
        norm_epsilon: what the batch norm adds to the variance; 1e-3 is Keras's default, torch's is 1e-5.
        norm_momentum: weight of a batch in the running statistics; 0.01 is what Keras calls a momentum of 0.99, torch's
            default is 0.1.

    Raises:
        ReplisomeError: the data are no protein chains.
    """
    return ConvSimple(residues_of(data, "conv_simple"), activation == "relu", norm_epsilon, norm_momentum)

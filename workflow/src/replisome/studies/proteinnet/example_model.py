"""A network of one's own, to begin from: each residue's surroundings become a point in space. Change it freely.

Every keyword of ``build`` is a hyperparameter, and may stand under ``fixed`` or ``grid`` in an experiment.
"""

from __future__ import annotations

from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._chains import CHANNELS, COLUMNS, residues_of

TRAITS = Traits(kind="network", gives="coordinates")


class Network(nn.Module):
    """Conv1d-ReLU twice along the chain, Linear; distances are taken between the points."""

    def __init__(self, data: DataSpec, width: int) -> None:
        super().__init__()
        residues_of(data, "example_model")
        self.along = nn.Sequential(
            nn.Conv1d(CHANNELS * COLUMNS, width, 9, padding="same"),
            nn.ReLU(),
            nn.Conv1d(width, width, 9, padding="same"),
            nn.ReLU(),
        )
        self.output = nn.Linear(width, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return coordinates (batch, residues, 3) from inputs (batch, 2, residues, 21)."""
        residues = inputs.transpose(1, 2).flatten(2)
        coordinates: Tensor = self.output(self.along(residues.transpose(1, 2)).transpose(1, 2))
        return coordinates


def build(data: DataSpec, *, width: int = 32) -> Network:
    """Build the network.

    Args:
        data: chains (2, residues, 21).
        width: filters of each convolution.
    """
    return Network(data, width)

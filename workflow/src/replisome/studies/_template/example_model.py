"""A network of one's own, to begin from: one hidden layer. Change it freely.

Every keyword of ``build`` is a hyperparameter, and may stand under ``fixed`` or ``grid`` in an experiment.
"""

from __future__ import annotations

from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec

TRAITS = Traits(kind="network", gives="logits")


class Network(nn.Module):
    """Linear-ReLU-Linear."""

    def __init__(self, data: DataSpec, width: int) -> None:
        super().__init__()
        if len(data.shape) != 1:
            raise ReplisomeError(f"model 'example_model' needs vectors of numbers, not inputs of shape {data.shape}.")
        self.layers = nn.Sequential(nn.Linear(data.shape[0], width), nn.ReLU(), nn.Linear(width, data.outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Map features (batch, columns) to logits (batch, classes)."""
        logits: Tensor = self.layers(features)
        return logits


def build(data: DataSpec, *, width: int = 16) -> Network:
    """Build the network for vectors of ``data.shape`` = (columns,).

    Args:
        data: what the task says of its inputs and outputs.
        width: hidden units.
    """
    return Network(data, width)

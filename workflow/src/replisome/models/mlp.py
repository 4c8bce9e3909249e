"""A multilayer perceptron, for inputs that are vectors of numbers."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec

TRAITS = Traits(kind="network", gives="logits")


class MLP(nn.Module):
    """Linear-ReLU for each hidden layer, then Linear."""

    def __init__(self, data: DataSpec, hidden: int, depth: int) -> None:
        super().__init__()
        if len(data.shape) != 1:
            raise ReplisomeError(f"model 'mlp' needs vectors of numbers, not inputs of shape {data.shape}.")
        widths = [data.shape[0], *[hidden] * depth]
        layers = [layer for low, high in pairwise(widths) for layer in (nn.Linear(low, high), nn.ReLU())]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], data.outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Map features (batch, columns) to logits (batch, outputs)."""
        logits: Tensor = self.layers(features)
        return logits


def build(data: DataSpec, *, hidden: int = 32, depth: int = 1) -> MLP:
    """Build the network for vectors of ``data.shape`` = (columns,).

    Args:
        data: what the task says of its inputs and outputs.
        hidden: units of each hidden layer.
        depth: number of hidden layers.

    Raises:
        ReplisomeError: the inputs are not vectors.
    """
    return MLP(data, hidden, depth)

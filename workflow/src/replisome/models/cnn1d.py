"""Convolutions over an RNA sequence, the strongest response of each filter, and a linear layer."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._sequence import Convolutions, Reader, largest_over

TRAITS = Traits(kind="network", gives="affinity")

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


class CNN1d(nn.Module):
    """Reader, Conv1d-activation[-dropout] blocks, global max pooling, linear."""

    def __init__(
        self, data: DataSpec, width: int, depth: int, dropout: float, kernel: int, activation: str, embedding: int
    ) -> None:
        super().__init__()
        self.reader = Reader(data, embedding)
        self.convolutions = Convolutions(self.reader.features, width, depth, kernel, dropout, ACTIVATIONS[activation])
        self.output = nn.Linear(width, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to affinities (batch, outputs)."""
        values, mask = self.reader(inputs)
        affinities: Tensor = self.output(largest_over(self.convolutions(values, mask), mask))
        return affinities


def build(
    data: DataSpec,
    *,
    width: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    kernel: int = 7,
    activation: Literal["relu", "sigmoid", "tanh"] = "relu",
    embedding: int = 16,
) -> CNN1d:
    """Build the network.

    Args:
        data: one-hot probes (length, 4), or tokens (length,).
        width: filters a layer.
        depth: convolutional layers.
        dropout: share of values dropped after each layer.
        kernel: length of a filter, in bases or tokens; a probe has 41 bases at most.
        activation: between layers.
        embedding: width of a token's learned vector; of k-mer recipes only.
    """
    return CNN1d(data, width, depth, dropout, kernel, activation, embedding)

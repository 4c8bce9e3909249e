"""A network of one's own, to begin from: filters along the probe, the strongest response of each. Change it freely.

Every keyword of ``build`` is a hyperparameter, and may stand under ``fixed`` or ``grid`` in an experiment.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._sequence import Reader, largest_over

TRAITS = Traits(kind="network", gives="affinity")


class Network(nn.Module):
    """Reader, Conv1d-ReLU, maximum over positions, Linear."""

    def __init__(self, data: DataSpec, width: int, kernel: int) -> None:
        super().__init__()
        self.reader = Reader(data, embedding=8)  # one-hot bases as they are, k-mer tokens as vectors; padding apart
        self.filters = nn.Conv1d(self.reader.features, width, kernel, padding="same")
        self.output = nn.Linear(width, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to affinities (batch, proteins)."""
        values, mask = self.reader(inputs)
        responses = torch.relu(self.filters(values.transpose(1, 2))).transpose(1, 2)
        affinities: Tensor = self.output(largest_over(responses, mask))
        return affinities


def build(data: DataSpec, *, width: int = 16, kernel: int = 7) -> Network:
    """Build the network.

    Args:
        data: one-hot probes (length, 4), or tokens (length,).
        width: filters.
        kernel: length of a filter, in bases or tokens.
    """
    return Network(data, width, kernel)

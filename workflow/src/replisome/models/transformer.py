"""Small transformer encoder over an RNA sequence (Vaswani et al. 2017), averaged over the sequence.

Layers normalise before attention and before the feed-forward part (Xiong et al. 2020), so that they train without a
warm-up of the learning rate.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec
from replisome.models._sequence import Reader, mean_over

TRAITS = Traits(kind="network", gives="affinity")


class Transformer(nn.Module):
    """Reader, linear, [learned positions,] encoder layers, mean over the sequence, dropout, linear."""

    def __init__(
        self, data: DataSpec, width: int, depth: int, heads: int, dropout: float, positions: bool, embedding: int
    ) -> None:
        super().__init__()
        self.reader = Reader(data, embedding)
        self.widen = nn.Linear(self.reader.features, width)
        self.positions = nn.Parameter(torch.randn(data.shape[0], width)) if positions else None
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True, norm_first=True)
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to affinities (batch, outputs)."""
        values, mask = self.reader(inputs)
        hidden = self.widen(values)
        if self.positions is not None:
            hidden = hidden + self.positions[: hidden.shape[1]]
        for layer in self.layers:
            hidden = layer(hidden, src_key_padding_mask=~mask)
        affinities: Tensor = self.output(self.dropout(mean_over(self.norm(hidden), mask)))
        return affinities


def build(
    data: DataSpec,
    *,
    width: int = 64,
    depth: int = 2,
    heads: int = 4,
    dropout: float = 0.1,
    positions: bool = True,
    embedding: int = 16,
) -> Transformer:
    """Build the network.

    Args:
        data: one-hot probes (length, 4), or tokens (length,).
        width: of a position's state; the feed-forward part is four times as wide.
        depth: encoder layers.
        heads: attention heads a layer; they share the width.
        dropout: share of values dropped in the layers and before the head.
        positions: whether each position adds a learned vector of its own; without, order is not seen.
        embedding: width of a token's learned vector; of k-mer recipes only.

    Raises:
        ReplisomeError: the heads do not divide the width.
    """
    if width % heads:
        raise ReplisomeError(f"model 'transformer': {heads} heads cannot share a width of {width}; make it a multiple.")
    return Transformer(data, width, depth, heads, dropout, positions, embedding)

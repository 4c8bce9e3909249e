"""LSTM whose hidden states are pooled by multi-head dot-product attention with learned queries."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._recurrent import Recurrent
from replisome.models._sequence import Reader

TRAITS = Traits(kind="network", gives="affinity")


class AttentionPooling(nn.Module):
    """Each head weighs the positions by the dot product of their states with its query (Luong et al. 2015).

    LSTM states are small numbers: with the usual division by the root of their width, and queries drawn as small, all
    weights stayed equal through training and the heads learnt nothing that a mean does not have.
    """

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(heads, features))

    def forward(self, hidden: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pool (batch, length, features) to (batch, heads x features); also return weights (batch, heads, length).

        A head's weights add up to 1 over the positions where ``mask`` (batch, length) is true.
        """
        scores = torch.einsum("blf,hf->bhl", hidden, self.queries)
        weights = scores.masked_fill(~mask.unsqueeze(1), float("-inf")).softmax(dim=2)
        return torch.einsum("bhl,blf->bhf", weights, hidden).flatten(start_dim=1), weights


class BiLSTMAttention(nn.Module):
    """Reader, LSTM layers, attention pooling, dropout, linear."""

    def __init__(
        self, data: DataSpec, width: int, depth: int, dropout: float, bidirectional: bool, heads: int, embedding: int
    ) -> None:
        super().__init__()
        self.reader = Reader(data, embedding)
        self.recurrent = Recurrent(self.reader.features, width, depth, dropout, bidirectional)
        self.pooling = AttentionPooling(self.recurrent.features, heads)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(heads * self.recurrent.features, data.outputs)

    def attend(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return affinities (batch, outputs) and attention weights (batch, heads, length)."""
        values, mask = self.reader(inputs)
        pooled, weights = self.pooling(self.recurrent(values, mask), mask)
        return self.output(self.dropout(pooled)), weights

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to affinities (batch, outputs)."""
        return self.attend(inputs)[0]


def build(
    data: DataSpec,
    *,
    heads: int,
    width: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    bidirectional: bool = True,
    embedding: int = 16,
) -> BiLSTMAttention:
    """Build the network.

    Args:
        data: one-hot probes (length, 4), or tokens (length,).
        heads: attention heads; each has a learned query over the states of both directions.
        width: LSTM units a direction.
        depth: LSTM layers.
        dropout: share of values dropped between layers and before the head.
        bidirectional: whether a second LSTM reads the probe from its end.
        embedding: width of a token's learned vector; of k-mer recipes only.
    """
    return BiLSTMAttention(data, width, depth, dropout, bidirectional, heads, embedding)

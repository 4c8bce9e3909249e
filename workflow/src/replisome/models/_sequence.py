"""What the sequence models share: reading inputs, telling padding apart, convolutions and pooling that ignore it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from replisome.errors import ReplisomeError
from replisome.models import DataSpec


class Reader(nn.Module):
    """One-hot vectors as they are, or tokens through a learned embedding; padding told from either.

    ``features`` is the width of what comes out.
    """

    def __init__(self, data: DataSpec, embedding: int) -> None:
        super().__init__()
        if len(data.shape) != (1 if data.tokens else 2):
            raise ReplisomeError(f"this model needs sequences, one-hot or tokens, not inputs of shape {data.shape}.")
        if data.tokens and data.outputs == data.tokens:
            raise ReplisomeError("this model predicts values for a whole sequence; these data ask for its next token.")
        self.embedding = nn.Embedding(data.tokens, embedding, padding_idx=data.tokens - 1) if data.tokens else None
        self.features = embedding if data.tokens else data.shape[-1]

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to features (batch, length, features) and a mask.

        The mask (batch, length) is true where there is sequence. Padding is all zeros, or the last token.
        """
        if self.embedding is None:
            return inputs, (inputs != 0).any(dim=2)
        return self.embedding(inputs), inputs != self.embedding.num_embeddings - 1


class Convolutions(nn.Module):
    """Conv1d-activation[-dropout] blocks with same padding; beyond the sequence all is zero before each of them."""

    def __init__(
        self,
        features: int,
        width: int,
        depth: int,
        kernel: int,
        dropout: float,
        activation: Callable[[Tensor], Tensor] = torch.relu,
    ) -> None:
        super().__init__()
        sizes = [features] + [width] * depth
        self.blocks = nn.ModuleList(
            nn.Conv1d(before, after, kernel, padding="same") for before, after in pairwise(sizes)
        )
        self.dropout = nn.Dropout(dropout)
        self.activation = activation
        self.features = width

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Map (batch, length, features) to (batch, length, width), zero where ``mask`` (batch, length) is false."""
        present = mask.unsqueeze(1)
        values = values.transpose(1, 2)
        for block in self.blocks:
            values = self.dropout(self.activation(block(values * present)))
        return (values * present).transpose(1, 2)


def mean_over(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of (batch, length, features) over the positions where ``mask`` (batch, length) is true."""
    weights = mask.unsqueeze(2).to(values.dtype)
    total: Tensor = (values * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
    return total


def largest_over(values: Tensor, mask: Tensor) -> Tensor:
    """Return the largest of (batch, length, features) over the positions where ``mask`` (batch, length) is true."""
    lowest = torch.finfo(values.dtype).min
    return values.masked_fill(~mask.unsqueeze(2), lowest).amax(dim=1)

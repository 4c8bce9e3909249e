"""Dilated causal convolutions with gates: a small network that sees some hundred tokens back, and no token ahead."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec
from replisome.models._next_token import require_tokens

TRAITS = Traits(kind="network", gives="logits")


class CausalBlock(nn.Module):
    """Norm, a gated causal convolution, a linear layer, added to what came in (van den Oord et al. 2016, WaveNet)."""

    def __init__(self, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.reach = (kernel - 1) * dilation
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Conv1d(width, 2 * width, kernel, dilation=dilation)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor) -> Tensor:
        """Map (batch, length, width) to the same shape; a position sees itself and those before it."""
        padded = nn.functional.pad(self.norm(values).transpose(1, 2), (self.reach, 0))
        signal, gate = self.mix(padded).transpose(1, 2).chunk(2, dim=2)
        added: Tensor = self.dropout(self.out(torch.tanh(signal) * torch.sigmoid(gate)))
        return values + added


class CausalCNN(nn.Module):
    """Embedding, blocks whose dilation doubles from 1 up to ``longest`` and starts again, a linear layer."""

    def __init__(self, data: DataSpec, width: int, depth: int, kernel: int, longest: int, dropout: float) -> None:
        super().__init__()
        cycle = longest.bit_length()
        self.embedding = nn.Embedding(data.tokens, width)
        self.blocks = nn.Sequential(
            *(CausalBlock(width, kernel, 2 ** (number % cycle), dropout) for number in range(depth))
        )
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map tokens (batch, length) to the logits (batch, length, tokens) of the next one at each position."""
        logits: Tensor = self.output(self.norm(self.blocks(self.embedding(inputs))))
        return logits


def build(
    data: DataSpec, *, width: int = 64, depth: int = 8, kernel: int = 4, longest: int = 32, dropout: float = 0.0
) -> CausalCNN:
    """Build the network.

    Args:
        data: windows of tokens (length,).
        width: channels.
        depth: residual blocks.
        kernel: tokens that a filter sees.
        longest: the largest dilation, a power of two.
        dropout: share of values dropped in each block.

    Raises:
        ReplisomeError: another kind of data, or a dilation that is no power of two.
    """
    require_tokens("causal_cnn", data)
    if longest & (longest - 1):
        raise ReplisomeError(f"model 'causal_cnn': longest is a power of two (1, 2, 4, ...), not {longest}.")
    return CausalCNN(data, width, depth, kernel, longest, dropout)

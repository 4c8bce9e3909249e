"""Report C's second, improved model: strided convolutions, self-attention without weights, small convolutions.

What report C proposes beyond it are switches: attention of several heads, with weights, and embedded residues.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec
from replisome.models._chains import COLUMNS, draw_as_keras, residues_of

TRAITS = Traits(kind="network", gives="coordinates")

CHANNELS = (32, 64)  # of the strided convolutions of each branch


class _Strided(nn.Module):
    """Two 3x3 convolutions of stride 2 over (residues, 21); their output in rows, one a residue."""

    def __init__(self, same: bool, activation: nn.Module) -> None:
        super().__init__()
        self.same = same
        self.first = nn.Conv2d(1, CHANNELS[0], 3, stride=2)
        self.second = nn.Conv2d(CHANNELS[0], CHANNELS[1], 3, stride=2)
        self.activation = activation

    def forward(self, inputs: Tensor) -> Tensor:
        """Return (batch, residues, columns) from (batch, residues, 21)."""
        hidden = inputs.unsqueeze(1)
        for convolution in (self.first, self.second):
            if self.same:
                hidden = nn.functional.pad(hidden, (*_margins(hidden.shape[3]), *_margins(hidden.shape[2])))
            hidden = self.activation(convolution(hidden))
        # Channels last, as Keras, report C's framework, lays out what it reshapes.
        return hidden.permute(0, 2, 3, 1).reshape(len(inputs), inputs.shape[1], -1)


def _margins(size: int) -> tuple[int, int]:
    """Return the zeros before and after for a width 3, stride 2 convolution whose output has ceil(size / 2) values."""
    total = max(0, (-(-size // 2) - 1) * 2 + 3 - size)
    return total // 2, total - total // 2


class ConvAttention(nn.Module):
    """At 256 residues it has 40,897 parameters, whatever the ablation; the proposals add to them."""

    def __init__(
        self,
        residues: int,
        columns: int,
        dropout: float,
        activation: nn.Module,
        attention: bool,
        heads: int | None,
        embedded: bool,
    ) -> None:
        super().__init__()
        self.attention = attention
        self.heads = nn.MultiheadAttention(columns, heads, batch_first=True) if heads else None
        self.embed = nn.Linear(COLUMNS, COLUMNS, bias=False) if embedded else nn.Identity()
        self.profile = _Strided(same=True, activation=activation)
        self.letters = _Strided(same=False, activation=activation)
        self.dropout = nn.Dropout(dropout)
        self.mixing = nn.Sequential(
            nn.Conv2d(3, 21, 3, padding=1),
            nn.Conv2d(21, 10, 3, padding=1),
            nn.Conv2d(10, 3, 3, padding=1),
            nn.Conv2d(3, 3, 1),
        )
        self.each = nn.Linear(3, 3)
        self.coordinates = nn.Linear(columns, 3)
        draw_as_keras(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return coordinates (batch, residues, 3) from inputs (batch, 2, residues, 21)."""
        rows = torch.cat([self.profile(inputs[:, 0]), self.letters(self.embed(inputs[:, 1]))], dim=2)
        if self.heads is not None:
            rows, _ = self.heads(rows, rows, rows, need_weights=False)
        elif self.attention:
            rows = (rows @ rows.transpose(1, 2)).softmax(dim=2) @ rows
        image = self.dropout(rows).unflatten(2, (-1, 3)).permute(0, 3, 1, 2)
        mixed = self.each(self.mixing(image).permute(0, 2, 3, 1)).flatten(2)
        coordinates: Tensor = self.coordinates(self.dropout(mixed))
        return coordinates


def _columns(residues: int) -> int:
    """Return the columns of a residue's row.

    Raises:
        ReplisomeError: what the branches give cannot be laid out in rows of a multiple of three columns.
    """
    halved = (-(-residues // 2), -(-COLUMNS // 2))
    same = CHANNELS[1] * -(-halved[0] // 2) * -(-halved[1] // 2)
    valid = CHANNELS[1] * (((residues - 3) // 2 + 1 - 3) // 2 + 1) * (((COLUMNS - 3) // 2 + 1 - 3) // 2 + 1)
    columns = same // residues + valid // residues
    if same % residues or valid % residues or columns % 3:
        raise ReplisomeError(
            f"model 'conv_attention' lays out its features in rows, one a residue: that works for a crop of 16, 64 or "
            f"256 residues (report C's), not for {residues}."
        )
    return columns


def build(
    data: DataSpec,
    *,
    dropout: float = 0.2,
    activation: Literal["leaky_relu", "relu"] = "leaky_relu",
    slope: float = 0.3,
    attention: bool = True,
    heads: int | None = None,
    embedded: bool = False,
) -> ConvAttention:
    """Build the model.

    Args:
        data: chains (2, residues, 21).
        dropout: share of values dropped.
        activation: between layers, leaky ReLU or ReLU.
        slope: of the leaky ReLU below zero.
        attention: whether residues attend to one another.
        heads: attention with weights of its own and this many heads (Vaswani et al. 2017), in place of report C's;
            rows have a multiple of three columns, so that one and three heads always fit.
        embedded: whether a residue's letter goes through a learned vector, as wide as the one-hot one.

    Raises:
        ReplisomeError: the data are no protein chains, the crop does not fit the model's reshaping, or the heads do
            not divide its rows.
    """
    residues = residues_of(data, "conv_attention")
    kind = nn.LeakyReLU(slope) if activation == "leaky_relu" else nn.ReLU()
    columns = _columns(residues)
    if heads and (not attention or columns % heads):
        why = "attention is off" if not attention else f"they cannot share {columns} columns; 3 fit"
        raise ReplisomeError(f"model 'conv_attention': {heads} heads: {why}.")
    return ConvAttention(residues, columns, dropout, kind, attention, heads, embedded)

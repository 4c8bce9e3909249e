"""Bidirectional (or one-directional) LSTM over an RNA sequence, read out at its ends or averaged."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from replisome.models import DataSpec
from replisome.models._recurrent import ReadOut, Recurrent
from replisome.models._sequence import Reader


class BiLSTM(nn.Module):
    """Reader, LSTM layers, read-out, dropout, linear."""

    def __init__(
        self,
        data: DataSpec,
        width: int,
        depth: int,
        dropout: float,
        bidirectional: bool,
        readout: ReadOut,
        embedding: int,
    ) -> None:
        super().__init__()
        self.reader = Reader(data, embedding)
        self.recurrent = Recurrent(self.reader.features, width, depth, dropout, bidirectional)
        self.readout = readout
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(self.recurrent.features, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to affinities (batch, outputs)."""
        values, mask = self.reader(inputs)
        hidden = self.recurrent(values, mask)
        summary = self.recurrent.read_out(hidden, mask, self.readout)
        affinities: Tensor = self.output(self.dropout(summary))
        return affinities


def build(
    data: DataSpec,
    *,
    width: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    bidirectional: bool = True,
    readout: Literal["final", "mean"] = "final",
    embedding: int = 16,
) -> BiLSTM:
    """Build the network; ``width`` is units a direction, ``embedding`` the width of a token's vector (k-mers only)."""
    return BiLSTM(data, width, depth, dropout, bidirectional, readout, embedding)

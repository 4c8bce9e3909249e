"""A convolution that finds short motifs, and an LSTM over what it found."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from replisome.models import DataSpec
from replisome.models._recurrent import ReadOut, Recurrent
from replisome.models._sequence import Convolutions, Reader


class CNNBiLSTM(nn.Module):
    """Reader, one Conv1d-ReLU[-dropout] block, LSTM layers, read-out, dropout, linear."""

    def __init__(
        self,
        data: DataSpec,
        width: int,
        depth: int,
        dropout: float,
        bidirectional: bool,
        readout: ReadOut,
        kernel: int,
        embedding: int,
    ) -> None:
        super().__init__()
        self.reader = Reader(data, embedding)
        self.convolutions = Convolutions(self.reader.features, width, 1, kernel, dropout)
        self.recurrent = Recurrent(width, width, depth, dropout, bidirectional)
        self.readout = readout
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(self.recurrent.features, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to affinities (batch, outputs)."""
        values, mask = self.reader(inputs)
        hidden = self.recurrent(self.convolutions(values, mask), mask)
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
    kernel: int = 7,
    embedding: int = 16,
) -> CNNBiLSTM:
    """Build the network; ``width`` is both filters and LSTM units a direction."""
    return CNNBiLSTM(data, width, depth, dropout, bidirectional, readout, kernel, embedding)

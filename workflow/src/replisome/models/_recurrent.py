"""Recurrent layers in which padding reaches neither direction, and the network that reads a sequence through them."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from replisome.models import DataSpec
from replisome.models._sequence import Convolutions, Reader, mean_over

ReadOut = Literal["final", "mean"]
Cell = type[nn.LSTM] | type[nn.RNN]
CELLS: dict[str, Cell] = {"lstm": nn.LSTM, "rnn": nn.RNN}


class Recurrent(nn.Module):
    """A stack of (bidirectional) recurrent layers over padded sequences; ``features`` is the width of what comes out.

    The backward direction is a forward layer over each sequence reversed within its own length. That equals
    ``cell`` on packed sequences, takes a third of its time on a CPU thread, and needs no lengths on the host, for
    which a GPU would be waited for at every step. Dropout acts between layers.
    """

    def __init__(
        self, features: int, width: int, depth: int, dropout: float, bidirectional: bool, cell: Cell = nn.LSTM
    ) -> None:
        super().__init__()
        self.features = width * (2 if bidirectional else 1)
        sizes = [features] + [self.features] * (depth - 1)
        self.forwards = nn.ModuleList(cell(size, width) for size in sizes)
        self.backwards = nn.ModuleList(cell(size, width) for size in sizes if bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.width = width

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Map (batch, length, features) to hidden states (batch, length, directions x width)."""
        hidden = values.transpose(0, 1)
        mirror = _mirror(mask).unsqueeze(2)
        for number, onward in enumerate(self.forwards):
            if number:
                hidden = self.dropout(hidden)
            states = [onward(hidden)[0]]
            if self.backwards:
                turned = self.backwards[number](_reorder(hidden, mirror))[0]
                states.append(_reorder(turned, mirror))
            hidden = torch.cat(states, dim=2)
        return hidden.transpose(0, 1)

    def read_out(self, hidden: Tensor, mask: Tensor, how: ReadOut) -> Tensor:
        """Return one vector a sequence, (batch, directions x width).

        ``final`` takes the last state of each direction, at the end and the start; ``mean`` averages the states
        over the sequence.
        """
        if how == "mean":
            return mean_over(hidden, mask)
        last = (mask.sum(dim=1) - 1).clamp(min=0)
        onward = hidden[torch.arange(len(hidden), device=hidden.device), last, : self.width]
        return torch.cat([onward, hidden[:, 0, self.width :]], dim=1)


class RecurrentRegressor(nn.Module):
    """Reader, a Conv1d-ReLU[-dropout] block if there is a ``kernel``, recurrent layers, read-out, dropout, linear."""

    def __init__(
        self,
        data: DataSpec,
        width: int,
        depth: int,
        dropout: float,
        bidirectional: bool,
        readout: ReadOut,
        embedding: int,
        kernel: int | None = None,
        cell: Cell = nn.LSTM,
    ) -> None:
        super().__init__()
        self.reader = Reader(data, embedding)
        features = self.reader.features if kernel is None else width
        self.convolutions = None if kernel is None else Convolutions(self.reader.features, width, 1, kernel, dropout)
        self.recurrent = Recurrent(features, width, depth, dropout, bidirectional, cell)
        self.readout = readout
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(self.recurrent.features, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to affinities (batch, outputs)."""
        values, mask = self.reader(inputs)
        if self.convolutions is not None:
            values = self.convolutions(values, mask)
        summary = self.recurrent.read_out(self.recurrent(values, mask), mask, self.readout)
        affinities: Tensor = self.output(self.dropout(summary))
        return affinities


def _mirror(mask: Tensor) -> Tensor:
    """Return (length, batch) positions that reverse each sequence within its length and leave padding where it is."""
    position = torch.arange(mask.shape[1], device=mask.device).unsqueeze(1)
    length = mask.sum(dim=1).unsqueeze(0)
    return torch.where(position < length, length - 1 - position, position)


def _reorder(values: Tensor, positions: Tensor) -> Tensor:
    return values.gather(0, positions.expand(-1, -1, values.shape[2]))

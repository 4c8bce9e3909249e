"""Bidirectional (or one-directional) LSTM over an RNA sequence, read out at its ends or averaged."""

from __future__ import annotations

from typing import Literal

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._recurrent import CELLS, RecurrentRegressor

TRAITS = Traits(kind="network", gives="affinity")


def build(
    data: DataSpec,
    *,
    width: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    bidirectional: bool = True,
    readout: Literal["final", "mean"] = "final",
    embedding: int = 16,
    cell: Literal["lstm", "rnn"] = "lstm",
) -> RecurrentRegressor:
    """Build the network.

    Args:
        data: one-hot probes (length, 4), or tokens (length,).
        width: LSTM units a direction.
        depth: LSTM layers.
        dropout: share of values dropped between layers and before the head.
        bidirectional: whether a second LSTM reads the probe from its end.
        readout: what the head sees: the final states, or the mean over the probe.
        embedding: width of a token's learned vector; of k-mer recipes only.
        cell: what is repeated along the probe: an LSTM, or a plain recurrent layer (Elman 1990, tanh) in its place.
    """
    return RecurrentRegressor(data, width, depth, dropout, bidirectional, readout, embedding, cell=CELLS[cell])

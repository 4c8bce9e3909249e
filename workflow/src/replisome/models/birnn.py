"""Plain recurrent network (Elman 1990, tanh) in place of the LSTM; all else as in :mod:`replisome.models.bilstm`."""

from __future__ import annotations

from typing import Literal

from torch import nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._recurrent import RecurrentRegressor

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
) -> RecurrentRegressor:
    """Build the network.

    Args:
        data: one-hot probes (length, 4), or tokens (length,).
        width: recurrent units a direction.
        depth: recurrent layers.
        dropout: share of values dropped between layers and before the head.
        bidirectional: whether a second layer reads the probe from its end.
        readout: what the head sees: the final states, or the mean over the probe.
        embedding: width of a token's learned vector; of k-mer recipes only.
    """
    return RecurrentRegressor(data, width, depth, dropout, bidirectional, readout, embedding, cell=nn.RNN)

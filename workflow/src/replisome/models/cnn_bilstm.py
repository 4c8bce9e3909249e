"""A convolution that finds short motifs, and an LSTM over what it found."""

from __future__ import annotations

from typing import Literal

from replisome.models import DataSpec
from replisome.models._recurrent import RecurrentRegressor


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
) -> RecurrentRegressor:
    """Build the network; ``width`` is both filters and LSTM units a direction."""
    return RecurrentRegressor(data, width, depth, dropout, bidirectional, readout, embedding, kernel)

"""Bidirectional (or one-directional) LSTM over an RNA sequence, read out at its ends or averaged."""

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
    embedding: int = 16,
) -> RecurrentRegressor:
    """Build the network; ``width`` is units a direction, ``embedding`` the width of a token's vector (k-mers only)."""
    return RecurrentRegressor(data, width, depth, dropout, bidirectional, readout, embedding)

"""The source's first model: an LSTM over single bases."""

from __future__ import annotations

from replisome.models import DataSpec
from replisome.models._next_token import TokenLSTM, require_tokens


def build(
    data: DataSpec, *, embedding: int = 128, hidden: int = 1024, layers: int = 1, dropout: float = 0.0
) -> TokenLSTM:
    """Build the network; the defaults are the source's."""
    require_tokens("char_lstm", data)
    return TokenLSTM(data, embedding, hidden, layers, dropout)

"""The source's third model: three LSTM layers over k-mers, with dropout."""

from __future__ import annotations

from replisome.models import DataSpec
from replisome.models._next_token import TokenLSTM, require_tokens


def build(
    data: DataSpec, *, embedding: int = 512, hidden: int = 1024, layers: int = 3, dropout: float = 0.5
) -> TokenLSTM:
    """Build the network; the defaults are the source's."""
    require_tokens("kmer_lstm_deep", data)
    return TokenLSTM(data, embedding, hidden, layers, dropout)

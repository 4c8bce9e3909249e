"""The source's second model: an LSTM over k-mers."""

from __future__ import annotations

from replisome.models import DataSpec
from replisome.models._next_token import TokenLSTM, require_tokens


def build(
    data: DataSpec, *, embedding: int = 512, hidden: int = 1024, layers: int = 1, dropout: float = 0.0
) -> TokenLSTM:
    """Build the network; the defaults are the source's."""
    require_tokens("kmer_lstm", data)
    return TokenLSTM(data, embedding, hidden, layers, dropout)

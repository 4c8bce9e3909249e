"""Report D's third model: three LSTM layers over k-mers, with dropout."""

from __future__ import annotations

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._next_token import TokenLSTM, require_tokens

TRAITS = Traits(kind="network", gives="logits")


def build(
    data: DataSpec, *, embedding: int = 512, hidden: int = 1024, layers: int = 3, dropout: float = 0.5
) -> TokenLSTM:
    """Build the network; the defaults are report D's.

    Args:
        data: windows of tokens (length,).
        embedding: width of a token's learned vector.
        hidden: LSTM units.
        layers: LSTM layers.
        dropout: share of values dropped between layers; 0 where there is one.
    """
    require_tokens("kmer_lstm_deep", data)
    return TokenLSTM(data, embedding, hidden, layers, dropout)

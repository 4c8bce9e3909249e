"""Report D's first model: an LSTM over single bases."""

from __future__ import annotations

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._next_token import TokenLSTM, require_tokens

TRAITS = Traits(kind="network", gives="logits")


def build(
    data: DataSpec,
    *,
    embedding: int = 128,
    hidden: int = 1024,
    layers: int = 1,
    dropout: float = 0.0,
    onehot: bool = False,
) -> TokenLSTM:
    """Build the network; the defaults are report D's.

    Args:
        data: windows of tokens (length,).
        embedding: width of a token's learned vector.
        hidden: LSTM units.
        layers: LSTM layers.
        dropout: share of values dropped between layers; 0 where there is one.
        onehot: whether the LSTM reads each base as a one-hot vector; then there is no embedding, whatever its width.
    """
    require_tokens("char_lstm", data)
    return TokenLSTM(data, embedding, hidden, layers, dropout, onehot)

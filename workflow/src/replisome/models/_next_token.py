"""What the models of the next token share: the check of their data, and the LSTM that three of them are."""

from __future__ import annotations

from torch import Tensor, nn

from replisome.errors import ReplisomeError
from replisome.models import DataSpec


def require_tokens(model: str, data: DataSpec, alphabet: int | None = None) -> None:
    """Refuse data that are not windows of tokens with a next token for each, or have another number of tokens.

    Raises:
        ReplisomeError: says what the model needs.
    """
    if not data.tokens or data.outputs != data.tokens or len(data.shape) != 1:
        raise ReplisomeError(f"model '{model}' predicts the next token of a sequence; these data are of another kind.")
    if alphabet is not None and data.tokens != alphabet:
        raise ReplisomeError(
            f"model '{model}' counts single bases; give it a recipe with encoding kmer1 (not {data.tokens} tokens)."
        )


class TokenLSTM(nn.Module):
    """Embedding, LSTM layers (dropout between them and before the output), and a linear layer at every position.

    A window is run through whole, which equals report D's loop over tokens with the state carried along.
    """

    def __init__(self, data: DataSpec, embedding: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(data.tokens, embedding)
        self.recurrent = nn.LSTM(embedding, hidden, layers, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map tokens (batch, length) to the logits (batch, length, tokens) of the next one at each position."""
        states, _ = self.recurrent(self.embedding(inputs.T))  # time first: faster on a CPU thread
        logits: Tensor = self.output(self.dropout(states)).transpose(0, 1)
        return logits

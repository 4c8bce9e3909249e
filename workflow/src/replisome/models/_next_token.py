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


class OneHot(nn.Module):
    """A token as a vector that is 1 at its place and 0 elsewhere, in place of a learned embedding."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens

    def forward(self, inputs: Tensor) -> Tensor:
        """Map tokens (...) to vectors (..., tokens)."""
        return nn.functional.one_hot(inputs, self.tokens).float()


class TokenLSTM(nn.Module):
    """Embedding, LSTM layers with dropout between them, and a linear layer at every position.

    Dropout is that of ``nn.LSTM``, which report D's printed code has: none acts on what the last layer gives. A window
    is run through whole, which equals the report's loop over tokens with the state carried along.
    """

    def __init__(
        self, data: DataSpec, embedding: int, hidden: int, layers: int, dropout: float, onehot: bool = False
    ) -> None:
        super().__init__()
        if layers == 1 and dropout > 0:
            raise ReplisomeError(
                f"this model drops values between its LSTM layers, of which it has one: dropout {dropout} would do "
                "nothing. Set layers to 2 or more, or dropout to 0."
            )
        self.embedding = OneHot(data.tokens) if onehot else nn.Embedding(data.tokens, embedding)
        self.recurrent = nn.LSTM(data.tokens if onehot else embedding, hidden, layers, dropout=dropout)
        self.output = nn.Linear(hidden, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map tokens (batch, length) to the logits (batch, length, tokens) of the next one at each position."""
        states, _ = self.recurrent(self.embedding(inputs.T))  # time first: faster on a CPU thread
        logits: Tensor = self.output(states).transpose(0, 1)
        return logits

"""A network of one's own, to begin from: one gated recurrent layer over the tokens. Change it freely.

Every keyword of ``build`` is a hyperparameter, and may stand under ``fixed`` or ``grid`` in an experiment.
"""

from __future__ import annotations

from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._next_token import require_tokens

TRAITS = Traits(kind="network", gives="logits")


class Network(nn.Module):
    """Embedding, GRU, Linear at every position; no position may see a later one."""

    def __init__(self, data: DataSpec, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(data.tokens, width)
        self.recurrent = nn.GRU(width, width, batch_first=True)
        self.output = nn.Linear(width, data.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map tokens (batch, length) to the logits (batch, length, tokens) of the next one at each position."""
        states, _ = self.recurrent(self.embedding(inputs))
        logits: Tensor = self.output(states)
        return logits


def build(data: DataSpec, *, width: int = 32) -> Network:
    """Build the network.

    Args:
        data: windows of tokens (length,).
        width: of the embedding and of the recurrent state.
    """
    require_tokens("example_model", data)
    return Network(data, width)

"""Two branches: what the RNA is, what the protein is; and a small network that says how well they bind."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec
from replisome.models._recurrent import ReadOut, Recurrent
from replisome.models._sequence import Convolutions, Reader, largest_over

TRAITS = Traits(kind="network", gives="affinity")


class MultiProtein(nn.Module):
    """RNA encoder and protein vector, concatenated, through a hidden layer to one affinity a pair.

    The RNA is encoded once for all proteins. The hidden layer's matrix is kept in two parts, one a branch, so that no
    pair's concatenation has to be written out; the sum is the same.
    """

    def __init__(
        self,
        data: DataSpec,
        encoder: Literal["bilstm", "cnn1d"],
        protein: Literal["identity", "features"],
        width: int,
        depth: int,
        dropout: float,
        readout: ReadOut,
        hidden: int,
        embedding: int,
    ) -> None:
        super().__init__()
        self.reader = Reader(data, embedding)
        self.readout = readout
        self.recurrent = self.convolutions = None
        if encoder == "bilstm":
            self.recurrent = Recurrent(self.reader.features, width, depth, dropout, bidirectional=True)
            features = self.recurrent.features
        else:
            self.convolutions = Convolutions(self.reader.features, width, depth, 7, dropout)
            features = width
        if protein == "identity":
            self.proteins = nn.Parameter(torch.randn(data.outputs, embedding))
            self.describe: nn.Module = nn.Identity()
        else:
            if not data.features:
                raise ReplisomeError(
                    "model 'multiprotein' with protein=features: the data do not describe their proteins (a control, "
                    "or no metadata table); use protein=identity."
                )
            self.proteins = nn.Parameter(torch.tensor(data.features), requires_grad=False)
            self.describe = nn.Linear(self.proteins.shape[1], embedding)
        self.from_rna = nn.Linear(features, hidden)
        self.from_protein = nn.Linear(embedding, hidden, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) or tokens (batch, length) to affinities (batch, proteins)."""
        return self.bind(inputs, self.proteins)

    def bind(self, inputs: Tensor, proteins: Tensor) -> Tensor:
        """Return affinities (batch, proteins) for protein vectors: embeddings, or features of proteins never seen."""
        values, mask = self.reader(inputs)
        if self.recurrent is not None:
            summary = self.recurrent.read_out(self.recurrent(values, mask), mask, self.readout)
        else:
            assert self.convolutions is not None
            summary = largest_over(self.convolutions(values, mask), mask)
        pairs = self.from_rna(summary).unsqueeze(1) + self.from_protein(self.describe(proteins)).unsqueeze(0)
        affinities: Tensor = self.output(self.dropout(torch.relu(pairs))).squeeze(2)
        return affinities


def build(
    data: DataSpec,
    *,
    encoder: Literal["bilstm", "cnn1d"] = "bilstm",
    protein: Literal["identity", "features"] = "identity",
    width: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    readout: Literal["final", "mean"] = "final",
    hidden: int = 64,
    embedding: int = 16,
) -> MultiProtein:
    """Build the network.

    Args:
        data: one-hot probes (length, 4), or tokens (length,), with one output a protein.
        encoder: what reads the probe.
        protein: how a protein is told: by a learned vector (identity), or by its features in the metadata.
        width: LSTM units a direction, or filters a layer.
        depth: layers of the encoder.
        dropout: share of values dropped between layers and before the head.
        readout: what the head sees of an LSTM: the final states, or the mean over the probe.
        hidden: units that join probe and protein.
        embedding: width of a protein's learned vector, and of a token's.

    Raises:
        ReplisomeError: protein=features where the data have none.
    """
    return MultiProtein(data, encoder, protein, width, depth, dropout, readout, hidden, embedding)

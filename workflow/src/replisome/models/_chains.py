"""What the models of protein chains share: what their inputs must look like, and how long each chain is.

Inputs are (batch, 2, residues, 21): the profile and information content of each residue, and its one-hot letter, whose
last column stands for no residue (padding). A model gives either coordinates (batch, residues, 3), from which distances
are taken, or a map (batch, residues, residues) of distances.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from replisome.errors import ReplisomeError
from replisome.models import DataSpec

CHANNELS, COLUMNS = 2, 21


def residues_of(data: DataSpec, model: str) -> int:
    """Return how many residues a chain has room for.

    Raises:
        ReplisomeError: the data are no protein chains.
    """
    if len(data.shape) != 3 or (data.shape[0], data.shape[2]) != (CHANNELS, COLUMNS):
        raise ReplisomeError(
            f"model '{model}' reads chains of residues (2 x residues x 21); the data have {data.shape}."
        )
    return data.shape[1]


def is_residue(inputs: Tensor) -> Tensor:
    """Return a mask (batch, residues) that is false where a chain is padded."""
    return inputs[:, 1, :, -1] == 0


def draw_as_keras(module: nn.Module) -> None:
    """Draw weights as Keras, report C's framework, does by default: Glorot uniform (Glorot & Bengio 2010), biases zero.

    With torch's smaller weights, the attention of report C's network is all but uniform at first. Every residue then
    gets the same coordinates but for the noise of dropout; the network learns to use that noise, which is not there
    when it is tested.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def separations(residues: int, device: torch.device | None = None) -> Tensor:
    """Return |i - j| as an int64 matrix (residues, residues)."""
    position = torch.arange(residues, device=device)
    return (position.unsqueeze(1) - position).abs()

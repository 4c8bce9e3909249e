"""The small CNN of the blood-cell assignment: three 3x3 convolutions, one hidden layer, two switches."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec

TRAITS = Traits(kind="network", gives="logits", gives_by=("head", {"softmax": "probabilities"}))

GROWTH = (1, 2, 4)  # filters of each convolution, in those of the first


class CNN(nn.Module):
    """Conv-ReLU[-MaxPool] x 3, flatten, Linear-ReLU, Linear[-Softmax]."""

    def __init__(self, data: DataSpec, pool: bool, softmax: bool, hidden: int, filters: int) -> None:
        super().__init__()
        if len(data.shape) != 3:
            raise ReplisomeError(
                f"model 'cnn' needs images (channels, height, width), not inputs of shape {data.shape}."
            )
        channels, height, width = data.shape
        if pool and min(height, width) < 2 ** len(GROWTH):
            raise ReplisomeError(
                f"model 'cnn' with pool=max needs images of at least 8x8 pixels, not {height}x{width}; use pool=none."
            )
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        for number, times in enumerate(GROWTH, start=1):
            features = filters * times
            blocks[f"conv{number}"] = nn.Conv2d(channels, features, kernel_size=3, stride=1, padding=1)
            blocks[f"relu{number}"] = nn.ReLU(inplace=True)
            if pool:
                blocks[f"pool{number}"] = nn.MaxPool2d(2)
                height, width = height // 2, width // 2
            channels = features
        self.features = nn.Sequential(blocks)
        self.hidden = nn.Linear(channels * height * width, hidden)
        self.activation = nn.ReLU(inplace=True)
        self.output = nn.Linear(hidden, data.outputs)
        self.head = nn.Softmax(dim=1) if softmax else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        """Map images (batch, channels, height, width) to class scores (batch, classes)."""
        features = self.features(images).flatten(start_dim=1)
        scores: Tensor = self.head(self.output(self.activation(self.hidden(features))))
        return scores


def build(
    data: DataSpec,
    *,
    pool: Literal["none", "max"] = "none",
    head: Literal["logits", "softmax"] = "logits",
    hidden: int = 256,
    filters: int = 32,
) -> CNN:
    """Build the network.

    At 3x28x28 the first linear layer has 25,690,368 parameters without pooling and 295,168 with it. The loss applies a
    softmax of its own, so that ``head="softmax"`` applies it twice (IST Deep Learning 2025-26, homework 2, question 1).

    Args:
        data: images (channels, height, width).
        pool: max pooling after each convolution, or none.
        head: what the network gives: logits, or the softmax of them, which is wrong on purpose.
        hidden: units of the hidden layer.
        filters: of the first convolution; the second has twice as many, the third four times.

    Raises:
        ReplisomeError: the images are too small for three poolings.
    """
    return CNN(data, pool=pool == "max", softmax=head == "softmax", hidden=hidden, filters=filters)

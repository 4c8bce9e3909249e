"""A network of one's own, to begin from: two convolutions and the mean over the image. Change it freely.

Every keyword of ``build`` is a hyperparameter, and may stand under ``fixed`` or ``grid`` in an experiment.
"""

from __future__ import annotations

from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec

TRAITS = Traits(kind="network", gives="logits")


class Network(nn.Module):
    """Conv-ReLU twice, the second with half the resolution, the mean of each filter, Linear."""

    def __init__(self, data: DataSpec, width: int) -> None:
        super().__init__()
        if len(data.shape) != 3:
            raise ReplisomeError(
                f"model 'example_model' needs images (channels, height, width), not inputs of shape {data.shape}."
            )
        self.features = nn.Sequential(
            nn.Conv2d(data.shape[0], width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.output = nn.Linear(2 * width, data.outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (batch, channels, height, width) to logits (batch, classes)."""
        logits: Tensor = self.output(self.features(images).mean(dim=(2, 3)))
        return logits


def build(data: DataSpec, *, width: int = 16) -> Network:
    """Build the network.

    Args:
        data: images (channels, height, width).
        width: filters of the first convolution; the second has twice as many.
    """
    return Network(data, width)

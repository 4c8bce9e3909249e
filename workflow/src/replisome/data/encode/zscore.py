"""Statistics of training data, and the scaling they define."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class ChannelStatistics(NamedTuple):
    """Mean and standard deviation of each image channel, in units of full intensity (0 to 1)."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def channel_statistics(batches: Iterable[np.ndarray], channels: int) -> ChannelStatistics:
    """Return exact per-channel statistics of uint8 images, population form.

    Counts of the 256 intensities are enough, so images may come in batches and in any order, and nothing is converted
    to floating point at full size. A channel that never varies gets a standard deviation of 1, so that scaling by it
    keeps it at zero.

    Args:
        batches: images (n, height, width, channels), uint8.
        channels: their number.
    """
    levels = np.arange(256) / 255
    totals = np.zeros((channels, 256), np.int64)
    for images in batches:
        for channel in range(channels):
            totals[channel] += np.bincount(images[..., channel].reshape(-1), minlength=256)
    means, stds = [], []
    for counts in totals:
        share = counts / counts.sum()
        mean = float(share @ levels)
        std = float(np.sqrt(share @ (levels - mean) ** 2))
        means.append(mean)
        stds.append(std if std > 0 else 1.0)
    return ChannelStatistics(tuple(means), tuple(stds))


def half_range(channels: int) -> ChannelStatistics:
    """Return the constants that scale intensities 0..255 to -1..1 (mean 0.5, standard deviation 0.5)."""
    return ChannelStatistics((0.5,) * channels, (0.5,) * channels)

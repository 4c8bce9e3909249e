"""Simulated rows whose best possible accuracy is known: a pipeline that does not come near it is broken.

Classes are the corners of a square (a cube, ...) around the origin. Each row is its class's corner plus noise of
standard deviation 1 in every column; further columns hold noise alone. No classifier beats taking the nearest corner.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError


class Blobs(NamedTuple):
    """Drawn rows.

    Attributes:
        splits: by name, features (n, columns), float32, and labels (n,), int64.
        class_names: in the order of the labels.
        ceiling: the accuracy that no classifier beats in expectation.
        oracle: by split, the accuracy of the best classifier on these very rows.
    """

    splits: dict[str, tuple[np.ndarray, np.ndarray]]
    class_names: tuple[str, ...]
    ceiling: float
    oracle: dict[str, float]


def draw_blobs(  # its keywords are the options of a recipe's source
    *, rows: int = 2000, dimensions: int = 2, noise: int = 3, distance: float = 1.5, seed: int = 1
) -> Blobs:
    """Draw rows for each split.

    Args:
        rows: in the training split; validation and test have half as many.
        dimensions: columns that tell the classes apart; there are 2**dimensions classes.
        noise: columns that tell nothing.
        distance: from the origin to each corner along each axis, in standard deviations of the noise.
        seed: of all random draws.

    Returns:
        The splits and what is known of them.

    Raises:
        ReplisomeError: fewer than 20 rows, or no dimension.
    """
    if rows < 20 or dimensions < 1 or noise < 0:
        raise ReplisomeError("control 'blobs': needs at least 20 rows and 1 dimension, and no negative count of noise.")
    rng = np.random.default_rng(seed)
    weights = 2 ** np.arange(dimensions)
    splits, oracle = {}, {}
    for split in SPLITS:
        bits = rng.integers(0, 2, size=(rows if split == "train" else rows // 2, dimensions))
        features = rng.normal(size=(len(bits), dimensions + noise))
        features[:, :dimensions] += (2 * bits - 1) * distance
        splits[split] = (features.astype(np.float32), bits @ weights)
        oracle[split] = float(((features[:, :dimensions] > 0) == bits).all(axis=1).mean())
    names = tuple(f"corner {number}" for number in range(2**dimensions))
    # The nearest corner is the right one if no coordinate crossed the origin: Phi(distance) for each of them.
    return Blobs(splits, names, float(norm.cdf(distance)) ** dimensions, oracle)

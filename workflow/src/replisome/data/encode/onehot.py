"""One-hot vectors as whole numbers: quarters, so that an unknown base can be a quarter of each."""

from __future__ import annotations

import numpy as np

SCALE = 0.25  # multiply by this
_QUARTERS = np.array([[4, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 4], [1, 1, 1, 1], [0, 0, 0, 0]], np.uint8)


def one_hot(codes: np.ndarray) -> np.ndarray:
    """Map base codes (n, width) to (n, width, 4) uint8: 4 at the base, 1 each where it is unknown, 0 for padding."""
    quarters: np.ndarray = _QUARTERS[codes]
    return quarters

"""From intensities to targets: clip, shift, logarithm, z-score, as the course's loader does them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replisome.errors import ReplisomeError

PERCENTILE = 99.95
SMALLEST = 1e-9  # standard deviation, relative to the mean, below which rounding is all there is
TINY = 1e-6  # the loader's guard in the logarithm


class Scaling(NamedTuple):
    """Statistics of one protein: ceiling and floor of intensities, shift before the logarithm, then mean and sd."""

    clip: float
    floor: float
    shift: float
    mean: float
    std: float


def scaling(values: np.ndarray, where: str) -> Scaling:
    """Return the statistics of the valid entries of ``values`` (n,).

    Clip above at the 99.95th percentile; shift by |min| + 1 if the smallest is not above 0; mean and (population)
    standard deviation of log(x + 1e-6).

    Raises:
        ReplisomeError: there is no valid value, or all are equal; ``where`` opens the message.
    """
    valid = values[~np.isnan(values)]
    if not len(valid):
        raise ReplisomeError(f"{where}: no probe has a valid intensity; leave the protein out or use more probes.")
    clip = float(np.percentile(valid, PERCENTILE))
    clipped = np.minimum(valid, clip)
    floor = float(clipped.min())
    shift = abs(floor) + 1.0 if floor <= 0 else 0.0
    logged = np.log(clipped + shift + TINY)
    mean, std = float(logged.mean()), float(logged.std())
    if clipped.max() == floor:
        raise ReplisomeError(f"{where}: all {len(valid)} intensities are equal ({floor:g}); nothing can be learnt.")
    if not std > SMALLEST * max(1.0, abs(mean)):
        raise ReplisomeError(
            f"{where}: the intensities ({floor:g} to {clip:g}) do not differ once logarithms are taken; check their "
            "units."
        )
    return Scaling(clip, floor, shift, mean, std)


def apply(values: np.ndarray, by: Scaling) -> np.ndarray:
    """Return the z-scores (n,) of intensities (n,), NaN where they are NaN.

    Values below the floor, which only another split than that of the statistics can have, are raised to it: the shift
    was made for the floor, and the logarithm of less may not exist.
    """
    clipped = np.clip(values, by.floor, by.clip)
    scaled: np.ndarray = (np.log(clipped + by.shift + TINY) - by.mean) / by.std
    return scaled

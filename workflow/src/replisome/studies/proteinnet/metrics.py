"""How well maps of distances agree: errors in angstrom, lDDT, contacts. Nothing here sees more than distances.

Maps are given as the pairs i < j of one or several chains, row by row as ``numpy.triu_indices`` has them: predicted
and true distances in angstrom, the true ones NaN where they are unknown or beyond the chain's end. So rotations,
reflections, padding and what a model says of unknown residues change nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replisome.studies.proteinnet.records import PICOMETRES

INCLUSION = 15.0  # angstrom; true distances that lDDT looks at
TOLERANCES = (0.5, 1.0, 2.0, 4.0)  # angstrom
CONTACT = 8.0  # angstrom between alpha carbons
ANY = 10**9  # more than any separation
RANGES = {"short": (6, 12), "medium": (12, 24), "long": (24, ANY)}  # of |i - j|, the second not included
LISTS = {"L": 1, "L/2": 2, "L/5": 5}  # how many pairs are called contacts: known residues divided by this


def between(least: int, beyond: int) -> str:
    """Return a range of separations for people; the second is not included."""
    return f"{least} to {beyond - 1}" if beyond < ANY else f"{least} and more"


class Pairs(NamedTuple):
    """Which residues the pairs (p,) are of, and how far they are apart along the chain."""

    first: np.ndarray
    second: np.ndarray
    separation: np.ndarray

    @classmethod
    def of(cls, residues: int) -> Pairs:
        """Return all pairs i < j of a chain."""
        first, second = np.triu_indices(residues, 1)
        return cls(first, second, second - first)

    def residues_known(self, true: np.ndarray) -> int:
        """Return how many residues have a known distance to another, from the true distances (p,)."""
        known = ~np.isnan(true)
        return len(np.union1d(self.first[known], self.second[known]))


class Errors(NamedTuple):
    """Of each chain (n,): the sum of squared errors in square angstrom, and over how many pairs."""

    squared: np.ndarray
    pairs: np.ndarray

    @property
    def rmse(self) -> float:
        """Root mean squared error over the pairs of all chains, in angstrom."""
        return float(np.sqrt(self.squared.sum() / self.pairs.sum()))

    @property
    def drmsd(self) -> np.ndarray:
        """Return each chain's root mean squared error over its pairs (n,), in angstrom; NaN where it has none."""
        with np.errstate(invalid="ignore"):
            found: np.ndarray = np.sqrt(self.squared / self.pairs)
        return found

    @property
    def paper_loss(self) -> np.ndarray:
        """Return each chain's loss as report C has it (n,): squared picometres, summed over both halves of the map."""
        return 2 * PICOMETRES**2 * self.squared


def errors(predicted: np.ndarray, true: np.ndarray) -> Errors:
    """Return the errors of predicted distances (n, p) where the true ones are known, by chain."""
    return Errors(squared_errors(predicted, true).sum(axis=1), (~np.isnan(true)).sum(axis=1))


def squared_errors(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return the squared errors (n, p) of predicted distances (n, p), 0 where the true ones are not known."""
    known = ~np.isnan(true)
    difference = predicted.astype(np.float64) - np.where(known, true, 0.0)
    return np.where(known, difference, 0.0) ** 2


def lddt(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return each chain's local distance difference test on alpha carbons (n,); NaN where no true distance is short.

    The share of true distances below 15 angstrom that are predicted to within 0.5, 1, 2 and 4 angstrom, averaged over
    the four (Mariani et al. 2013, doi 10.1093/bioinformatics/btt473, there on all atoms).
    """
    near = true < INCLUSION
    off = np.abs(predicted - np.where(near, true, 0.0))
    kept = sum((near & (off < tolerance)).sum(axis=1) for tolerance in TOLERANCES)
    with np.errstate(invalid="ignore"):
        found: np.ndarray = np.asarray(kept) / len(TOLERANCES) / near.sum(axis=1)
    return found


def contact_precision(predicted: np.ndarray, true: np.ndarray, pairs: Pairs) -> dict[tuple[str, str], float]:
    """Return for each range and list of one chain the share of true contacts among the pairs predicted nearest.

    ``predicted`` and ``true`` are (p,). L is the number of residues with known coordinates. Of pairs that a model
    predicts equally near, such as all that a table calls alike, the list takes a share: the value expected if ties were
    broken by chance. A range without enough known pairs has as many as there are; without any, NaN.
    """
    length = pairs.residues_known(true)
    found = {}
    for name, (least, beyond) in RANGES.items():
        chosen = (pairs.separation >= least) & (pairs.separation < beyond) & ~np.isnan(true)
        order = np.argsort(predicted[chosen], kind="stable")
        distances, contacts = predicted[chosen][order], (true[chosen] < CONTACT)[order]
        for size_name, part in LISTS.items():
            size = min(max(1, length // part), len(distances))
            found[name, size_name] = _expected_share(distances, contacts, size) if size else float("nan")
    return found


def _expected_share(distances: np.ndarray, contacts: np.ndarray, size: int) -> float:
    """Return the expected share of contacts among the first ``size`` of ascending distances, ties drawn by chance."""
    last = distances[size - 1]
    low, high = np.searchsorted(distances, last, side="left"), np.searchsorted(distances, last, side="right")
    return float((contacts[:low].sum() + (size - low) * contacts[low:high].mean()) / size)


def true_distances(ca: np.ndarray, known: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Return the distances (p,) of a chain's alpha carbons (n, 3), NaN for pairs beyond its end or not known."""
    found = np.full(len(pairs.first), np.nan)
    inside = pairs.second < len(ca)
    first, second = pairs.first[inside], pairs.second[inside]
    distances = np.linalg.norm(ca[first].astype(np.float64) - ca[second], axis=1)
    found[inside] = np.where(known[first] & known[second], distances, np.nan)
    return found

"""Simulated probes whose binding is known: a planted motif, position effects, a decoy, saturation, an array's noise.

The protein sees each place of a probe by how well it matches the motif (a mismatch costs binding energy, and how much
depends on the position in the motif) and by where it lies (places near the ends bind less well). Occupancies add up
and saturate; the array shows background plus occupancy with multiplicative noise, and some probes fail. The decoy is
a motif as frequent as the true one that changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from replisome.data.encode.bases import ALPHABET, decode_bases
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete.probes import Probes, Protein

MOTIFS = ("UGCAUG", "AGACGU", "UAAUUG", "CUAACU")  # of the first, second, ... protein
DECOY = "GGAUCC"
LENGTHS = (38, 39, 40, 41)
MISMATCH = (2.0, 3.0, 3.0, 3.0, 3.0, 2.0)  # energy by position, in units of kT
EDGE = 0.1  # how well the outermost places bind, the middle ones being 1
CALIBRATION = 100_000  # simulated probes behind the expected ceiling


class Control(NamedTuple):
    """Drawn probes, the oracle's noise-free affinities (n, proteins), its Spearman expected over many draws."""

    probes: Probes
    affinities: np.ndarray
    ceiling: float


def draw_probes(
    *,
    train: int = 6000,
    test: int = 2000,
    proteins: int = 1,
    planted: float = 0.6,
    noise: float = 0.35,
    failed: float = 0.03,
    seed: int = 1,
) -> Control:
    """Draw a probe table.

    Args:
        train: probes in Set A, of which a fifth becomes validation.
        test: probes in Set B.
        proteins: how many, from 1 to 4, each with a motif of its own.
        planted: the share of probes that get a (mutated) copy of each motif.
        noise: standard deviation of the log intensity.
        failed: the share of intensities that are NaN.
        seed: of all draws.

    Returns:
        The probes, with what an oracle knows of them.

    Raises:
        ReplisomeError: too few probes, a share outside its range, or more proteins than there are motifs.
    """
    if min(train, test) < 20 or not 1 <= proteins <= len(MOTIFS) or noise < 0 or not 0 <= failed <= 0.9:
        raise ReplisomeError(
            "control 'probes': needs at least 20 probes a set, 1 to 4 proteins, noise of at least 0 and failed in "
            "[0, 0.9]."
        )
    if not 0 <= planted <= 1:
        raise ReplisomeError("control 'probes': planted is a share, between 0 and 1.")
    rng = np.random.default_rng(seed)
    codes, lengths = _sequences(rng, train + test, proteins, planted)
    affinities = np.stack([affinity(codes, lengths, MOTIFS[p]) for p in range(proteins)], axis=1)
    observed = np.log(affinities) + rng.normal(0, noise, affinities.shape)
    intensities = np.exp(observed)
    intensities[rng.random(intensities.shape) < failed] = np.nan
    padded = np.where(np.arange(codes.shape[1]) < lengths[:, None], codes, len(ALPHABET) + 1)
    names = [Protein(f"control{p + 1}", f"control {p + 1} ({MOTIFS[p]})") for p in range(proteins)]
    sets = np.repeat(np.array([0, 1], np.int8), [train, test])
    probes = Probes(sets, decode_bases(padded), intensities, names)
    return Control(probes, affinities, expected_ceiling(proteins, planted, noise, seed))


def expected_ceiling(proteins: int, planted: float, noise: float, seed: int) -> float:
    """Return Spearman's correlation of the true affinity with what the array shows, expected over many draws.

    Args:
        proteins: how many, from 1 to 4.
        planted: the share of probes that get a copy of each motif.
        noise: standard deviation of the log intensity.
        seed: of the calibration's own draw.

    Returns:
        The mean over proteins.
    """
    rng = np.random.default_rng([seed, 1])
    codes, lengths = _sequences(rng, CALIBRATION, proteins, planted)
    found = []
    for protein in range(proteins):
        true = np.log(affinity(codes, lengths, MOTIFS[protein]))
        found.append(float(spearmanr(true, true + rng.normal(0, noise, len(true)))[0]))
    return float(np.mean(found))


def affinity(codes: np.ndarray, lengths: np.ndarray, motif: str) -> np.ndarray:
    """Return what the array shows without noise (n,): background 1 plus a saturating occupancy of up to 8.

    ``codes`` (n, width) are bases 0..3, of which the first ``lengths`` (n,) count.
    """
    wanted = [ALPHABET.index(base) for base in motif]
    size = len(wanted)
    starts = codes.shape[1] - size + 1
    energy = sum(cost * (codes[:, j : j + starts] != wanted[j]) for j, cost in enumerate(MISMATCH[:size]))
    start, last = np.arange(starts)[None, :], (lengths - size)[:, None]
    middle = 1 - np.abs(2 * start / np.maximum(1, last) - 1)  # 0 at either end, 1 in the middle
    weight = np.where(start <= last, EDGE + (1 - EDGE) * np.clip(2 * middle, 0, 1), 0.0)
    bound = (weight * np.exp(-energy)).sum(axis=1)
    signal: np.ndarray = 1.0 + 8.0 * bound / (bound + 0.5)
    return signal


def _sequences(rng: np.random.Generator, n: int, proteins: int, planted: float) -> tuple[np.ndarray, np.ndarray]:
    """Return random bases (n, 41) and lengths (n,), motifs and the decoy planted at random places."""
    width = max(LENGTHS)
    codes = rng.integers(0, 4, size=(n, width))
    lengths = rng.choice(LENGTHS, size=n)
    for motif in (*MOTIFS[:proteins], DECOY):
        copy = np.tile([ALPHABET.index(base) for base in motif], (n, 1))
        changed = rng.random(n) < 0.5  # half of the copies have one base at random
        at = rng.integers(0, len(motif), size=n)
        copy[np.flatnonzero(changed), at[changed]] = rng.integers(0, 4, size=int(changed.sum()))
        start = rng.integers(0, lengths - len(motif) + 1)
        for row in np.flatnonzero(rng.random(n) < planted):
            codes[row, start[row] : start[row] + len(motif)] = copy[row]
    return codes, lengths

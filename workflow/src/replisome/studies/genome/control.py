"""Simulated genomes: a Markov chain of known entropy rate, and one with genes, a codon usage and long repeats.

What the best possible model pays for a base is known: minus the logarithm of the probability with which it was drawn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import entr

from replisome.data.encode.dna import PackedBases, reverse_complement
from replisome.data.encode.kmers import kmer_numbers
from replisome.errors import ReplisomeError
from replisome.studies.genome.fasta import Genome, Segment
from replisome.studies.genome.reading_frames import STOPS

START = 14  # ATG as a 3-mer to the base four
MOST = 10**9  # bases
GENE = (100, 400)  # codons, fewest and most
BETWEEN = (40, 160)  # bases between elements


class Drawn(NamedTuple):
    """A simulated genome, with the bits that its oracle needs for each base: the predictor that knows how it was drawn.

    Attributes:
        genome: of one contig.
        bits: what each base costs the oracle (bases,) float32.
        least: bits a base that no model can beat on sequence it has not seen; None where repeats make that depend on
            the split.
    """

    genome: Genome
    bits: np.ndarray
    least: float | None


def draw_markov(*, bases: int = 200_000, order: int = 3, concentration: float = 1.0, seed: int = 1) -> Drawn:
    """Draw a stationary Markov chain.

    The entropy rate, the mean over the stationary distribution of the entropy of what follows (Shannon 1948), is the
    least that any model can pay on sequence it has not seen.

    Args:
        bases: length of the genome.
        order: how many bases the next one depends on.
        concentration: of the Dirichlet distribution that the transition probabilities are drawn from.
        seed: of the random numbers.

    Returns:
        The genome, the cost of each base, and the entropy rate.

    Raises:
        ReplisomeError: too few bases, or an order or concentration out of range.
    """
    if not 100 <= bases <= MOST or not 0 <= order <= 8 or not 0.05 <= concentration <= 1000 or seed < 0:
        raise ReplisomeError(
            f"control 'markov': needs 100 to {MOST:,} bases, an order from 0 to 8, a concentration from 0.05 to 1,000 "
            "and a seed of at least 0."
        )
    rng = np.random.default_rng(seed)
    states = 4**order
    following = rng.dirichlet(np.full(4, concentration), size=states)
    stationary = np.full(states, 1 / states)
    for _ in range(2000 // (order + 1)):  # power iteration; the chain mixes within some dozen steps
        spread = (stationary[:, None] * following).reshape(-1)
        stationary = spread.reshape(4, -1).sum(axis=0)
    rate = float((stationary[:, None] * entr(following)).sum() / np.log(2))
    state = int(rng.choice(states, p=stationary / stationary.sum()))
    thresholds = np.cumsum(following, axis=1)[:, :3].tolist()
    codes = np.empty(bases, np.uint8)
    bits = np.empty(bases, np.float32)
    with np.errstate(divide="ignore"):  # what cannot be drawn costs without end
        cost = -np.log2(following)
    for position, chance in enumerate(rng.random(bases).tolist()):
        first, second, third = thresholds[state]
        base = (chance > first) + (chance > second) + (chance > third)
        codes[position], bits[position] = base, cost[state, base]
        state = (state * 4 + base) % states
    return Drawn(one_contig(codes, "markov"), bits, rate)


def draw_genes(
    *,
    bases: int = 200_000,
    families: int = 6,
    copies: int = 6,
    repeat: int = 1500,
    divergence: float = 0.005,
    concentration: float = 0.3,
    seed: int = 1,
) -> Drawn:
    """Draw genes of one codon usage on both strands, and long repeats.

    The oracle knows the codon usage, the genes and their reading frames, but no other copy of a repeat: bases in
    repeats cost it two bits each. A model that needs fewer bits there has seen another copy.

    Args:
        bases: length of the genome.
        families: how many different repeats there are.
        copies: of each repeat.
        repeat: length of a repeat, in bases.
        divergence: share of a copy's bases that are drawn anew.
        concentration: of the Dirichlet distribution that the codon usage is drawn from.
        seed: of the random numbers.

    Returns:
        The genome and the cost of each base; no least cost.

    Raises:
        ReplisomeError: a value out of range, or repeats that do not fit.
    """
    if not 100 <= bases <= MOST or repeat < 100 or min(families, copies, seed) < 0 or not 0 <= divergence <= 1:
        raise ReplisomeError(
            f"control 'genes': needs 100 to {MOST:,} bases, at least 100 a repeat, no negative numbers and divergence "
            "in [0, 1]."
        )
    if not 0.05 <= concentration <= 1000:
        raise ReplisomeError("control 'genes': needs a concentration from 0.05 to 1,000.")
    number = families * max(copies, 1)  # each family's original is drawn in any case
    if number * repeat > bases // 2:
        raise ReplisomeError(
            f"control 'genes': {number} repeats of {repeat} bases fill over half of {bases}; draw fewer."
        )
    rng = np.random.default_rng(seed)
    usage = np.zeros(64)
    sense = np.setdiff1d(np.arange(64), STOPS)
    usage[sense] = rng.dirichlet(np.full(len(sense), concentration))
    ends = np.isin(np.arange(64), STOPS) / len(STOPS)
    elements = [
        _copy(rng, master, divergence) for master in rng.integers(0, 4, (families, repeat)) for _ in range(copies)
    ]
    length = sum(len(codes) + BETWEEN[0] for codes, _ in elements)
    while length < bases:
        elements.append(_gene(rng, usage, ends))
        length += len(elements[-1][0]) + BETWEEN[0]
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for number in rng.permutation(len(elements)):
        gap = int(rng.integers(*BETWEEN))
        parts += [(rng.integers(0, 4, gap), np.full(gap, 2.0)), elements[number]]
    codes, bits = (np.concatenate([part[which] for part in parts])[:bases] for which in (0, 1))
    bits = bits.astype(np.float32)
    return Drawn(one_contig(codes.astype(np.uint8), "genes"), bits, None)


def one_contig(codes: np.ndarray, name: str) -> Genome:
    """Return certain base codes (n,) as a genome."""
    packed = PackedBases()
    packed.append(codes)
    return Genome([(name, len(codes))], [Segment(0, 0, 0, len(codes))], packed, ambiguous=0, lower=0, empty=0)


def _copy(rng: np.random.Generator, master: np.ndarray, divergence: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a copy of a repeat on a random strand, and what its bases cost."""
    codes = np.where(rng.random(len(master)) < divergence, rng.integers(0, 4, len(master)), master)
    if rng.random() < 0.5:
        codes = reverse_complement(codes)
    return codes, np.full(len(codes), 2.0)


def _gene(rng: np.random.Generator, usage: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a gene on a random strand, and what its bases cost in the order in which they are read."""
    start = np.arange(64) == START
    codons = [(START, start.astype(float))]
    codons += [(codon, usage) for codon in rng.choice(64, size=int(rng.integers(*GENE)), p=usage)]
    codons += [(int(rng.choice(64, p=ends)), ends)]
    forward = rng.random() < 0.5
    if not forward:
        codons = [
            (int(_opposite(np.array([codon]))[0]), chances[_opposite(np.arange(64))]) for codon, chances in codons[::-1]
        ]
    codes = np.array([(codon >> shift) & 3 for codon, _ in codons for shift in (4, 2, 0)])
    bits = np.concatenate([_codon_bits(codon, chances) for codon, chances in codons])
    return codes, bits


def _opposite(codons: np.ndarray) -> np.ndarray:
    """Return codons (n,) as they read on the other strand; chances by codon are put in order in the same way."""
    bases = np.stack([codons >> 4 & 3, codons >> 2 & 3, codons & 3], axis=-1).astype(np.uint8)
    opposite: np.ndarray = kmer_numbers(reverse_complement(bases), 3)[..., 0].astype(np.int64)
    return opposite


def _codon_bits(codon: int, chances: np.ndarray) -> np.ndarray:
    """Return the cost (3,) of a codon's bases, each given those before it."""
    cube = chances.reshape(4, 4, 4)
    first, second, third = codon >> 4 & 3, codon >> 2 & 3, codon & 3
    shares = np.array([cube[first].sum(), cube[first, second].sum(), cube[first, second, third]])
    bits: np.ndarray = -np.log2(shares / np.array([cube.sum(), shares[0], shares[1]]))
    return bits

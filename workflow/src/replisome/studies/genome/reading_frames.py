"""Reading frames where there is no annotation: long stretches without a stop codon, on either strand."""

from __future__ import annotations

import numpy as np

from replisome.data.encode.dna import reverse_complement
from replisome.data.encode.kmers import kmer_numbers, uncertain_kmers

STOPS = (48, 50, 56)  # TAA, TAG, TGA as 3-mers to the base four
SHORTEST = 300  # bases; 100 codons in a row without a stop have a chance of (61/64)**100 = 0.8 % in random sequence


def codon_positions(codes: np.ndarray, shortest: int = SHORTEST) -> np.ndarray:
    """Return for base codes (n,) the codon position: 1, 2, 3 on this strand, -1, -2, -3 on the other, 0 for none.

    A reading frame runs from after one stop codon to before the next and has at least ``shortest`` bases; where several
    cover a base, the longest counts. A base other than 0..3 ends all of them. Real genes are most of them in bacteria;
    in genomes with introns few are.
    """
    frames = [(stop - start, start, stop, 1) for start, stop in open_frames(codes, shortest)]
    n = len(codes)
    frames += [
        (stop - start, n - stop, n - start, -1) for start, stop in open_frames(reverse_complement(codes), shortest)
    ]
    positions = np.zeros(n, np.int8)
    for length, start, stop, strand in sorted(frames):  # the longest is painted last, over the others
        along = (np.arange(length) % 3 + 1).astype(np.int8)
        positions[start:stop] = along if strand > 0 else -along[::-1]
    return positions


def open_frames(codes: np.ndarray, shortest: int) -> list[tuple[int, int]]:
    """Return from where to where the three frames of one strand are free of stop codons for ``shortest`` bases."""
    found: list[tuple[int, int]] = []
    if len(codes) < 3:
        return found
    stop = np.isin(kmer_numbers(codes, 3), STOPS) | uncertain_kmers(codes, 3)
    for frame in range(3):
        at = np.flatnonzero(stop[frame::3])
        edges = np.concatenate([[-1], at, [(len(codes) - frame) // 3]])
        for index in np.flatnonzero(np.diff(edges) - 1 >= -(-shortest // 3)):
            found.append((frame + 3 * (int(edges[index]) + 1), frame + 3 * int(edges[index + 1])))
    return found

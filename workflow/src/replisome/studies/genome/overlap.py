"""How much of a window was there in training: the very same places, or long k-mers of the same letters."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from replisome.encode.dna import reverse_complement
from replisome.encode.kmers import kmer_numbers

SHARED = 24  # bases: in a random genome of a gigabase a given one occurs once in 100,000 such genomes
LARGEST = 16_000_000  # k-mers kept; of larger genomes a fixed share of all k-mers, chosen by their hash
_MIX = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio's bits: multiplying by it spreads neighbours (Knuth 6.4)
CHUNK = 1 << 22


def covered(starts: np.ndarray, length: int, intervals: np.ndarray) -> np.ndarray:
    """Return for each window the share (windows,) of the tokens it predicts that lie in ``intervals`` (n, 2)."""
    lengths = intervals[:, 1] - intervals[:, 0]
    before = np.concatenate([[0], np.cumsum(lengths)])

    def up_to(tokens: np.ndarray) -> np.ndarray:
        """Count the covered tokens below each of these."""
        number = np.searchsorted(intervals[:, 0], tokens, side="right")
        inside = np.zeros(len(tokens), np.int64)
        some = number > 0
        last = number[some] - 1
        inside[some] = np.minimum(tokens[some] - intervals[last, 0], lengths[last])
        return before[np.maximum(number - 1, 0)] * some + inside

    shares: np.ndarray = (up_to(starts + length + 1) - up_to(starts + 1)) / length
    return shares


def canonical(codes: np.ndarray, k: int = SHARED) -> np.ndarray:
    """Return the k-mers of base codes (..., n) as numbers that both strands share: the smaller of the two."""
    forward = kmer_numbers(codes, k)
    backward = kmer_numbers(reverse_complement(codes), k)[..., ::-1]
    numbers: np.ndarray = np.minimum(forward, backward).astype(np.uint64)
    return numbers


class SharedKmers:
    """The k-mers of some sequence, to look others up in.

    Of a large sequence only the k-mers whose hash falls under a threshold are kept and looked up (FracMinHash, Irber et
    al. 2022), one in ``sampled``: shares then are estimates, and a single shared k-mer may be missed.
    """

    def __init__(self, pieces: Iterable[np.ndarray], bases: int) -> None:
        """Take the k-mers of ``pieces``, base codes (n,) each, ``bases`` in all."""
        self.sampled = max(1, -(-bases // LARGEST))
        found = [np.empty(0, np.uint64)]
        for piece in pieces:
            if len(piece) >= SHARED:
                numbers = canonical(piece)
                found.append(numbers[self._chosen(numbers)])
        self.numbers = np.unique(np.concatenate(found))

    def _chosen(self, numbers: np.ndarray) -> np.ndarray:
        """Say which k-mers belong to the sample (..., n)."""
        if self.sampled == 1:
            return np.ones(numbers.shape, bool)
        return numbers * _MIX < np.uint64((1 << 64) // self.sampled)

    def share(self, windows: np.ndarray) -> np.ndarray:
        """Return for base codes (windows, n) the share of their k-mers that are here; NaN where none is looked up."""
        if windows.shape[1] < SHARED or not len(self.numbers):
            return np.full(len(windows), np.nan if windows.shape[1] < SHARED else 0.0)
        numbers = canonical(windows)
        chosen = self._chosen(numbers)
        at = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        known = (self.numbers[at] == numbers) & chosen
        looked_up = chosen.sum(axis=1)
        return np.where(looked_up > 0, known.sum(axis=1) / np.maximum(looked_up, 1), np.nan)

"""How much of a window was there in training: the very same positions, or long k-mers of the same letters."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from replisome.data.encode.dna import reverse_complement
from replisome.data.encode.kmers import kmer_numbers, uncertain_kmers

SIEVE = 26  # bits of a k-mer that a first look goes by
SHARED = 24  # bases: in a random genome of a gigabase a given one occurs once in 100,000 such genomes


def covered(starts: np.ndarray, length: int, intervals: np.ndarray) -> np.ndarray:
    """Return for each window the share (windows,) of the tokens it predicts that training windows predict too.

    ``intervals`` (n, 2) is the union of the training windows; the first token of each is read, but never predicted.
    """
    lows = intervals[:, 0] + 1
    lengths = intervals[:, 1] - lows
    before = np.concatenate([[0], np.cumsum(lengths)])

    def up_to(tokens: np.ndarray) -> np.ndarray:
        """Count the covered tokens below each of these."""
        number = np.searchsorted(lows, tokens, side="right")
        inside = np.zeros(len(tokens), np.int64)
        some = number > 0
        last = number[some] - 1
        inside[some] = np.minimum(tokens[some] - lows[last], lengths[last])
        return before[np.maximum(number - 1, 0)] * some + inside

    shares: np.ndarray = (up_to(starts + length + 1) - up_to(starts + 1)) / length
    return shares


def canonical(codes: np.ndarray, k: int = SHARED) -> np.ndarray:
    """Return the k-mers of base codes (..., n) as numbers that both strands share: the smaller of the two."""
    forward = kmer_numbers(codes, k)
    backward = kmer_numbers(reverse_complement(codes), k)[..., ::-1]
    numbers: np.ndarray = np.minimum(forward, backward).astype(np.uint64)
    return numbers


def shared(windows: np.ndarray, sequence: Iterable[np.ndarray]) -> np.ndarray:
    """Return for base codes (windows, n) the share (windows,) of their k-mers that occur in ``sequence``.

    K-mers have 24 bases and count on either strand. The windows' are held, those of ``sequence``, pieces of base codes
    that overlap by all but one base of a k-mer, stream past; a base other than 0..3 keeps apart what does not belong
    together. NaN where windows are shorter than a k-mer.
    """
    if windows.shape[1] < SHARED:
        return np.full(len(windows), np.nan)
    numbers = canonical(windows)
    wanted, inverse = np.unique(numbers, return_inverse=True)
    found = np.zeros(len(wanted), bool)
    perhaps = np.zeros(1 << SIEVE, bool)  # by a k-mer's last bits: a look here spares most of the searches
    perhaps[wanted & np.uint64((1 << SIEVE) - 1)] = True
    for piece in sequence:
        if len(piece) >= SHARED and len(wanted):
            passing = canonical(piece)[~uncertain_kmers(piece, SHARED)]
            passing = passing[perhaps[passing & np.uint64((1 << SIEVE) - 1)]]
            at = np.minimum(np.searchsorted(wanted, passing), len(wanted) - 1)
            found[at[wanted[at] == passing]] = True
    shares: np.ndarray = found[inverse].reshape(numbers.shape).mean(axis=1)
    return shares

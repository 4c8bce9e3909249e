"""k-mers as tokens: digits to the base four, A, C, G, T (or U) = 0..3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from replisome.data.encode.bases import PADDING, UNKNOWN


def vocabulary(k: int) -> int:
    """Return the number of tokens: 4**k k-mers, one for any with an unknown base, and the last for padding."""
    return int(4**k) + 2


def kmer_tokens(codes: np.ndarray, k: int) -> np.ndarray:
    """Map base codes (n, width) to tokens (n, width - k + 1) of the smallest unsigned type that holds them.

    Token 4**k stands for a k-mer with an unknown base, 4**k + 1 for one that reaches into the padding.
    """
    windows = np.lib.stride_tricks.sliding_window_view(codes, k, axis=1)
    powers = 4 ** np.arange(k - 1, -1, -1)
    tokens = np.where((windows == UNKNOWN).any(axis=2), 4**k, windows.astype(np.int64) @ powers)
    tokens = np.where((windows == PADDING).any(axis=2), 4**k + 1, tokens)
    return tokens.astype(np.min_scalar_type(vocabulary(k) - 1))


def all_kmers(k: int) -> np.ndarray:
    """Return the base codes (4**k, k) uint8 of all k-mers in the order of their tokens: AA...A, AA...C, ..."""
    powers = 4 ** np.arange(k - 1, -1, -1)
    return (np.arange(4**k)[:, None] // powers % 4).astype(np.uint8)


def kmer_numbers(codes: np.ndarray, k: int) -> np.ndarray:
    """Map certain bases (..., n), codes 0..3, to the numbers (..., n - k + 1) of the k-mers that start at each of them.

    Doubling: 2-mers from bases, 4-mers from 2-mers, and so on, in a type just wide enough; ``k`` is at most 32.
    """
    if k == 1:
        return codes
    half = k // 2
    left = kmer_numbers(codes, k - half)
    right = kmer_numbers(codes, half) if half != k - half else left
    kind = np.min_scalar_type(4**k - 1)
    places = codes.shape[-1] - k + 1
    numbers = left[..., :places].astype(kind)
    numbers <<= kind.type(2 * half)
    numbers |= right[..., k - half : k - half + places]
    return numbers


def uncertain_kmers(codes: np.ndarray, k: int) -> np.ndarray:
    """Say which k-mers (n - k + 1,) of codes (n,) have a base other than 0..3, so that their numbers mean nothing."""
    uncertain = np.flatnonzero(codes > 3)
    found = np.zeros(len(codes) - k + 1, bool)
    for offset in range(k):
        starts = uncertain - offset
        found[starts[(starts >= 0) & (starts < len(found))]] = True
    return found


def kmer_stream(chunks: Iterable[np.ndarray], k: int, stride: int) -> Iterator[np.ndarray]:
    """Yield the k-mers of one sequence, ``stride`` (at most ``k``) bases apart, from its pieces (n,) in order.

    What comes out, joined, does not depend on where the pieces end; see :func:`kmer_numbers`.
    """
    rest = np.empty(0, np.uint8)  # bases that the next k-mer starts with
    for chunk in chunks:
        codes = np.concatenate([rest, chunk])
        if len(codes) >= k:
            tokens = kmer_numbers(codes, k)[::stride]
            yield tokens
            codes = codes[len(tokens) * stride :]
        rest = codes

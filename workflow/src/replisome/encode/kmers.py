"""Overlapping k-mers as tokens: digits to the base four, A, C, G, U = 0..3."""

from __future__ import annotations

import numpy as np

from replisome.encode.bases import PADDING, UNKNOWN


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

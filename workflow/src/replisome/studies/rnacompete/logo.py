"""From in-silico mutagenesis to a logo and the motif it spells, and how near that is to a known one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from replisome.data.encode.bases import ALPHABET, decode_bases, encode_bases
from replisome.data.encode.kmers import all_kmers

WIDTH = 10  # positions of a logo
ROUNDS = 10  # of alignment
COMMON = 20  # probes that a k-mer must stand in before its mean is believed


class Logo(NamedTuple):
    """Aligned probes: mean importance (WIDTH, 4) of each base, in standard deviations of the target; base shares."""

    heights: np.ndarray
    shares: np.ndarray
    probes: int

    @property
    def bits(self) -> np.ndarray:
        """Information (WIDTH, 4) of the bases that stand there, against a uniform background (Schneider 1990)."""
        present = self.shares.sum(axis=1, keepdims=True)
        share = self.shares / np.maximum(present, 1e-12)
        entropy = -(share * np.log2(np.maximum(share, 1e-12))).sum(axis=1, keepdims=True)
        bits: np.ndarray = share * (2 - entropy) * present
        return bits


def spelled(heights: np.ndarray, length: int) -> str:
    """Return the tallest bases of a logo (width, 4), on the stretch of ``length`` positions where they are tallest."""
    totals = np.convolve(heights.max(axis=1), np.ones(length), mode="valid")
    start = int(totals.argmax())
    return "".join(ALPHABET[base] for base in heights[start : start + length].argmax(axis=1))


def importance(sequences: list[str], effect: np.ndarray) -> np.ndarray:
    """Return (n, width, 4): at the base that is there, how much replacing it costs on average; 0 elsewhere.

    ``effect`` (n, width, 4) is the change of the prediction when a base is put in a position's place, 0 for the base
    that is there, NaN for one that was not tried.
    """
    own = _own_bases(sequences, effect.shape[1])
    tried = (~np.isnan(effect) & ~own).sum(axis=2)
    cost = -np.nansum(effect, axis=2) / np.maximum(tried, 1)
    return np.where(own, cost[:, :, None], 0.0)


def _own_bases(sequences: list[str], width: int) -> np.ndarray:
    own: np.ndarray = encode_bases(sequences, width).codes[:, :, None] == np.arange(len(ALPHABET))
    return own


def align(sequences: list[str], effect: np.ndarray) -> Logo:
    """Shift probes against one another until what matters in them agrees best, and average them.

    ``sequences`` (n) and ``effect`` (n, width, 4) are as :func:`importance` takes them. Starts from each probe's most
    important stretch; then each probe moves to where it fits the mean of all. The logo is cut so that its weight lies
    in the middle: what stands before a motif is as visible as what follows it.
    """
    beyond = ((0, 0), (WIDTH, WIDTH), (0, 0))
    own = np.pad(_own_bases(sequences, effect.shape[1]), beyond)
    windows = _windows(np.pad(importance(sequences, effect), beyond))
    start = windows.sum(axis=(2, 3)).argmax(axis=1)
    probe = np.arange(len(sequences))
    for _ in range(ROUNDS):
        mean = windows[probe, start].mean(axis=0)
        moved = np.einsum("nswb,wb->ns", windows, mean).argmax(axis=1)
        if (moved == start).all():
            break
        start = moved
    height = np.clip(windows[probe, start].mean(axis=0), 0, None).max(axis=1)
    centre = (height @ np.arange(WIDTH)) / max(height.sum(), 1e-12)
    start = np.clip(start + round(centre - (WIDTH - 1) / 2), 0, windows.shape[1] - 1)
    shares = _windows(own)[probe, start].mean(axis=0)
    return Logo(windows[probe, start].mean(axis=0), shares, len(sequences))


def _windows(values: np.ndarray) -> np.ndarray:
    """Return all stretches of WIDTH positions of (n, width, 4), as (n, starts, WIDTH, 4)."""
    return np.lib.stride_tricks.sliding_window_view(values, WIDTH, axis=1).transpose(0, 1, 3, 2)


def agreement(found: str, known: str, shift: int = 2) -> int:
    """Return in how many positions two motifs agree, the best over shifts by up to ``shift`` bases."""
    best = 0
    for offset in range(-shift, shift + 1):
        pairs = zip(found[max(0, offset) :], known[max(0, -offset) :], strict=False)
        best = max(best, sum(one == two for one, two in pairs))
    return best


def kmer_names(k: int) -> list[str]:
    """Return all k-mers in the order of their tokens: AA...A, AA...C, ..."""
    return decode_bases(all_kmers(k))


def mean_by_kmer(tokens: np.ndarray, target: np.ndarray, kmers: int) -> np.ndarray:
    """Return the mean target (kmers,) of the probes that hold each k-mer, -inf where they are too few.

    ``tokens`` (n, positions) are the k-mers of n probes, ``target`` (n,) what was measured; tokens from ``kmers`` on,
    with unknown bases or padding, do not count, and a k-mer counts once a probe.
    """
    known = tokens < kmers
    probe, token = np.divmod(np.unique(np.nonzero(known)[0] * kmers + tokens[known].astype(np.int64)), kmers)
    count = np.bincount(token, minlength=kmers)
    mean = np.bincount(token, target[probe], minlength=kmers) / np.maximum(count, 1)
    return np.where(count < COMMON, -np.inf, mean)

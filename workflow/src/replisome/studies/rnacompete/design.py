"""What the array was designed to hold: how many probes, how long, how often each 9-mer, and in which set."""

from __future__ import annotations

import numpy as np

from replisome.data.encode.bases import ALPHABET, PADDING, encode_bases
from replisome.data.encode.kmers import kmer_numbers
from replisome.studies.rnacompete.probes import WIDTH, Probes

K = 9  # the k-mers that the array is said to hold
TIMES = 16  # how often each of them, at least


def design_of(probes: Probes) -> dict[str, float]:
    """Return what a whole probe table holds, whatever a recipe takes of it.

    Args:
        probes: all of the table, in both sets.

    Returns:
        ``probes``, ``shortest`` and ``longest`` (bases); of the 9-mers how often the rarest one stands in the table
        (``rarest``), how many never do (``missing``), and the percentage that does so 16 times or more (``frequent``);
        the percentage of the 9-mers of Set B, each as often as it stands there, that Set A has too (``shared``).
    """
    codes = encode_bases(probes.sequences, WIDTH).codes
    lengths = (codes != PADDING).sum(axis=1)
    odd = codes >= len(ALPHABET)
    certain = ~np.asarray(np.lib.stride_tricks.sliding_window_view(odd, K, axis=1).any(axis=2))
    numbers = kmer_numbers(np.where(odd, 0, codes).astype(np.uint8), K)
    of_set = [probes.sets == which for which in (0, 1)]
    in_set = [np.bincount(numbers[own][certain[own]], minlength=4**K) for own in of_set]
    total = in_set[0] + in_set[1]
    return {
        "probes": len(codes),
        "shortest": int(lengths.min()),
        "longest": int(lengths.max()),
        "rarest": int(total.min()),
        "missing": int((total == 0).sum()),
        "frequent": 100 * float((total >= TIMES).mean()),
        "shared": 100 * float(in_set[1][in_set[0] > 0].sum() / max(1, in_set[1].sum())),
    }

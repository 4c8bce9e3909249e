"""A genome's bases in pieces of one size, however many contigs there are, with nothing that reaches over their ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple, TypeVar

import numpy as np

from replisome.data.encode.dna import AMBIGUOUS
from replisome.studies.genome.fasta import Genome
from replisome.studies.genome.overlap import SHARED
from replisome.studies.genome.windows import Cut, Layout

CHUNK = 1 << 22  # bases in one go
Held = TypeVar("Held")
MARGIN = 3000  # bases read on either side of windows, so that reading frames are seen whole


class Coded(NamedTuple):
    """A genome and where its tokens lie: k-mers that start ``stride`` bases apart."""

    genome: Genome
    k: int
    stride: int
    where: Layout

    def base(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the segment of each token, and where its first base is among the genome's bases."""
        segment = np.searchsorted(self.where.first, tokens, side="right") - 1
        offsets = np.array([s.offset for s in self.genome.segments], np.int64)
        return segment, offsets[segment] + (tokens - self.where.first[segment]) * self.stride


def sequence(coded: Coded, intervals: np.ndarray) -> Iterator[np.ndarray]:
    """Return the bases of intervals (n, 2) of tokens in pieces, as :func:`~.overlap.shared` takes them.

    Short intervals are joined, and long ones cut so that they overlap by all but one base of a long k-mer.
    """
    _, first = coded.base(intervals[:, 0])
    _, last = coded.base(intervals[:, 1] - 1)
    stretches = (
        coded.genome.bases.read(at, min(at + CHUNK + SHARED - 1, int(stop)))
        for start, stop in zip(first, last + coded.k, strict=True)
        for at in range(int(start), int(stop), CHUNK)
    )
    return map(_joined, gathered(stretches, len))


def gathered(found: Iterable[Held], size: Callable[[Held], int]) -> Iterator[list[Held]]:
    """Yield items in lists whose sizes add up to ``CHUNK`` or just more, the last list to whatever is left."""
    held: list[Held] = []
    total = 0
    for item in found:
        held.append(item)
        total += size(item)
        if total >= CHUNK:
            yield held
            held, total = [], 0
    if held:
        yield held


def _joined(stretches: list[np.ndarray]) -> np.ndarray:
    """Return stretches of bases as one, with an N after each, so that nothing reaches from one into the next."""
    border = np.array([AMBIGUOUS], np.uint8)
    return np.concatenate([part for stretch in stretches for part in (stretch, border)])


class Piece(NamedTuple):
    """Bases of stretches of the genome and the windows in them: their rows, and where among the bases they start."""

    rows: slice
    codes: np.ndarray
    at: np.ndarray


def pieces(coded: Coded, cut: Cut, starts: np.ndarray) -> Iterator[Piece]:
    """Return ascending windows in pieces of about ``CHUNK`` bases, many short stretches to the piece."""
    return map(_as_one, gathered(_stretches(coded, cut, starts), _joined_length))


def _as_one(stretches: list[Piece]) -> Piece:
    rows = slice(stretches[0].rows.start, stretches[-1].rows.stop)
    begins = accumulate(map(_joined_length, stretches), initial=0)
    at = np.concatenate([one.at + begin for one, begin in zip(stretches, begins, strict=False)])
    return Piece(rows, _joined([one.codes for one in stretches]), at)


def _joined_length(stretch: Piece) -> int:
    """Return how many bases a stretch takes up among others, with the N that stands between them."""
    return len(stretch.codes) + 1


def _stretches(coded: Coded, cut: Cut, starts: np.ndarray) -> Iterator[Piece]:
    """Yield ascending windows stretch by stretch; no stretch reaches over the end of a segment."""
    segment, base = coded.base(starts)
    span = cut.length * coded.stride + coded.k
    group = segment * (len(coded.genome.bases) // CHUNK + 1) + base // CHUNK
    borders = np.flatnonzero(np.diff(group)) + 1
    for low, high in zip([0, *borders], [*borders, len(starts)], strict=True):
        own = coded.genome.segments[int(segment[low])]
        start = max(own.offset, int(base[low]) - MARGIN)
        stop = min(own.offset + own.length, int(base[high - 1]) + span + MARGIN)
        yield Piece(slice(low, high), coded.genome.bases.read(start, stop), base[low:high] - start)

"""FASTA of any length as windows of tokens, read a piece at a time: memory does not grow with file or contig.

What comes out is what a recipe's test windows are of the same bases (:mod:`.fasta`, :mod:`.windows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from replisome.data.encode.dna import AMBIGUOUS, INVALID, encode_dna
from replisome.data.encode.kmers import kmer_numbers
from replisome.data.raw_files import is_gzip
from replisome.data.text_files import as_lines, open_unpacked
from replisome.errors import ReplisomeError

PIECE = 1 << 16  # letters looked at in one go: few, so that what is said of the progress is true


@dataclass
class Contig:
    """A sequence of a FASTA file: its name (the first word of its header), its letters, and how they were read."""

    name: str
    length: int = 0
    ambiguous: int = 0
    lower: int = 0


class Window(NamedTuple):
    """Tokens in a row.

    Attributes:
        contig: that they are of.
        position: in the contig (from 0) of the first base that is predicted.
        predicted: how many tokens are: all but the first.
        tokens: (length + 1,) int64, those behind the last predicted one 0.
        share: of the file, how much has been read; None where that is not known.
    """

    contig: Contig
    position: int
    predicted: int
    tokens: np.ndarray
    share: float | None


class Cutting(NamedTuple):
    """How windows are cut: they predict ``length`` k-mers that start ``stride`` bases apart."""

    k: int
    stride: int
    length: int


class Piece(NamedTuple):
    """Some letters of a contig as base codes (n,) uint8; a contig without letters has one empty piece."""

    contig: Contig
    codes: np.ndarray
    share: float | None


def windows(path: Path, cutting: Cutting, contigs: list[Contig]) -> Iterator[Window]:
    """Yield the windows of a FASTA file, plain or gzip.

    In each stretch of certain bases windows stand end to end from its start, as those of a test split do: a window
    begins with the last token that the one before it predicted, and an empty state. The last one of a stretch is
    shorter. The first k bases of a stretch are read and never predicted, and so is what is left behind the last token.

    Args:
        path: the file.
        cutting: how windows are cut.
        contigs: takes each contig as it begins; names that stand there already are refused.

    Yields:
        Windows in the order of the file.

    Raises:
        ReplisomeError: not a FASTA file of nucleotides, cut off, or a name given twice; says where.
    """
    stretch: _Stretch | None = None
    for contig, codes, share in _pieces(path, contigs):
        start = contig.length - len(codes)
        if not start:
            yield from _end(stretch)
            stretch = None
        edges = np.concatenate([[-1], np.flatnonzero(codes == AMBIGUOUS), [len(codes)]])
        for number, (before, after) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
            if number:  # an ambiguous base stands before it
                yield from _end(stretch)
                stretch = None
            if after - before > 1:
                stretch = stretch or _Stretch(contig, start + before + 1, cutting)
                yield from stretch.add(codes[before + 1 : after], share)
    yield from _end(stretch)


def _end(stretch: _Stretch | None) -> Iterator[Window]:
    if stretch is not None:
        yield from stretch.end()


class _Stretch:
    """Certain bases in a row, which come in pieces, on their way to windows."""

    def __init__(self, contig: Contig, start: int, cutting: Cutting) -> None:
        self.contig, self.cutting = contig, cutting
        self.position = start + cutting.k  # of the base that the next window predicts first
        self.bases = np.empty(0, np.uint8)  # that the next token begins with
        self.tokens = np.empty(0, np.int64)  # that the next window begins with
        self.share: float | None = None

    def add(self, codes: np.ndarray, share: float | None) -> Iterator[Window]:
        """Yield the windows that are whole now."""
        k, stride, length = self.cutting
        self.share = share
        self.bases = np.concatenate([self.bases, codes])
        if len(self.bases) >= k:
            found = kmer_numbers(self.bases, k)[::stride].astype(np.int64)
            self.bases = self.bases[len(found) * stride :]
            self.tokens = np.concatenate([self.tokens, found])
        whole = max(0, (len(self.tokens) - 1) // length)
        for first in range(0, whole * length, length):
            yield self._window(self.tokens[first : first + length + 1])
        self.tokens = self.tokens[whole * length :]

    def end(self) -> Iterator[Window]:
        """Yield the last window, if a token of it can be predicted."""
        if len(self.tokens) > 1:
            yield self._window(self.tokens)

    def _window(self, tokens: np.ndarray) -> Window:
        _, stride, length = self.cutting
        padded = np.zeros(length + 1, np.int64)
        padded[: len(tokens)] = tokens
        found = Window(self.contig, self.position, len(tokens) - 1, padded, self.share)
        self.position += found.predicted * stride
        return found


def _pieces(path: Path, contigs: list[Contig]) -> Iterator[Piece]:
    """Yield the contigs of a file in pieces."""
    size = None if is_gzip(path) else max(1, path.stat().st_size)
    known = {contig.name for contig in contigs}
    lines: list[bytes] = []
    contig: Contig | None = None
    read, held, number = 0, 0, 0
    with as_lines(open_unpacked(path), str(path)) as handle:
        for number, line in enumerate(handle, start=1):
            read += len(line)
            if line.startswith(b">"):
                if contig is not None and (lines or not contig.length):
                    yield _piece(path, contig, lines, number, _share(read, size))
                contig, lines, held = _begun(path, line, number, known, contigs), [], 0
            elif contig is None:
                _require_blank(path, line, number)
            else:
                lines.append(line)
                held += len(line)
                if held >= PIECE:
                    yield _piece(path, contig, lines, number + 1, _share(read, size))
                    lines, held = [], 0
        if contig is None:
            raise ReplisomeError(f"{path}: empty, or no header ('>') in it; give a FASTA file of nucleotides.")
        if lines or not contig.length:
            yield _piece(path, contig, lines, number + 1, _share(read, size))


def _share(read: int, size: int | None) -> float | None:
    return None if size is None else min(1.0, read / size)


def _begun(path: Path, header: bytes, number: int, known: set[str], contigs: list[Contig]) -> Contig:
    name = (header[1:].decode().split() or [f"contig-{len(contigs) + 1}"])[0]
    if name in known:
        raise ReplisomeError(f"{path}, line {number}: two contigs are called '{name}'; rename one of them.")
    known.add(name)
    contigs.append(Contig(name))
    return contigs[-1]


def _require_blank(path: Path, line: bytes, number: int) -> None:
    if line.strip():
        what = line.decode().strip()[:30]
        raise ReplisomeError(
            f"{path}, line {number}: '{what}' stands before the first header; a FASTA file starts with '>'."
        )


def _piece(path: Path, contig: Contig, lines: Sequence[bytes], after: int, share: float | None) -> Piece:
    """Return lines as one piece and enter it into its contig; ``after`` is the number of the line behind the last."""
    letters = np.frombuffer(b"".join(line.translate(None, b" \t\n") for line in lines), np.uint8)
    codes = encode_dna(letters)
    if codes.max(initial=0) == INVALID:
        raise _no_nucleotide(path, contig, lines, after)
    contig.length += len(codes)
    contig.ambiguous += int(np.count_nonzero(codes == AMBIGUOUS))
    contig.lower += int(np.count_nonzero(letters >= ord("a")))
    return Piece(contig, codes, share)


def _no_nucleotide(path: Path, contig: Contig, lines: Sequence[bytes], after: int) -> ReplisomeError:
    for number, line in enumerate(lines, start=after - len(lines)):
        letters = line.translate(None, b" \t\n")
        wrong = np.flatnonzero(encode_dna(np.frombuffer(letters, np.uint8)) == INVALID)
        if len(wrong):
            letter = line.decode().replace(" ", "").replace("\t", "")[int(wrong[0])]
            return ReplisomeError(
                f"{path}, line {number}: {letter!r} in contig '{contig.name}' is no nucleotide (A, C, G, T, U, N or "
                "another IUPAC code); is this a protein file? Correct or remove the sequence."
            )
    return ReplisomeError(f"{path}: contig '{contig.name}' has a letter that is no nucleotide.")

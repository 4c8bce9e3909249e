"""FASTA, plain or gzip, to certain bases in segments: what lies between ambiguous bases and the ends of contigs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from Bio.SeqIO.FastaIO import SimpleFastaParser

from replisome.data.encode.dna import AMBIGUOUS, INVALID, PackedBases, encode_dna
from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError, did_you_mean

CHUNK = 1 << 22  # bases looked at in one go


class Segment(NamedTuple):
    """A stretch of certain bases: the number of its contig, where it starts there, and in the genome's ``bases``."""

    contig: int
    start: int
    offset: int
    length: int


class Genome(NamedTuple):
    """Contigs by name and length, the certain bases of all of them, and how they had to be read."""

    contigs: list[tuple[str, int]]
    segments: list[Segment]
    bases: PackedBases
    ambiguous: int
    lower: int
    empty: int


def read_fasta(path: Path, contigs: Sequence[str] | None = None, max_bases: int | None = None) -> Genome:
    """Read a genome; ``contigs`` are the names (first words of the headers) of those to read, ``max_bases`` a limit.

    Memory is two bits a base, and about four bytes for each base of the longest contig while that is read.

    Raises:
        ReplisomeError: not a FASTA file of nucleotides, cut off, a name given twice or not there; says where.
    """
    genome = Genome([], [], PackedBases(), 0, 0, 0)
    names: set[str] = set()
    wanted, left = None if contigs is None else set(contigs), max_bases
    with open_text(path) as handle:
        for title, sequence in SimpleFastaParser(_from_first_header(handle, path)):  # type: ignore[no-untyped-call]
            name = _name(title, len(names) + 1)
            if name in names:
                raise ReplisomeError(f"{path}: two contigs are called '{name}'; rename one of them.")
            names.add(name)
            if (wanted is None or name in wanted) and left != 0:
                genome = _add(genome, name, sequence[:left], path)
                left = None if left is None else max(0, left - len(sequence))
    for name in contigs or ():
        if name not in names:
            raise ReplisomeError(f"{path}: no contig '{name}'{did_you_mean(name, names)}")
    if not genome.contigs:
        raise ReplisomeError(f"{path}: no sequence in it; give a FASTA file of nucleotides.")
    if not len(genome.bases):
        raise ReplisomeError(f"{path}: not one certain base (A, C, G, T) in it, only ambiguous ones such as N.")
    return genome


def _name(title: str, number: int) -> str:
    """Return a contig's name: the first word of its header, or its number where there is none."""
    return (title.split() or [f"contig-{number}"])[0]


def _add(genome: Genome, name: str, sequence: str, path: Path) -> Genome:
    """Return the genome with one more contig."""
    number, ambiguous, lower = len(genome.contigs), genome.ambiguous, genome.lower
    if not sequence:
        return genome._replace(empty=genome.empty + 1)
    goes_on = False  # whether the last chunk ended within a segment
    for start in range(0, len(sequence), CHUNK):
        letters = np.frombuffer(sequence[start : start + CHUNK].encode("ascii", "replace"), np.uint8)
        codes = encode_dna(letters)
        if codes.max() == INVALID:
            raise _not_a_nucleotide(path, name, start + int(np.argmax(codes == INVALID)))
        lower += int(np.count_nonzero(letters >= ord("a")))
        uncertain = np.flatnonzero(codes == AMBIGUOUS)
        ambiguous += len(uncertain)
        # Segments run from after one uncertain base to before the next; the last one may go on in the next chunk.
        edges = np.concatenate([[-1], uncertain, [len(codes)]])
        for left in np.flatnonzero(np.diff(edges) > 1):
            first, last = int(edges[left]) + 1, int(edges[left + 1])
            if goes_on and first == 0:
                segment = genome.segments.pop()
                genome.segments.append(segment._replace(length=segment.length + last))
            else:
                genome.segments.append(Segment(number, start + first, len(genome.bases), last - first))
            genome.bases.append(codes[first:last])
        goes_on = codes[-1] != AMBIGUOUS
    genome.contigs.append((name, len(sequence)))
    return genome._replace(ambiguous=ambiguous, lower=lower)


def _from_first_header(handle: TextIO, path: Path) -> Iterable[str]:
    """Return the lines from the first header on.

    Raises:
        ReplisomeError: there is none, or something stands before it.
    """
    for number, line in enumerate(handle, start=1):
        if line.startswith(">"):
            return chain([line], handle)
        if line.strip():
            what = line.strip()[:30]
            raise ReplisomeError(
                f"{path}, line {number}: '{what}' stands before the first header; a FASTA file starts with '>'."
            )
    raise ReplisomeError(f"{path}: empty, or no header ('>') in it; give a FASTA file of nucleotides.")


def _not_a_nucleotide(path: Path, contig: str, position: int) -> ReplisomeError:
    """Return the error for a letter that is none, with its line: the file is gone through once more to find it."""
    with open_text(path) as handle:
        inside, passed, contigs = False, 0, 0
        for number, line in enumerate(handle, start=1):
            if line.startswith(">"):
                contigs += 1
                inside = _name(line[1:], contigs) == contig
                continue
            letters = line.rstrip().replace(" ", "")  # as the parser counts them
            if inside and passed + len(letters) > position:
                letter = letters[position - passed]
                return ReplisomeError(
                    f"{path}, line {number}: {letter!r} in contig '{contig}' is no nucleotide (A, C, G, T, U, N or "
                    "another IUPAC code); is this a protein file? Correct or remove the sequence."
                )
            passed += len(letters) if inside else 0
    return ReplisomeError(f"{path}: contig '{contig}' has a letter that is no nucleotide, at base {position + 1}.")

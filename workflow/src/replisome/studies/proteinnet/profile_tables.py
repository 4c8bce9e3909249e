"""Profiles in text, one chain a file: PSI-BLAST's matrices, and tables with a header."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from replisome.data.encode.aminoacids import ALPHABET, codes
from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.profiles import NUMBER, ProfiledChain, as_profile

PSI_BLAST = "Last position-specific scoring matrix"  # how the file of -out_ascii_pssm begins
ROUNDED_DOWN = 20  # percent points that PSI-BLAST's whole percentages may lack, one an amino acid


def read_psi_blast(path: Path) -> ProfiledChain:
    """Read a position-specific scoring matrix as PSI-BLAST writes it with ``-out_ascii_pssm``.

    Of its columns the weighted observed percentages are read, not the scores; each row is scaled to add up to 1, since
    they are rounded down. A row of zeros, where nothing was aligned, becomes the residue's own letter.

    Args:
        path: the file, plain or gzip; the chain is called like it, without its ending.

    Raises:
        ReplisomeError: a row is not as PSI-BLAST writes it, or there is none; the message names the line.
    """
    letters, rows, order = bytearray(), list[list[float]](), ""
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            words = line.split()
            if len(words) == 2 * len(ALPHABET) and not order:
                order = "".join(words[: len(ALPHABET)])
                if sorted(order) != sorted(ALPHABET) or words[: len(ALPHABET)] != words[len(ALPHABET) :]:
                    raise ReplisomeError(f"{path}, line {number}: names other columns than PSI-BLAST's 20 amino acids.")
            elif words[:1] and words[0].isdecimal():
                if not order:
                    raise ReplisomeError(
                        f"{path}, line {number}: no line before names 20 columns of scores and 20 of percentages, "
                        "which are read. Write the matrix anew with -out_ascii_pssm, after a search."
                    )
                rows.append(_percentages(words, len(rows) + 1, f"{path}, line {number}"))
                letters += words[1].encode()
            elif rows:
                break  # statistics follow
    if not rows:
        raise ReplisomeError(f"{path}: holds no row of a matrix; is the file cut off?")
    percent = np.array(rows)[:, [order.index(letter) for letter in ALPHABET]]
    own = codes(bytes(letters))
    empty = percent.sum(axis=1) == 0
    percent[empty, own[empty]] = 1
    frequencies = percent / percent.sum(axis=1, keepdims=True)
    return ProfiledChain(_stem(path), own, as_profile(frequencies, str(path)))


def _percentages(words: Sequence[str], expected: int, where: str) -> list[float]:
    """Return the 20 percentages of a row: position, letter, 20 scores, 20 percentages and up to two statistics."""
    numbers = words[2:]
    if not 40 <= len(numbers) <= 42 or not all(NUMBER.fullmatch(word) for word in numbers[20:40]):
        raise ReplisomeError(
            f"{where}: a row has a position, a letter, 20 scores and 20 percentages; this one has {len(words)} cells. "
            "Write the matrix anew with -out_ascii_pssm."
        )
    if int(words[0]) != expected:
        raise ReplisomeError(f"{where}: position {words[0]} where {expected} should be; was a row lost?")
    _known(words[1], where)
    percent = [float(word) for word in numbers[20:40]]
    total = sum(percent)
    if min(percent) < 0 or (total and not 100 - ROUNDED_DOWN <= total <= 101):
        raise ReplisomeError(f"{where}: the percentages add up to {total:g}, not 100 (or 0 where nothing is aligned).")
    return percent


def read_profile_table(path: Path) -> ProfiledChain:
    """Read a table of text with a row a residue, cells separated by tabs, and a header that names the columns.

    The columns are ``residue`` (its letter), one a amino acid under its letter, in any order, and optionally
    ``information``; any other is refused.

    Args:
        path: the file, plain or gzip; the chain is called like it, without its ending.

    Raises:
        ReplisomeError: a column is missing, unknown or there twice, or a cell is no number; the message names the line.
    """
    header: list[str] = []
    rows, letters = list[list[float]](), bytearray()
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            cells = line.rstrip("\n").split("\t")
            if not line.strip():
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                wanted = _columns(header, f"{path}, line {number}")
                continue
            row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            if len(cells) != len(header):
                raise ReplisomeError(f"{path}, line {number}: has {len(cells)} cells for {len(header)} columns.")
            _known(row["residue"], f"{path}, line {number}")
            for name in wanted:
                if not NUMBER.fullmatch(row[name]):
                    raise ReplisomeError(f"{path}, line {number}, column {name}: '{row[name][:20]}' is not a number.")
            letters += row["residue"].encode()
            rows.append([float(row[name]) for name in wanted])
    if not rows:
        raise ReplisomeError(f"{path}: has no row for a residue.")
    return ProfiledChain(_stem(path), codes(bytes(letters)), as_profile(np.array(rows), str(path)))


def _columns(header: list[str], where: str) -> list[str]:
    """Return the columns that are read, in the order of the alphabet; refuse a header that does not name them all."""
    known = ["residue", *ALPHABET, "information"]
    missing = [name for name in known[:-1] if name not in header]
    if missing:
        raise ReplisomeError(
            f"{where}: no column {', '.join(missing[:5])}{' and more' if missing[5:] else ''}. A profile in text has a "
            f"header: residue, the letters {ALPHABET} and, if it is there, information, separated by tabs. (Also read: "
            "ProteinNet's records, PSI-BLAST's -out_ascii_pssm, and FASTA with an .npz of profiles.)"
        )
    unknown = [name for name in header if name not in known]
    if unknown or len(set(header)) < len(header):
        said = f"unknown column '{unknown[0]}'" if unknown else "a column stands there twice"
        raise ReplisomeError(f"{where}: {said}; a profile has {', '.join(known)} and nothing else.")
    return [name for name in known[1:] if name in header]


def _known(letter: str, where: str) -> None:
    if len(letter) != 1 or letter not in ALPHABET:
        raise ReplisomeError(f"{where}: residue '{letter[:20]}' is none of the letters {ALPHABET}.")


def _stem(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).stem

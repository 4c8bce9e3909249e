"""FASTA of short sequences, a record at a time, with the line on which each begins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError


class Record(NamedTuple):
    """One sequence of a file.

    Attributes:
        name: the first word behind ``>``.
        sequence: its letters as they stand, lines joined, blanks within and around them left out.
        line: the line of its header, counted from 1.
    """

    name: str
    sequence: str
    line: int


def is_fasta(path: Path) -> bool:
    """Say whether the first line that is not blank is a FASTA header; see :func:`first_line` for what is raised."""
    return first_line(path).startswith(">")


def first_line(path: Path) -> str:
    """Return the first line of a text file, plain or gzip, that is not blank.

    Raises:
        ReplisomeError: the file cannot be read, is a folder or no text, or holds nothing.
    """
    if path.is_dir():
        raise ReplisomeError(f"{path}: is a folder; give the files in it ({path}/*).")
    with open_text(path) as handle:
        for line in handle:
            if line.strip():
                return line.rstrip("\n")
    raise ReplisomeError(f"{path}: is empty; give a file with sequences.")


def read_fasta(path: Path) -> Iterator[Record]:
    """Yield the records of a FASTA file, plain or gzip, holding one at a time.

    Raises:
        ReplisomeError: the file cannot be read, begins with something else than a header, or has a header without a
            name or without a sequence; the message names the line.
    """
    name, begun, parts = "", 0, list[str]()
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            text = line.strip()
            if not text:
                continue
            if not text.startswith(">"):
                if not begun:
                    raise ReplisomeError(
                        f"{path}, line {number}: '{text[:40]}' stands before any header; FASTA begins with >name."
                    )
                parts += text.split()
                continue
            if begun:
                yield _whole(path, name, parts, begun)
            words = text[1:].split()
            if not words:
                raise ReplisomeError(f"{path}, line {number}: a header without a name; write one behind the '>'.")
            name, begun, parts = words[0], number, []
    if not begun:
        raise ReplisomeError(f"{path}: is empty; give a file with sequences.")
    yield _whole(path, name, parts, begun)


def _whole(path: Path, name: str, parts: list[str], line: int) -> Record:
    if not parts:
        raise ReplisomeError(f"{path}, line {line}: '{name}' has no sequence; remove the header or add one.")
    return Record(name, "".join(parts), line)

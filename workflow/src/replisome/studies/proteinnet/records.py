"""ProteinNet's text records, read one at a time, each checked before it is believed.

A record has the sections [ID], [PRIMARY], [EVOLUTIONARY] (20 profile rows and the information content), [SECONDARY]
(optional, not used), [TERTIARY] (x, y and z of N, CA and C' of each residue, in picometres) and [MASK] (+ where a
residue's coordinates are known). See AlQuraishi 2019, BMC Bioinformatics 20:311, and docs/proteinnet_records.md of the
repository aqlaboratory/proteinnet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv

from replisome.data.encode.aminoacids import ALPHABET, codes
from replisome.errors import ReplisomeError, did_you_mean

CROP = 256  # residues that report C's networks see of a chain
PROFILE = 21  # rows of [EVOLUTIONARY]
ATOMS, CA = 3, 1  # backbone atoms of a residue, and which of them is the alpha carbon
PICOMETRES = 100.0  # in an angstrom
LARGEST = 1e8  # of a number in a record; that many picometres are a tenth of a millimetre
ROWS = {"ID": 1, "PRIMARY": 1, "EVOLUTIONARY": PROFILE, "SECONDARY": 1, "TERTIARY": 3, "MASK": 1}
STRUCTURE = ("TERTIARY", "MASK")


class Chain(NamedTuple):
    """A protein chain of n residues.

    ``letters`` (n,) uint8 are indices into :data:`ALPHABET`, ``profile`` is (n, 21) float32, ``ca`` (n, 3) float32 the
    alpha carbons in angstrom, ``known`` (n,) says where they are known; where not, ``ca`` is 0.
    """

    name: str
    letters: np.ndarray
    profile: np.ndarray
    ca: np.ndarray
    known: np.ndarray


class Unsolved(NamedTuple):
    """A record without [TERTIARY] and [MASK], which the format allows."""

    name: str


class _Row(NamedTuple):
    line: int
    text: bytes


def read_records(lines: Iterable[bytes], file: str) -> Iterator[Chain | Unsolved]:
    """Yield the records in ``lines``, holding one at a time; ``file`` is named in messages.

    Residues that lie at the origin exactly are unknown, whatever the mask says: that is how files write what they lack.

    Raises:
        ReplisomeError: no records, or one that is damaged; the message names file, record and line.
    """
    number, last = 0, None
    for record in _sections(lines, file):
        if last is not None:
            yield _parsed(last, file)
            number += 1
        last = record
    if last is None:
        raise ReplisomeError(f"{file}: holds no record; ProteinNet text begins with [ID].")
    if number and last.keys().isdisjoint(STRUCTURE):
        raise ReplisomeError(
            f"{file}, line {_end(last)}: record {_name(last, file)} is cut off at the end of the file; "
            "download it again. (A record without structure may stand anywhere but last.)"
        )
    yield _parsed(last, file)


def _sections(lines: Iterable[bytes], file: str) -> Iterator[dict[str, list[_Row]]]:
    """Yield each record as its sections; the key is the section's name, the first row its header."""
    record: dict[str, list[_Row]] = {}
    rows: list[_Row] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if text.startswith(b"["):
            name = text.strip(b"[]").decode(errors="replace")
            if name not in ROWS:
                near, own = did_you_mean(name, ROWS), f"record {_name(record, file)} has an " if record else ""
                raise ReplisomeError(f"{file}, line {number}: {own}unknown section [{name[:40]}]{near}")
            if name == "ID" and record:
                yield record
                record = {}
            elif name != "ID" and "ID" not in record:
                raise ReplisomeError(f"{file}, line {number}: section [{name}] stands before any [ID].")
            if name in record:
                raise ReplisomeError(
                    f"{file}, line {number}: record {_name(record, file)} has a second section [{name}]; "
                    "was an [ID] lost?"
                )
            record[name] = rows = [_Row(number, text)]
        elif not record:
            begin = text[:40].decode(errors="replace")
            raise ReplisomeError(f"{file}, line {number}: '{begin}' where [ID] should be; is this ProteinNet text?")
        else:
            rows.append(_Row(number, text))
    if record:
        yield record


def _parsed(record: Mapping[str, list[_Row]], file: str) -> Chain | Unsolved:
    """Check a record and turn it into arrays."""
    name = _name(record, file)
    solved = not record.keys().isdisjoint(STRUCTURE)
    for section in ("PRIMARY", "EVOLUTIONARY", *(STRUCTURE if solved else ())):
        if section not in record:
            raise ReplisomeError(f"{file}, line {_end(record)}: record {name} is cut off: it has no [{section}].")
    for section, (header, *rows) in record.items():
        if len(rows) != ROWS[section]:
            raise ReplisomeError(
                f"{file}, line {header.line}: record {name}, section [{section}] has {len(rows)} rows instead of "
                f"{ROWS[section]}; is the record cut off?"
            )
    at = f"record {name}"
    primary = record["PRIMARY"][1]
    length = len(primary.text)
    letters = codes(primary.text)
    if (letters == len(ALPHABET)).any():
        position = int(np.argmax(letters == len(ALPHABET)))
        raise ReplisomeError(
            f"{file}, line {primary.line}: {at}, residue {position + 1}: '{chr(primary.text[position])}' is none of "
            f"the letters {ALPHABET}."
        )
    profile = _numbers(record["EVOLUTIONARY"][1:], length, file, at)
    if not solved:
        return Unsolved(name)
    atoms = _numbers(record["TERTIARY"][1:], ATOMS * length, file, at)
    mask = record["MASK"][1]
    known = np.frombuffer(mask.text, np.uint8) == ord("+")
    if len(known) != length:
        raise ReplisomeError(
            f"{file}, line {mask.line}: {at} has a mask of {len(known)} residues for a sequence of {length}."
        )
    if (~known & (np.frombuffer(mask.text, np.uint8) != ord("-"))).any():
        raise ReplisomeError(f"{file}, line {mask.line}: {at} has a mask with other letters than + and -.")
    ca = (atoms[:, CA::ATOMS].T / PICOMETRES).astype(np.float32)
    known = known & ca.any(axis=1)
    return Chain(name, letters, profile.T.astype(np.float32), np.where(known[:, None], ca, 0).astype(np.float32), known)


def _name(record: Mapping[str, list[_Row]], file: str) -> str:
    header, *rows = record["ID"]
    if not rows:
        raise ReplisomeError(f"{file}, line {header.line}: a record without a name under [ID].")
    return rows[0].text.decode(errors="replace")


def _end(record: Mapping[str, list[_Row]]) -> int:
    return max(rows[-1].line for rows in record.values())


def _numbers(rows: list[_Row], length: int, file: str, at: str) -> np.ndarray:
    """Return rows of numbers as an array (rows, length) float64.

    Read by Arrow's CSV reader, one number a line: a quarter of the time of ``float`` or of numpy's text readers.
    """
    words: list[bytes] = []
    for row in rows:
        own = row.text.split()
        if len(own) != length:
            raise ReplisomeError(f"{file}, line {row.line}: {at} has a row of {len(own)} numbers instead of {length}.")
        words += own
    try:
        table = csv.read_csv(
            pa.BufferReader(b"\n".join(words)),
            read_options=csv.ReadOptions(column_names=["number"], use_threads=False),
            parse_options=csv.ParseOptions(quote_char=False),
            convert_options=csv.ConvertOptions(column_types={"number": pa.float64()}, null_values=[]),
        )
        values: np.ndarray = table.column("number").to_numpy().reshape(len(rows), length)
    except (pa.ArrowInvalid, ValueError):
        values = np.full((len(rows), length), np.nan)
    if not (np.abs(values) < LARGEST).all():  # nor where one is not a number
        raise ReplisomeError(_not_a_number(rows, file, at))
    return values


def _not_a_number(rows: list[_Row], file: str, at: str) -> str:
    """Return the message for rows of which something is not a finite number."""
    for row in rows:
        for column, text in enumerate(row.text.split(), start=1):
            begin = text[:40].decode(errors="replace")
            try:
                fine = b"_" not in text and abs(float(text)) < LARGEST
            except ValueError:
                fine = False
            if not fine:
                return (
                    f"{file}, line {row.line}: {at}, number {column} of the row is '{begin}', not a finite number "
                    f"below {LARGEST:.0e}."
                )
    return f"{file}, line {rows[0].line}: {at} has rows that cannot be read as numbers."

"""ProteinNet's text records, read one at a time, each checked before it is believed.

A record has the sections [ID], [PRIMARY], [EVOLUTIONARY] (20 profile rows and the information content), [SECONDARY]
(optional, not used), [TERTIARY] (x, y and z of N, CA and C' of each residue, in picometres) and [MASK] (+ where a
residue's coordinates are known). Sections that other tools add, such as [RAMA] and [CHI] of proteinnetpy, are passed
over. See AlQuraishi 2019, BMC Bioinformatics 20:311, and docs/proteinnet_records.md of the repository
aqlaboratory/proteinnet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv

from replisome.data.encode.aminoacids import ALPHABET, codes
from replisome.data.text_files import as_lines
from replisome.errors import ReplisomeError

CROP = 256  # residues that report C's networks see of a chain
PROFILE = 21  # rows of [EVOLUTIONARY]
ATOMS, CA = 3, 1  # backbone atoms of a residue, and which of them is the alpha carbon
PICOMETRES = 100.0  # in an angstrom
LARGEST = 1e8  # of a number in a record; that many picometres are a tenth of a millimetre
ROWS = {"ID": 1, "PRIMARY": 1, "EVOLUTIONARY": PROFILE, "SECONDARY": 1, "TERTIARY": 3, "MASK": 1}
STRUCTURE = ("TERTIARY", "MASK")
HEADER = re.compile(rb"\[([A-Za-z][\w .-]*)\]")
MISSPELT = 0.7  # similarity of a section's name to one that is missing; that of RAMA_MASK to MASK is 0.62
# Neighbouring alpha carbons are 3.8 angstrom apart, 2.9 where the bond between them is cis. The median over a chain
# with gaps is near that too, so that another unit, or another order of atoms, shows; of a few steps it may not be.
STEP, FEWEST_STEPS = (2.0, 6.0), 5
OTHER_UNITS = {"angstrom": 100, "nanometres": 1000}  # picometres in one of them


class Chain(NamedTuple):
    """A protein chain of n residues.

    ``letters`` (n,) uint8 are indices into :data:`ALPHABET`, ``profile`` is (n, 21) float32, ``ca`` (n, 3) float32 the
    alpha carbons in angstrom, ``known`` (n,) says where they are known; where not, ``ca`` is 0. ``extra`` are the names
    of sections that were passed over.
    """

    name: str
    letters: np.ndarray
    profile: np.ndarray
    ca: np.ndarray
    known: np.ndarray
    extra: tuple[str, ...] = ()


class Unsolved(NamedTuple):
    """A record without [TERTIARY] and [MASK], which the format allows; ``extra`` as for a chain."""

    name: str
    extra: tuple[str, ...] = ()


class _Row(NamedTuple):
    line: int
    text: bytes


class _Record(NamedTuple):
    """Sections by name, each with its header as first row, and the headers of those that are passed over."""

    sections: dict[str, list[_Row]]
    extra: list[_Row]


def read_records(content: IO[bytes], file: str, whole: bool = True) -> Iterator[Chain | Unsolved]:
    """Yield the records in a text, holding one at a time.

    Residues that lie at the origin exactly are unknown, whatever the mask says: that is how files write what they lack.

    Args:
        content: the unpacked bytes of the text; closed at its end.
        file: its name in messages.
        whole: whether the end of ``content`` is known to be that of the text, as it is where gzip's own checks have
            passed or an archive has told the length. If not, a last record without structure could be a cut.

    Raises:
        ReplisomeError: no records, one that is damaged, or coordinates in another unit than picometres; the message
            names file, record and line.
    """
    number, last = 0, None
    for record in _records(content, file):
        if last is not None:
            yield _parsed(last, file)
            number += 1
        last = record
    if last is None:
        raise ReplisomeError(f"{file}: holds no record; ProteinNet text begins with [ID].")
    if number and not whole and last.sections.keys().isdisjoint(STRUCTURE):
        at = f"{file}, line {_end(last.sections)}: record {_name(last.sections, file)}"
        raise ReplisomeError(
            f"{at} is the last and has no structure: "
            "the file may be cut off. Download it again; if it is meant to end so, pack it with gzip, which shows cuts."
        )
    yield _parsed(last, file)


def _records(content: IO[bytes], file: str) -> Iterator[_Record]:
    """Yield each record, divided into its sections."""
    record = _Record({}, [])
    rows: list[_Row] | None = None  # of the section at hand, where it is not passed over
    with as_lines(content, file) as lines:
        for number, line in enumerate(lines, start=1):
            text = line.strip()
            if not text:
                continue
            if header := HEADER.fullmatch(text):
                name = header[1].decode()
                if name == "ID" and record.sections:
                    yield record
                    record = _Record({}, [])
                elif name != "ID" and not record.sections:
                    raise ReplisomeError(f"{file}, line {number}: section [{name}] stands before any [ID].")
                if name in record.sections:
                    raise ReplisomeError(
                        f"{file}, line {number}: record {_name(record.sections, file)} has a second section [{name}]; "
                        "was an [ID] lost?"
                    )
                rows = [_Row(number, text)] if name in ROWS else None
                if rows is None:
                    record.extra.append(_Row(number, header[1]))
                else:
                    record.sections[name] = rows
            elif not record.sections:
                begin = text[:40].decode(errors="replace")
                raise ReplisomeError(f"{file}, line {number}: '{begin}' where [ID] should be; is this ProteinNet text?")
            elif rows is not None:
                rows.append(_Row(number, text))
    if record.sections:
        yield record


def _parsed(whole: _Record, file: str) -> Chain | Unsolved:
    """Check a record and turn it into arrays."""
    record = whole.sections
    name = _name(record, file)
    solved = not record.keys().isdisjoint(STRUCTURE)
    extra = tuple(row.text.decode() for row in whole.extra)
    for section in ("PRIMARY", "EVOLUTIONARY", *STRUCTURE):
        if section in record:
            continue
        if near := get_close_matches(section, [other.upper() for other in extra], n=1, cutoff=MISSPELT):
            line, text = next(row for row in whole.extra if row.text.decode().upper() == near[0])
            raise ReplisomeError(
                f"{file}, line {line}: record {name} has an unknown section [{text.decode()}]; did you mean "
                f"'{section}'?"
            )
        if solved or section not in STRUCTURE:
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
        return Unsolved(name, extra)
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
    _check_unit(ca, known, f"{file}, line {record['TERTIARY'][0].line}: {at}")
    ca = np.where(known[:, None], ca, 0).astype(np.float32)
    return Chain(name, letters, profile.T.astype(np.float32), ca, known, extra)


def _check_unit(ca: np.ndarray, known: np.ndarray, at: str) -> None:
    """Refuse alpha carbons (n, 3), in angstrom, whose neighbours are not as far apart as in a protein."""
    steps = np.linalg.norm(np.diff(ca, axis=0), axis=1)[known[1:] & known[:-1]]
    median = float(np.median(steps)) if len(steps) >= FEWEST_STEPS else None
    if median is None or STEP[0] <= median <= STEP[1]:
        return
    unit = next((name for name, times in OTHER_UNITS.items() if STEP[0] <= median * times <= STEP[1]), None)
    remedy = (
        f"they seem to be in {unit}: multiply them by {OTHER_UNITS[unit]}"
        if unit
        else "correct the unit or the order of atoms (N, CA, C'), or remove the record"
    )
    raise ReplisomeError(
        f"{at}: neighbouring alpha carbons are {median:.3g} angstrom apart (median), not 3.8, if coordinates are in "
        f"picometres as ProteinNet's are; {remedy}."
    )


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

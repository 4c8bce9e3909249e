"""A user's own chains: ProteinNet's records, PSI-BLAST's matrices, profiles in text, and FASTA with profiles in .npz.

Only sequence and profile are read. Records need no structure, and what they say of one is not looked at: most chains
that somebody asks about have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from replisome.data.encode.aminoacids import ALPHABET, codes
from replisome.data.fasta_records import first_line, read_fasta
from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.profile_arrays import ProfileArrays
from replisome.studies.proteinnet.profile_tables import PSI_BLAST, read_profile_table, read_psi_blast
from replisome.studies.proteinnet.profiles import NUMBER, ProfiledChain
from replisome.studies.proteinnet.records import HEADER, LARGEST, PROFILE

READ = {"PRIMARY": 1, "EVOLUTIONARY": PROFILE}  # sections that are read, and how many lines each has
ARRAYS = ".npz"


def read_chains(paths: Sequence[Path]) -> Iterator[ProfiledChain]:
    """Yield the chains of files, holding one at a time; what each file is shows in its first line.

    Args:
        paths: ProteinNet's records, PSI-BLAST's matrices, profiles in text, and FASTA; each plain or gzip. Beside FASTA
            there are .npz files, of which one has for each chain an array of its name, as :func:`as_profile` takes it.

    Raises:
        ReplisomeError: a file is none of these or is damaged, a chain has no profile or one of another length, a
            profile belongs to no chain, or two chains have one name.
    """
    seen: dict[str, Path] = {}
    with ProfileArrays([path for path in paths if path.suffix == ARRAYS]) as profiles:
        for path in paths:
            if path.suffix == ARRAYS:
                continue
            for chain in _chains(path, profiles):
                if chain.name in seen:
                    raise ReplisomeError(
                        f"{path}: a second chain '{chain.name}', after that of {seen[chain.name]}; maps are stored by "
                        "name, so give each another."
                    )
                if len(chain.letters) < 2:
                    raise ReplisomeError(f"{path}: chain '{chain.name}' has one residue, and no distance; remove it.")
                seen[chain.name] = path
                yield chain
        profiles.require_all_read()


def _chains(path: Path, profiles: ProfileArrays) -> Iterator[ProfiledChain]:
    begin = first_line(path)
    if begin.startswith(">"):
        for record in read_fasta(path):
            capitals = record.sequence.encode().upper().decode()  # of ASCII alone: of others it could make two letters
            letters = _letters(capitals, f"{path}, line {record.line}: chain '{record.name}'")
            yield ProfiledChain(record.name, letters, profiles.of(record.name, len(letters), path))
    elif HEADER.fullmatch(begin.strip().encode()):
        yield from _records(path)
    elif begin.startswith(PSI_BLAST):
        yield read_psi_blast(path)
    else:
        yield read_profile_table(path)


def _letters(sequence: str, where: str) -> np.ndarray:
    """Return the codes (n,) of a sequence of the 20 amino acids."""
    found = codes(sequence.encode())
    if (found == len(ALPHABET)).any():
        place = int(np.argmax(found == len(ALPHABET)))
        raise ReplisomeError(
            f"{where}, residue {place + 1}: '{sequence[place]}' is none of the letters {ALPHABET}; the run knows no "
            "other residue."
        )
    return found


# ---- ProteinNet's records


class _Section(NamedTuple):
    line: int
    rows: list[tuple[int, str]]


def _records(path: Path) -> Iterator[ProfiledChain]:
    """Yield the chains of ProteinNet's text; see :mod:`replisome.studies.proteinnet.records` for the format."""
    sections: dict[str, _Section] = {}
    with open_text(path) as handle:
        name = ""
        for number, line in enumerate(handle, start=1):
            text = line.strip()
            if header := HEADER.fullmatch(text.encode()):
                name = header[1].decode()
                if name == "ID" and sections:
                    yield _parsed(sections, path)
                    sections = {}
                elif name in sections or (name != "ID" and not sections):
                    raise ReplisomeError(f"{path}, line {number}: section [{name}] without an [ID] of its own before.")
                sections[name] = _Section(number, [])
            elif text and (name == "ID" or name in READ):
                sections[name].rows.append((number, text))
    yield _parsed(sections, path)


def _parsed(sections: dict[str, _Section], path: Path) -> ProfiledChain:
    begin, names = sections["ID"]
    if not names:
        raise ReplisomeError(f"{path}, line {begin}: a record without a name under [ID].")
    name = names[0][1]
    for section, rows in READ.items():
        found = sections.get(section)
        if found is None or len(found.rows) != rows:
            has = "it is missing" if found is None else f"it has {len(found.rows)}"
            raise ReplisomeError(
                f"{path}, line {found.line if found else begin}: record {name}: section [{section}] has {rows} "
                f"row{'s' * (rows > 1)}, but here {has}; is the record cut off?"
            )
    line, sequence = sections["PRIMARY"].rows[0]
    letters = _letters(sequence, f"{path}, line {line}: record {name}")
    profile = np.empty((PROFILE, len(letters)))
    for row, (line, text) in enumerate(sections["EVOLUTIONARY"].rows):
        words = text.split()
        wrong = next((word for word in words if not NUMBER.fullmatch(word)), None)
        at = f"{path}, line {line}: record {name}"
        if wrong is not None:
            raise ReplisomeError(f"{at} has '{wrong[:20]}' in a row of its profile, which is not a number.")
        if len(words) != len(letters):
            raise ReplisomeError(f"{at} has a row of {len(words)} numbers, for a sequence of {len(letters)} residues.")
        profile[row] = np.array(words, np.float64)
        if not (np.abs(profile[row]) < LARGEST).all():
            raise ReplisomeError(f"{at} has a row with a number of {LARGEST:.0e} or more in its profile.")
    return ProfiledChain(name, letters, profile.T.astype(np.float32))

"""A user's own RNAs: FASTA, or text with one sequence a line, checked against what the probes of a run look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from replisome.data.fasta_records import is_fasta, read_fasta
from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete.probe_faults import SHORTEST
from replisome.studies.rnacompete.probes import WIDTH

LETTERS = "ACGU"
AMBIGUOUS = "NRYKMSWBDHV"  # IUPAC's letters for more than one base: the study reads each as unknown
_FOREIGN = re.compile(f"[^{LETTERS}T{AMBIGUOUS}]", re.IGNORECASE | re.ASCII)
SHOWN = 41  # letters of a line that a message shows


class RNA(NamedTuple):
    """One sequence: ``name`` as the file has it, ``letters`` in capitals with U for T, IUPAC's other letters as N."""

    name: str
    letters: str


def read_rnas(path: Path) -> Iterator[RNA]:
    """Yield the RNAs of a file, plain or gzip, holding one at a time.

    A file that begins with ``>`` is FASTA. Any other has a sequence a line, or a name, a tab and a sequence; without
    names they are called ``line 1``, ``line 2`` and so on, by their lines.

    Raises:
        ReplisomeError: the file is empty or no text, a sequence holds something else than bases, or is longer than the
            probes (41) or shorter than a motif (10); the message names file, line and remedy.
    """
    if is_fasta(path):
        for record in read_fasta(path):
            yield RNA(record.name, _checked(record.sequence, f"{path}, line {record.line}: '{record.name}'"))
        return
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            cells = [cell.strip() for cell in line.strip("\n").split("\t")]
            if not any(cells):
                continue
            if len(cells) > 2 or not all(cells):
                raise ReplisomeError(
                    f"{path}, line {number}: '{line.strip()[:SHOWN]}' is neither a sequence nor a name, a tab and a "
                    "sequence; write one of these a line, or FASTA."
                )
            yield RNA(cells[0] if len(cells) == 2 else f"line {number}", _checked(cells[-1], f"{path}, line {number}"))


def _checked(sequence: str, where: str) -> str:
    """Return a sequence in the study's letters, or refuse it; ``where`` opens the message."""
    if foreign := _FOREIGN.search(sequence):
        raise ReplisomeError(
            f"{where}: base {foreign.start() + 1} is '{foreign[0]}'; an RNA has the letters {LETTERS} (or T for U, and "
            f"N or another of IUPAC's {AMBIGUOUS} for a base that is not known)."
        )
    if len(sequence) > WIDTH:
        raise ReplisomeError(
            f"{where} has {len(sequence)} bases; the run was trained on probes of at most {WIDTH}. Cut out the "
            f"stretches of {WIDTH} that you ask about."
        )
    if len(sequence) < SHORTEST:
        raise ReplisomeError(f"{where} has {len(sequence)} bases; at least {SHORTEST} are needed to hold a motif.")
    return re.sub(f"[{AMBIGUOUS}]", "N", sequence.upper().replace("T", "U"))

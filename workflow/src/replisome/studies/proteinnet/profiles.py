"""The profile of a chain: what the 21 columns are that ProteinNet has of each residue, and whether a table is one.

ProteinNet's profile is, by residue, the frequencies of the 20 amino acids in the order of the alphabet, and their
information content, 1 - H / log2(20), where H is their entropy in bits: 1 where one amino acid stands alone, 0 where
all are equally frequent. (Read off its own records, which say it to their rounding.) Where nothing is aligned to a
residue its own letter has frequency 1.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from replisome.data.encode.aminoacids import ALPHABET
from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.records import PROFILE

ROUNDED = 1e-6  # above 1, of a share in single precision
SUM_OFF = 0.05  # by which rounded frequencies may miss 1
CONTENT_OFF = 0.05  # by which information content may miss that of the frequencies; native records miss it by 0.04
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class ProfiledChain(NamedTuple):
    """A protein chain of n residues to predict.

    Attributes:
        name: as the file has it.
        letters: indices into the alphabet (n,), uint8.
        profile: profile and information content (n, 21), float32.
    """

    name: str
    letters: np.ndarray
    profile: np.ndarray


def information_content(frequencies: np.ndarray) -> np.ndarray:
    """Return the information content (n,), 0 to 1, of frequencies (n, 20), as ProteinNet has it."""
    share = frequencies / frequencies.sum(axis=1, keepdims=True)
    entropy = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1)
    content: np.ndarray = 1 - entropy / math.log2(len(ALPHABET))
    return content


def as_profile(values: np.ndarray, where: str) -> np.ndarray:
    """Return the 21 columns (n, 21), float32, of a table of numbers.

    Args:
        values: (n, 20), the frequencies of the amino acids in the order of the alphabet, or (n, 21) with the
            information content of each residue last.
        where: opens the message.

    Raises:
        ReplisomeError: the table has another number of columns, or its values are no frequencies.
    """
    if values.ndim != 2 or values.shape[1] not in (PROFILE - 1, PROFILE):
        turned = values.ndim == 2 and values.shape[0] in (PROFILE - 1, PROFILE)
        raise ReplisomeError(
            f"{where}: has the shape {' x '.join(map(str, values.shape))}; a profile has a row a residue and 20 "
            f"columns, the frequencies in the order {ALPHABET}, or 21 with the information content last"
            f"{'; transpose it' if turned else ''}."
        )
    values = values.astype(np.float64)
    shares = (values >= 0) & (values <= 1 + ROUNDED)  # of what is not a number neither holds
    if not shares.all():
        row = int(np.argmin(shares.all(axis=1)))
        raise ReplisomeError(
            f"{where}, residue {row + 1}: has values outside 0 to 1; a profile has frequencies, not scores or "
            "percentages (of PSI-BLAST give the file of -out_ascii_pssm, which has both)."
        )
    frequencies = values[:, : PROFILE - 1]
    sums = frequencies.sum(axis=1)
    if not (sums > 0).all():
        raise ReplisomeError(f"{where}, residue {int(np.argmin(sums)) + 1}: has no frequency above 0.")
    content = information_content(frequencies)
    if values.shape[1] == PROFILE:  # taken as it is: a run may have been trained on rows that are scaled otherwise
        off = np.abs(values[:, -1] - content)
        if off.max() > CONTENT_OFF:
            row = int(off.argmax())
            raise ReplisomeError(
                f"{where}, residue {row + 1}: the last column is {values[row, -1]:.3f}, but the information content of "
                f"the other 20 is {content[row]:.3f} (1 - entropy / log2 20); leave the column out to have it computed."
            )
        return values.astype(np.float32)
    if (np.abs(sums - 1) > SUM_OFF).any():
        row = int(np.abs(sums - 1).argmax())
        raise ReplisomeError(
            f"{where}, residue {row + 1}: the frequencies add up to {sums[row]:.3f}, not 1. (Rows that are scaled "
            "otherwise, as those of the stand-in are, need the 21st column.)"
        )
    return np.column_stack([frequencies, content]).astype(np.float32)

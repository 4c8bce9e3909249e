"""RNA sequences as small integers, one a base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ALPHABET = "ACGU"
UNKNOWN = len(ALPHABET)  # any other letter
PADDING = UNKNOWN + 1

_CODES = np.full(256, UNKNOWN, np.uint8)
for _code, _letter in enumerate(ALPHABET):
    _CODES[[ord(_letter), ord(_letter.lower())]] = _code
_CODES[[ord("T"), ord("t")]] = ALPHABET.index("U")  # DNA letters
_CODES[0] = PADDING  # what NumPy fills fixed-width text with


class Encoded(NamedTuple):
    """Base codes (n, width) uint8, and how many sequences had to be read with leave.

    ``lower``: had lower-case letters; ``thymine``: had T, read as U; ``unknown``: had letters other than A, C, G, U, T;
    ``truncated``: longer than the width, cut at the right.
    """

    codes: np.ndarray
    lower: int
    thymine: int
    unknown: int
    truncated: int


def encode_bases(sequences: Sequence[str], width: int) -> Encoded:
    """Return the codes of sequences, cut or padded on the right to ``width``: A, C, G, U = 0..3."""
    text = np.array([sequence[:width].encode("ascii", "replace") for sequence in sequences], dtype=f"S{width}")
    shown = text.view(np.uint8).reshape(len(text), width)
    codes = _CODES[shown]

    def rows(mask: np.ndarray) -> int:
        return int(mask.any(axis=1).sum())

    return Encoded(
        codes,
        lower=rows((shown >= ord("a")) & (shown <= ord("z"))),
        thymine=rows((shown == ord("T")) | (shown == ord("t"))),
        unknown=rows(codes == UNKNOWN),
        truncated=sum(len(sequence) > width for sequence in sequences),
    )


def decode_bases(codes: np.ndarray) -> list[str]:
    """Return the sequences of codes (n, width), padding left out and unknown bases as N."""
    letters = np.frombuffer(f"{ALPHABET}N".encode(), np.uint8)
    return [letters[row[row != PADDING]].tobytes().decode() for row in codes]

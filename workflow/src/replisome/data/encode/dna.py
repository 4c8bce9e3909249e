"""DNA as small integers, one a base, and four of them to the byte where there are billions."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

ALPHABET = "ACGT"
AMBIGUOUS = len(ALPHABET)  # N and the other IUPAC codes for more than one base
INVALID = AMBIGUOUS + 1  # no nucleotide at all

_CODES = np.full(256, INVALID, np.uint8)
for _letter in "NRYKMSWBDHV":
    _CODES[[ord(_letter), ord(_letter.lower())]] = AMBIGUOUS
for _code, _letter in enumerate(ALPHABET):
    _CODES[[ord(_letter), ord(_letter.lower())]] = _code
_CODES[[ord("U"), ord("u")]] = ALPHABET.index("T")  # RNA letters
_UNPACKED = (np.arange(256)[:, None] >> np.array([6, 4, 2, 0]) & 3).astype(np.uint8)


def encode_dna(letters: np.ndarray) -> np.ndarray:
    """Return the codes (n,) uint8 of ASCII letters (n,) uint8: A, C, G, T = 0..3 in either case, U as T."""
    return np.take(_CODES, letters)


def reverse_complement(codes: np.ndarray) -> np.ndarray:
    """Return the other strand of base codes (..., n) in reading order."""
    return (3 - codes)[..., ::-1]


class PackedBases:
    """Certain bases (codes 0..3), two bits each: a genome of three gigabases takes 750 MB."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        self._starts: list[int] = []
        self._rest = np.empty(0, np.uint8)  # fewer than four bases that do not fill a byte yet
        self._packed = 0

    def __len__(self) -> int:
        return self._packed + len(self._rest)

    def append(self, codes: np.ndarray) -> None:
        """Add bases (n,) uint8 at the end."""
        codes = np.concatenate([self._rest, codes])
        whole = len(codes) // 4 * 4
        quads = codes[:whole].reshape(-1, 4)
        packed = quads[:, 0] << np.uint8(6)
        for place, shift in ((1, 4), (2, 2), (3, 0)):
            packed |= quads[:, place] << np.uint8(shift)
        self._parts.append(packed)
        self._starts.append(self._packed)
        self._packed += whole
        self._rest = codes[whole:].copy()

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return the bases from ``start`` to before ``stop``, (stop - start,) uint8."""
        found = []
        part = max(0, bisect_right(self._starts, start) - 1)
        at = start
        while at < min(stop, self._packed):
            begin = self._starts[part]
            end = min(stop, begin + 4 * len(self._parts[part]))
            if end > at:
                quads = self._parts[part][(at - begin) // 4 : -(-(end - begin) // 4)]
                bases = np.take(_UNPACKED, quads, axis=0).reshape(-1)
                found.append(bases[(at - begin) % 4 :][: end - at])
                at = end
            part += 1
        if stop > self._packed:
            found.append(self._rest[max(0, at - self._packed) : stop - self._packed])
        return np.concatenate(found) if found else np.empty(0, np.uint8)

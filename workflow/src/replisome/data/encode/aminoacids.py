"""Amino acids by letter, in alphabetical order as ProteinNet's profiles have them."""

from __future__ import annotations

import numpy as np

ALPHABET = "ACDEFGHIKLMNPQRSTVWY"
_CODES = np.full(256, len(ALPHABET), np.uint8)
_CODES[np.frombuffer(ALPHABET.encode(), np.uint8)] = np.arange(len(ALPHABET))


def codes(sequence: bytes) -> np.ndarray:
    """Return the places (n,) uint8 of letters in :data:`ALPHABET`, 20 for what is none of them."""
    found: np.ndarray = _CODES[np.frombuffer(sequence, np.uint8)]
    return found

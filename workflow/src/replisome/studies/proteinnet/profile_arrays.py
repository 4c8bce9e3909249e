"""Profiles in .npz files, an array a chain, for chains whose letters stand in FASTA."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np

from replisome.data.encode.aminoacids import ALPHABET
from replisome.errors import ReplisomeError, did_you_mean
from replisome.studies.proteinnet.profiles import as_profile


class ProfileArrays:
    """The arrays of .npz files, by chain."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Open files; those of which something is wrong are refused.

        Raises:
            ReplisomeError: a file is no .npz or holds no array, or two have a profile of the same chain.
        """
        self._of: dict[str, tuple[Path, np.lib.npyio.NpzFile]] = {}
        with ExitStack() as stack:
            for path in paths:
                arrays = stack.enter_context(_open(path))
                for name in arrays.files:
                    if name in self._of:
                        raise ReplisomeError(
                            f"{path}: has a profile of '{name}', as {self._of[name][0]} has; remove one."
                        )
                    self._of[name] = path, arrays
            self._files = stack.pop_all()
        self._unread = set(self._of)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def of(self, name: str, length: int, fasta: Path) -> np.ndarray:
        """Return the profile (length, 21) of a chain."""
        if name not in self._of:
            if not self._of:
                raise ReplisomeError(
                    f"{fasta}: has sequences alone, and the run reads a profile of each residue too. Give with it an "
                    f".npz of profiles by chain (residues x 20 frequencies in the order {ALPHABET}), or give "
                    "ProteinNet's records, or PSI-BLAST's matrices (-out_ascii_pssm) in place of both."
                )
            raise ReplisomeError(f"{fasta}: no profile of '{name}' in the .npz{did_you_mean(name, self._of)}")
        path, arrays = self._of[name]
        where = f"{path}, array '{name}'"
        try:
            values = arrays[name]
        except (ValueError, zipfile.BadZipFile, EOFError, OSError):
            raise ReplisomeError(f"{where}: is damaged, or holds Python objects; write it anew.") from None
        if values.dtype.kind not in "fiu":
            raise ReplisomeError(f"{where}: holds {values.dtype}, not numbers.")
        profile = as_profile(values, where)
        if len(profile) != length:
            raise ReplisomeError(f"{where}: has {len(profile)} residues; the chain in {fasta} has {length}.")
        self._unread.discard(name)
        return profile

    def require_all_read(self) -> None:
        """Refuse profiles that no chain of the FASTA files asked for: a name may be misspelt."""
        if self._unread:
            name = min(self._unread)
            raise ReplisomeError(
                f"{self._of[name][0]}: '{name}' is the name of no chain in FASTA; give the FASTA file with the "
                "sequences too, or remove the array."
            )


def _open(path: Path) -> np.lib.npyio.NpzFile:
    """Open an .npz of profiles."""
    try:
        found = np.load(path, allow_pickle=False)
    except (ValueError, zipfile.BadZipFile, EOFError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "damaged or no .npz file"
        raise ReplisomeError(f"{path}: cannot be read: {why}; write it with numpy.savez.") from None
    if not isinstance(found, np.lib.npyio.NpzFile):
        raise ReplisomeError(f"{path}: holds one array without a name; write it with numpy.savez, by chain.")
    if not found.files:
        raise ReplisomeError(f"{path}: holds no array; write profiles by chain with numpy.savez.")
    return found

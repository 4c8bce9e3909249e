"""MedMNIST's npz files, read in batches: at 224 pixels one holds gigabytes, and memory never depends on its size."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, NamedTuple, Protocol

import numpy as np

from replisome.data.raw_files import MOST_DEFLATED
from replisome.errors import ReplisomeError

BATCH_BYTES = 1 << 22  # of images that are in memory at a time; as Parquet is written some ten times as much
ZIP, NPY = b"PK", b"\x93NUMPY"  # how files of these kinds begin
DEFLATES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class Pixels(Protocol):
    """Images (n, height, width, channels) that are read in batches."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (n, height, width, channels)."""
        ...

    def batches(self) -> Iterator[np.ndarray]:
        """Yield all images in order, (batch, height, width, channels), a batch at a time."""
        ...


class Held(NamedTuple):
    """Images (n, height, width, channels) that are in memory as a whole."""

    images: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (n, height, width, channels)."""
        return self.images.shape

    def batches(self) -> Iterator[np.ndarray]:
        """Yield all images in order."""
        size = batch_size(self.shape)
        for start in range(0, len(self.images), size):
            yield self.images[start : start + size]


class Member(NamedTuple):
    """An array in an npz file, of which so far only the header is read.

    Attributes:
        path: the npz file.
        name: the array's file in it.
        shape: of the array.
        dtype: of the array.
        fortran: whether the first index varies fastest, so that an item's values do not stand together.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool

    def batches(self) -> Iterator[np.ndarray]:
        """Yield the array in pieces along its first axis.

        Raises:
            ReplisomeError: the file is cut off or damaged.
        """
        if self.fortran:
            yield from Held(self.array()).batches()
            return
        width = prod(self.shape[1:])
        with _open(self.path) as archive, archive.open(self.name) as handle:
            _header(handle, self.path, self.name)
            for start in range(0, self.shape[0], batch_size(self.shape)):
                count = min(batch_size(self.shape), self.shape[0] - start)
                yield self._read(handle, count * width).reshape(count, *self.shape[1:])
            handle.read(1)  # at its end the archive compares the checksum

    def array(self) -> np.ndarray:
        """Return the array as a whole.

        Raises:
            ReplisomeError: the file is cut off or damaged.
        """
        with _open(self.path) as archive, archive.open(self.name) as handle:
            _header(handle, self.path, self.name)
            values = self._read(handle, prod(self.shape))
            handle.read(1)
        return values.reshape(self.shape, order="F" if self.fortran else "C")

    def _read(self, handle: IO[bytes], count: int) -> np.ndarray:
        data = handle.read(count * self.dtype.itemsize)
        if len(data) < count * self.dtype.itemsize:
            raise EOFError("an array ends early")
        return np.frombuffer(data, self.dtype)


class Grey(NamedTuple):
    """Images (n, height, width) as images of one channel."""

    images: Member

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (n, height, width, 1)."""
        return (*self.images.shape, 1)

    def batches(self) -> Iterator[np.ndarray]:
        """Yield all images in order."""
        return (batch[..., None] for batch in self.images.batches())


def batch_size(shape: tuple[int, ...]) -> int:
    """Return how many items (n, ...) of one byte a value are read at a time: at least one."""
    return max(1, BATCH_BYTES // max(1, prod(shape[1:])))


def open_npz(path: Path) -> Callable[[str], Member]:
    """Return what gives the arrays of an npz file by name, of which it reads the headers only.

    Args:
        path: the file.

    Returns:
        A function from an array's name to the array. It raises a ReplisomeError where there is none of that name, or
        it is made of Python objects, or its header promises other than the file holds.

    Raises:
        ReplisomeError: not an npz file, or cut off.
    """
    _require_zip(path)
    with _open(path) as archive:
        infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}

    def get(key: str) -> Member:
        if key not in infos:
            raise ReplisomeError(f"{path}: key '{key}' is missing (present: {', '.join(sorted(infos))}).")
        info = infos[key]
        with _open(path) as archive, archive.open(info) as handle:
            shape, fortran, dtype = _header(handle, path, info.filename)
            held = info.file_size - handle.tell()
        if dtype.hasobject:
            raise ReplisomeError(
                f"{path}: key '{key}' holds Python objects, which are not read since they can run code; save it as "
                "integers, such as array.astype('uint8')."
            )
        if prod(shape) * dtype.itemsize != held or min(shape, default=0) < 0:
            raise ReplisomeError(
                f"{path}: key '{key}': its header promises an array of shape {shape} and type {dtype}, which has "
                f"{prod(shape) * dtype.itemsize:,} bytes, but the file holds {held:,} bytes of it; download it again."
            )
        if info.compress_type in DEFLATES and info.file_size > MOST_DEFLATED * max(1, info.compress_size):
            raise ReplisomeError(
                f"{path}: key '{key}': {info.compress_size:,} bytes in the archive cannot hold the {info.file_size:,} "
                "that it promises; download it again."
            )
        return Member(path, info.filename, shape, dtype, fortran)

    return get


def _require_zip(path: Path) -> None:
    """Refuse what is no zip archive, as an npz file is one, and say what it is."""
    try:
        with path.open("rb") as handle:
            start = handle.read(64)
    except OSError as error:
        raise ReplisomeError(f"{path}: cannot be read: {error.strerror}.") from None
    if start.startswith(ZIP):
        return
    if not start:
        raise ReplisomeError(f"{path}: the file is empty; put a whole copy in its place.")
    if start.startswith(NPY):
        raise ReplisomeError(f"{path}: holds a single array (npy), not an npz file of named arrays.")
    what = " but a web page" if start.lstrip().startswith(b"<") else ""
    raise ReplisomeError(f"{path}: is not an npz file{what}; put one in its place.")


@contextmanager
def _open(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an npz file; what is wrong with the archive itself becomes one message."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise ReplisomeError(
            f"{path}: is cut off or damaged and cannot be read as an npz file; put a whole copy in its place."
        ) from None


def _header(handle: IO[bytes], path: Path, name: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, order (whether Fortran's) and type of an array, as its header says."""
    try:
        return HEADERS[np.lib.format.read_magic(handle)](handle)
    except (ValueError, KeyError, SyntaxError, TypeError, tokenize.TokenError):
        raise ReplisomeError(
            f"{path}: '{name}' is not an array as numpy.savez writes it; save the arrays again, without other files."
        ) from None

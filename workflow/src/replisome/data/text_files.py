"""Text files, plain or gzip, opened in one way for every reader: unpacked, checked, with one kind of line end."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import IO, Any

from replisome.data.raw_files import open_content
from replisome.errors import ReplisomeError

BLOCK = 1 << 18  # bytes read at a time
# bgzip's files are many small gzip members, the last of them empty (SAM specification, section 4.1.2). Whoever cuts
# one off between two members leaves sound gzip, and only the missing end marker tells.
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
BGZF_BEGIN = ((0, BGZF_END[:4]), (12, BGZF_END[12:16]))  # gzip with an extra field, and which one
OTHER_FORMATS = {b"PK\3\4": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def open_text(path: Path) -> io.TextIOWrapper:
    """Open a text file in UTF-8, plain or gzip, for reading; ``buffer`` of what is returned gives the same as bytes.

    It is unpacked as it is read: gzip of one member or several, also padded with zeros. A byte order mark is left out,
    and each line ends with LF alone, whether it did so in the file, or with CRLF or CR; lines are counted so.

    Raises:
        ReplisomeError: on opening or while reading, the file cannot be read, is cut off, damaged, packed in another way
            or no UTF-8; the message names file, line and remedy.
    """
    return as_text(open_unpacked(path), str(path))


def as_text(content: IO[bytes], name: str) -> io.TextIOWrapper:
    """Return unpacked bytes as :func:`open_text` does; ``name`` stands for them in messages."""
    return io.TextIOWrapper(as_lines(content, name), encoding="utf-8", newline="\n")


def as_lines(content: IO[bytes], name: str) -> io.BufferedReader:
    """Return the same as bytes."""
    return io.BufferedReader(_Text(content, name), BLOCK)


def open_unpacked(path: Path) -> io.BufferedReader:
    """Open a file of any content, plain or gzip, to read what is in it.

    Raises:
        ReplisomeError: on opening or while reading, the file cannot be read, is cut off, damaged or packed in another
            way.
    """
    return io.BufferedReader(_Unpacked(path), BLOCK)


class _Unpacked(io.RawIOBase):
    """The content of a file; what goes wrong while it is read is a message that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as handle:
                begin = handle.read(18)
                is_bgzf = all(begin.startswith(what, place) for place, what in BGZF_BEGIN)
                if is_bgzf and not _ends_as_bgzf(handle):
                    raise ReplisomeError(
                        f"{path}: cut off: it is in bgzip's format, but the empty block at the end is missing; "
                        "download or copy it again. (If it is known to be whole, unpack it or pack it anew with bgzip.)"
                    )
            packed = next((name for magic, name in OTHER_FORMATS.items() if begin.startswith(magic)), None)
            if packed:
                raise ReplisomeError(f"{path}: is packed as {packed}; unpack it, or pack it with gzip.")
            self._content: io.BufferedIOBase = open_content(path)
        except OSError as error:
            raise _unreadable(path, error) from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._content.read(len(buffer))
        except EOFError:
            raise ReplisomeError(
                f"{self._path}: cut off: what gzip has packed ends before its end; download or copy it again."
            ) from None
        except (gzip.BadGzipFile, zlib.error):
            raise ReplisomeError(
                f"{self._path}: damaged: it does not pass gzip's own checks; download or copy it again."
            ) from None
        except OSError as error:
            raise _unreadable(self._path, error) from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed and hasattr(self, "_content"):
            self._content.close()
        super().close()


class _Text(io.RawIOBase):
    """The bytes of ``content``, checked to be UTF-8, without byte order mark, each line ended by LF."""

    def __init__(self, content: IO[bytes], name: str) -> None:
        self._content, self._name = content, name
        self._lines = 0  # that have ended so far
        self._held = b""  # the beginning of a character or of CRLF, of which the rest has not been read yet
        self._ready = memoryview(b"")
        self._begun = self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        block = self._content.read(BLOCK)
        self._ended = not block
        if not self._begun:
            self._begun = True
            if block.startswith(UTF16):
                raise ReplisomeError(f"{self._name}: is text in UTF-16; save it as UTF-8.")
            block = block.removeprefix(codecs.BOM_UTF8)
        data = self._held + block
        whole = len(data) if data.isascii() else self._characters(data)
        if not self._ended and data[:whole].endswith(b"\r"):
            whole -= 1
        data, self._held = data[:whole], data[whole:]
        data = _with_lf(data)
        self._lines += data.count(b"\n")
        return data

    def _characters(self, data: bytes) -> int:
        """Return how many bytes make whole characters."""
        try:
            return codecs.utf_8_decode(data, "strict", self._ended)[1]
        except UnicodeDecodeError as error:
            line = self._lines + 1 + _with_lf(data[: error.start]).count(b"\n")
            raise ReplisomeError(
                f"{self._name}, line {line}: byte 0x{data[error.start]:02x} is no text in UTF-8; is this the right "
                "file? If so, save it as UTF-8."
            ) from None

    def close(self) -> None:
        if not self.closed:
            self._content.close()
        super().close()


def _with_lf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def _ends_as_bgzf(handle: IO[bytes]) -> bool:
    """Say whether a file ends with the marker of BGZF, and perhaps padding of zeros, of which the marker has some."""
    marker = BGZF_END.rstrip(b"\0")
    end = handle.seek(0, io.SEEK_END)
    stop = end
    while stop:
        start = max(0, stop - BLOCK)
        handle.seek(start)
        found = handle.read(stop - start).rstrip(b"\0")
        if found:
            last = start + len(found)
            handle.seek(max(0, last - len(marker)))
            return handle.read(len(marker)) == marker and end - last >= len(BGZF_END) - len(marker)
        stop = start
    return False


def _unreadable(path: Path, error: OSError) -> ReplisomeError:
    what = error.strerror or type(error).__name__
    return ReplisomeError(f"{path}: cannot be read: {what}; see whether it is there, and whether you may read it.")

"""Text, however it is packed and whatever ends its lines, comes out the same; what is damaged is a message."""

import bz2
import gzip
import io
import itertools
import lzma
import tracemalloc
import zipfile

import numpy as np
import pytest
from Bio import bgzf
from conftest import PROBE_INFO
from proteinnet_records import record

from replisome.data import text_files
from replisome.data.text_files import BGZF_END, as_text, open_text
from replisome.errors import ReplisomeError
from replisome.studies.genome.fasta import read_fasta
from replisome.studies.proteinnet.records import read_records
from replisome.studies.rnacompete.probes import read_metadata, read_probes

TEXT = "one\ntwo \N{GREEK SMALL LETTER BETA}\n\nfour"
PACKED = {
    "plain": TEXT.encode(),
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "CRLF": TEXT.encode().replace(b"\n", b"\r\n"),
    "CR": TEXT.encode().replace(b"\n", b"\r"),
    "gzip": gzip.compress(TEXT.encode()),
    "gzip with byte order mark and CRLF": gzip.compress(b"\xef\xbb\xbf" + TEXT.encode().replace(b"\n", b"\r\n")),
    "gzip of several members": gzip.compress(TEXT[:5].encode()) + gzip.compress(TEXT[5:].encode()),
    "gzip padded with zeros": gzip.compress(TEXT.encode()) + bytes(70_000),
}


def bgzipped(data: bytes) -> bytes:
    """Return data as bgzip writes them, in blocks of 64 KiB."""
    target = io.BytesIO()
    writer = bgzf.BgzfWriter(fileobj=target)
    writer.write(data)
    writer.flush()
    return target.getvalue() + BGZF_END


def written(folder, data):
    path = folder / "text.gz"
    path.write_bytes(data)
    return path


def read(path):
    with open_text(path) as handle:
        return list(handle)


@pytest.mark.parametrize("kind", PACKED)
def test_the_same_lines_are_read_however_they_are_packed_and_ended(tmp_path, kind):
    path = written(tmp_path, PACKED[kind])
    assert read(path) == TEXT.splitlines(keepends=True)
    with open_text(path) as handle:
        assert b"".join(handle.buffer) == TEXT.encode()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_size_of_blocks_changes_nothing(monkeypatch, size):
    monkeypatch.setattr(text_files, "BLOCK", size)
    text = "a\r\n\N{GREEK SMALL LETTER BETA}\rb\n\r\n\N{COMBINING ACUTE ACCENT}\r"
    assert as_text(io.BytesIO(text.encode()), "name").read() == text.replace("\r\n", "\n").replace("\r", "\n")
    with pytest.raises(ReplisomeError, match="name, line 5: byte 0xe9 is no text in UTF-8"):
        as_text(io.BytesIO(b"1\r\n2\r3\n\r\n5 \xe9t\xe9"), "name").read()


def test_bgzip_without_its_end_marker_is_refused_wherever_it_is_cut_between_blocks(tmp_path):
    lines = "".join(np.random.default_rng(0).choice(list("ACGT\n"), 300_000))
    whole = bgzipped(lines.encode())
    for fine in (whole, whole + bytes(100_000), whole + whole):
        assert "".join(read(written(tmp_path, fine))) in (lines, lines * 2)
    at, starts = 0, []
    while at < len(whole):
        starts.append(at)
        at += int.from_bytes(whole[at + 16 : at + 18], "little") + 1
    assert len(starts) > 5
    for start in starts[1:]:
        for padding in (b"", bytes(100)):
            with pytest.raises(ReplisomeError, match=r"text\.gz: cut off: .* the empty block at the end is missing"):
                read(written(tmp_path, whole[:start] + padding))


def test_gzip_that_ends_anywhere_before_its_end_is_a_message(tmp_path):
    whole = gzip.compress(b"".join(b"%d\n" % n for n in range(2000)), mtime=0)
    for length in [*range(3, 40), *range(40, len(whole), 101), *range(len(whole) - 10, len(whole))]:
        with pytest.raises(ReplisomeError, match=r"text\.gz: cut off: .*; download or copy it again"):
            read(written(tmp_path, whole[:length]))


def test_gzip_in_which_a_bit_has_changed_or_that_is_followed_by_something_is_a_message(tmp_path):
    whole = gzip.compress(np.random.default_rng(0).bytes(3000).hex().encode(), mtime=0)
    flipped = [whole[:at] + bytes([whole[at] ^ 8]) + whole[at + 1 :] for at in range(10, len(whole), 97)]
    for data in (*flipped, whole + b"more"):
        with pytest.raises(ReplisomeError, match=r"text\.gz: (damaged|cut off)"):
            read(written(tmp_path, data))


def zipped(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a", data)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (zipped(b"text"), "is packed as zip; unpack it, or pack it with gzip"),
        (bz2.compress(b"text"), "is packed as bzip2"),
        (lzma.compress(b"text"), "is packed as xz"),
        ("text".encode("utf-16"), "is text in UTF-16; save it as UTF-8"),
        (b"one\ntwo\n\xff", "line 3: byte 0xff is no text in UTF-8"),
    ],
)
def test_what_is_no_text_is_a_message_that_says_what_it_is(tmp_path, data, message):
    with pytest.raises(ReplisomeError, match=message):
        read(written(tmp_path, data))


def test_what_is_not_there_is_a_message(tmp_path):
    with pytest.raises(ReplisomeError, match="none: cannot be read: No such file"):
        open_text(tmp_path / "none")
    with pytest.raises(ReplisomeError, match="cannot be read: Is a directory"):
        open_text(tmp_path)


def test_a_long_file_is_read_in_little_memory(tmp_path):
    path = written(tmp_path, gzip.compress(b"ACGTACGT\n" * 3_000_000, 1))
    tracemalloc.start()
    try:
        with open_text(path) as handle:
            assert sum(map(len, handle)) == 27_000_000
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


PROBES = "Probe_Set\tRNA_Seq\tRNCMPT00001\nSetA\tACGUACGUACGU\t1.5\nSetB\tACGUACGUACGA\tNaN\n"
READERS = {
    "genome": (">a\nACGT\nAC\n>b\nGG\n", lambda path: read_fasta(path).contigs),
    "probes": (PROBES, lambda path: read_probes(path, None, ["all"]).sequences),
    "metadata": (
        "".join("\t".join(row) + "\n" for row in PROBE_INFO),
        lambda path: read_metadata(path).to_numpy().tolist(),
    ),
    "chains": (record("a") + record("b"), lambda path: [chain.name for chain in read_chains(path)]),
}
WAYS = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "CR": lambda text: text.replace(b"\n", b"\r"),
    "gzip": gzip.compress,
    "members": lambda text: b"".join(gzip.compress(text[at : at + 7]) for at in range(0, len(text), 7)),
    "padded": lambda text: gzip.compress(text) + bytes(99),
    "bgzip": bgzipped,
}


def read_chains(path):
    return read_records(text_files.open_unpacked(path), str(path))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_opens_text_in_the_same_way(tmp_path, reader, way):
    text, reading = READERS[reader]
    expected = reading(written(tmp_path, text.encode()))
    assert reading(written(tmp_path, WAYS[way](text.encode()))) == expected
    assert len(expected) > 1


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_says_that_a_file_is_cut_off_or_no_text(tmp_path, reader):
    text, reading = READERS[reader]
    whole = text.encode()
    for data, message in (
        (gzip.compress(whole)[:-9], "cut off"),
        (bgzipped(whole)[: -len(BGZF_END)], "cut off"),
        (whole + b"\xff", rf"line {whole.count(10) + 1}: byte 0xff is no text in UTF-8"),
        (lzma.compress(whole), "is packed as xz"),
    ):
        with pytest.raises(ReplisomeError, match=rf"text\.gz.*{message}"):
            reading(written(tmp_path, data))


def test_lines_come_as_they_are_asked_for():
    class Endless(io.RawIOBase):
        numbers = itertools.count()

        def read(self, size=-1):
            return b"%d\n" % next(self.numbers) * 1000

    with as_text(Endless(), "endless") as handle:
        assert [next(handle) for _ in range(3)] == ["0\n"] * 3
        assert next(Endless.numbers) < 2000

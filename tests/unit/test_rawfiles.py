import gzip
import hashlib
import zlib

import pytest

from replisome.data.raw_files import raw_file

ENTRY = {
    "study": "s",
    "version": "v1",
    "file": "a.npz",
    "stand_in": {"file": "b.npz", "checksum": "sha256:0"},
}


@pytest.fixture
def place(tmp_path):
    def make(path: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def ask(stand_ins: bool = True, entry: dict = ENTRY) -> str:
        chosen = raw_file("d", entry, str(tmp_path / "resources"), tmp_path / "mirror", stand_ins)
        return chosen.removeprefix(f"{tmp_path}/resources/d/")

    return make, ask


@pytest.mark.parametrize(
    ("files", "stand_ins", "expected"),
    [
        ([], True, "v1/a.npz"),
        (["mirror/s/b.npz"], True, "stand-in/b.npz"),
        (["mirror/s/b.npz"], False, "v1/a.npz"),
        (["mirror/s/b.npz", "mirror/s/a.npz"], True, "v1/a.npz"),
        (["mirror/s/b.npz", "resources/d/v1/a.npz"], True, "v1/a.npz"),
        (["resources/d/stand-in/b.npz"], True, "stand-in/b.npz"),  # from an earlier call with a mirror
        (["resources/d/stand-in/b.npz"], False, "v1/a.npz"),
    ],
)
def test_a_stand_in_serves_only_where_it_may_and_nothing_better_is_at_hand(place, files, stand_ins, expected):
    make, ask = place
    for file in files:
        make(file)
    assert ask(stand_ins) == expected


def test_an_entry_without_stand_in_is_the_official_file(place):
    assert place[1](entry={"study": "s", "version": "v1", "file": "a.npz"}) == "v1/a.npz"


CONTENT_OF_ABC = f"content-sha256:{hashlib.sha256(b'abc').hexdigest()}"
NAMESAKE = {
    **{"study": "s", "version": "v1", "file": "a.txt.gz"},
    "stand_in": {"file": "a.txt.gz", "checksum": "sha256:0", "content": "crc32:00000000:0"},
}


def test_a_stand_in_of_the_official_files_name_is_told_by_its_content(place, tmp_path):
    make, ask = place
    make("mirror/s/a.txt.gz")
    assert ask(True, NAMESAKE) == "stand-in/a.txt.gz"
    assert ask(False, NAMESAKE) == "v1/a.txt.gz"
    for packed in (gzip.compress(b""), gzip.compress(b"", 1), gzip.compress(b"") * 2, gzip.compress(b"") + bytes(99)):
        (tmp_path / "mirror/s/a.txt.gz").write_bytes(packed)
        assert ask(False, NAMESAKE) == "v1/a.txt.gz"
        assert ask(True, NAMESAKE) == "stand-in/a.txt.gz"
    (tmp_path / "mirror/s/a.txt.gz").write_bytes(b"the real one")
    assert ask(True, NAMESAKE) == "v1/a.txt.gz"


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"abc", 1), gzip.compress(b"a") + gzip.compress(b"bc") + gzip.compress(b""), b"abc"],
    ids=["another level", "members", "uncompressed"],
)
@pytest.mark.parametrize(
    "known", [{"content": f"crc32:{zlib.crc32(b'abc'):08x}:3"}, {"checksum": CONTENT_OF_ABC}], ids=["crc", "checksum"]
)
def test_a_stand_in_of_the_official_files_name_is_told_whatever_compressed_it(place, tmp_path, packed, known):
    make, ask = place
    entry = {**NAMESAKE, "stand_in": {"file": "a.txt.gz", "checksum": "sha256:0", **known}}
    name = "a.txt" if packed == b"abc" else "a.txt.gz"
    make(f"mirror/s/{name}")
    (tmp_path / "mirror/s" / name).write_bytes(packed)
    assert ask(True, entry) == "stand-in/a.txt.gz"
    assert ask(False, entry) == "v1/a.txt.gz"


def test_a_stand_in_of_another_name_may_lie_there_uncompressed(place):
    make, ask = place
    make("mirror/s/b.txt")
    stand_in = {"file": "b.txt.gz", "checksum": CONTENT_OF_ABC}  # a wrong one is found, to be refused
    assert ask(True, {**NAMESAKE, "stand_in": stand_in}) == "stand-in/b.txt.gz"


def test_an_official_file_may_lie_there_uncompressed(place, tmp_path):
    make, ask = place
    make("mirror/s/a.txt.gz")
    make("resources/by-hand/a.txt")
    assert ask(True, NAMESAKE) == "stand-in/a.txt.gz"  # empty, as the stand-in's content is
    (tmp_path / "resources/by-hand/a.txt").write_bytes(b"the real one")
    assert ask(True, NAMESAKE) == "v1/a.txt.gz"

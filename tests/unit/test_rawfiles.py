import gzip

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


NAMESAKE = {
    **{"study": "s", "version": "v1", "file": "a.txt.gz"},
    "stand_in": {"file": "a.txt.gz", "checksum": "sha256:0", "content": "crc32:00000000:0"},
}


def test_a_stand_in_of_the_official_files_name_is_told_by_its_content(place, tmp_path):
    make, ask = place
    make("mirror/s/a.txt.gz")
    assert ask(True, NAMESAKE) == "stand-in/a.txt.gz"
    assert ask(False, NAMESAKE) == "v1/a.txt.gz"
    for packed in (gzip.compress(b""), gzip.compress(b"", 1)):
        (tmp_path / "mirror/s/a.txt.gz").write_bytes(packed)
        assert ask(False, NAMESAKE) == "v1/a.txt.gz"
        assert ask(True, NAMESAKE) == "stand-in/a.txt.gz"
    (tmp_path / "mirror/s/a.txt.gz").write_bytes(b"the real one")
    assert ask(True, NAMESAKE) == "v1/a.txt.gz"


def test_an_official_file_may_lie_there_uncompressed(place, tmp_path):
    make, ask = place
    make("mirror/s/a.txt.gz")
    make("resources/by-hand/a.txt")
    assert ask(True, NAMESAKE) == "stand-in/a.txt.gz"  # empty, as the stand-in's content is
    (tmp_path / "resources/by-hand/a.txt").write_bytes(b"the real one")
    assert ask(True, NAMESAKE) == "v1/a.txt.gz"

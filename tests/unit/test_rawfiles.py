import pytest

from replisome.rawfiles import raw_file

ENTRY = {"study": "s", "version": "v1", "file": "a.npz", "stand_in": {"file": "b.npz"}}


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

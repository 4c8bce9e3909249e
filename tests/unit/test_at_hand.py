"""When a raw file in place is taken anew: it is not the pinned one, or no longer what a person gave."""

import gzip
import hashlib
import json

import pytest

from replisome.data.at_hand import why_anew
from replisome.data.raw_files import raw_file

GOOD, OTHER = b"ACGT" * 50, b"ACGA" * 50
PIN = f"sha256:{hashlib.sha256(GOOD).hexdigest()}"


@pytest.fixture
def raw(tmp_path):
    """A copy in place, with its origin."""

    def write(content, was=None):
        path = tmp_path / "resources" / "x" / "1" / "raw.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        origin = {"sha256": hashlib.sha256(was or content).hexdigest()}
        path.with_name("raw.gz.origin.json").write_text(json.dumps(origin))
        return path

    return write


@pytest.fixture
def give(tmp_path):
    """Put a file into the mirror, or the folder for files placed by hand."""

    def write(content, folder="mirror/s", name="raw.gz"):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def ask(tmp_path):
    def why(path, checksum=None, addresses=()):
        entry = {"study": "s", "version": "1", "file": "raw.gz", "addresses": list(addresses), "checksum": checksum}
        return why_anew(path, entry, False, tmp_path / "mirror")

    return why


def test_without_a_copy_or_without_anything_at_hand_there_is_nothing_to_compare(raw, give, ask, tmp_path):
    give(GOOD)
    assert ask(tmp_path / "resources/x/1/raw.gz") is None
    (tmp_path / "mirror/s/raw.gz").unlink()
    assert ask(raw(GOOD)) is None


@pytest.mark.parametrize("folder", ["mirror/s", "resources/by-hand"])
def test_a_corrected_file_is_taken_anew_and_named(raw, give, ask, folder):
    copy, given = raw(OTHER), give(OTHER, folder)
    assert ask(copy) is None
    given.write_bytes(GOOD)
    assert ask(copy) == f"{given} is not the file that {copy} was copied from"


def test_what_is_placed_by_hand_comes_before_the_mirror(raw, give, ask):
    copy = raw(OTHER)
    give(OTHER)
    assert ask(copy) is None
    assert "by-hand" in ask(copy) if give(GOOD, "resources/by-hand") else False


def test_another_compression_of_the_same_content_is_no_difference(raw, give, ask):
    copy = raw(gzip.compress(GOOD, 9))
    for content, name in ((gzip.compress(GOOD, 1), "raw.gz"), (GOOD, "raw.gz")):
        give(content, name=name)
        assert ask(copy) is None


def test_a_file_that_was_cut_off_is_another(raw, give, ask):
    copy = raw(gzip.compress(GOOD))
    give(gzip.compress(GOOD)[:-9])
    assert ask(copy) is not None


def test_a_copy_that_somebody_edited_is_taken_anew_where_its_source_is_at_hand(raw, give, ask):
    copy = raw(GOOD, was=OTHER)
    assert ask(copy) is None  # prepare refuses it: nothing better can be had
    give(GOOD)
    assert "changed since it was copied" in ask(copy)


def test_a_copy_that_is_not_the_pinned_file_is_taken_anew_where_that_can_be_had(raw, give, ask):
    copy = raw(OTHER)
    assert ask(copy, PIN) is None  # nothing at hand, no address: prepare refuses it
    assert "the ledger has sha256:" in ask(copy, PIN, ["https://example.org/raw.gz"])
    give(OTHER)
    assert ask(copy, PIN) is None
    give(GOOD)
    assert "the ledger has sha256:" in ask(copy, PIN)
    assert ask(raw(GOOD), PIN) is None


def test_a_pinned_copy_does_not_care_what_else_lies_in_the_mirror(raw, give, ask):
    give(OTHER)
    assert ask(raw(GOOD), PIN) is None


def test_a_stand_in_that_was_taken_for_the_official_file_does_not_stay(raw, tmp_path):
    stand_in = {"file": "raw.gz", "checksum": f"content-{PIN}", "note": "a part of it"}
    entry = {"study": "s", "version": "1", "file": "raw.gz", "addresses": [], "checksum": None, "stand_in": stand_in}
    copy = raw(gzip.compress(GOOD[:9]) + gzip.compress(GOOD[9:]))
    assert "is the stand-in" in why_anew(copy, entry, False, None)
    resources = str(tmp_path / "resources")
    assert raw_file("x", entry, resources, None, False) == str(copy)
    given = tmp_path / "resources/by-hand/raw.gz"
    given.parent.mkdir()
    given.write_bytes(GOOD)
    assert raw_file("x", entry, resources, None, True) == f"{resources}/x/stand-in/raw.gz"

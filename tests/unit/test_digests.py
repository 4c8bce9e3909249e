"""Digests of files are computed once while a file is untouched, and never trusted beyond that."""

import os
from time import sleep

import pytest

from replisome.io import file_hash
from replisome.tracking import digests as module
from replisome.tracking.digests import Digests


class Counting:
    """Computes digests, and counts how often."""

    def __init__(self):
        self.calls = 0

    def __call__(self, path, kind):
        self.calls += 1
        return file_hash(path, kind)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    return path


def test_a_digest_is_computed_once_while_its_file_is_untouched(file, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SETTLED", -1)
    counting = Counting()
    for _ in range(2):  # the second reads what the first left
        digests = Digests(tmp_path / "store", counting)
        assert digests(file) == digests(file) == file_hash(file)
        assert digests(file, "md5") == file_hash(file, "md5")
        digests.save()
    assert counting.calls == 2


def test_a_file_replaced_by_one_of_equal_size_and_date_is_noticed(file, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SETTLED", -1)
    digests = Digests(tmp_path / "store")
    before, time = digests(file), file.stat().st_mtime_ns
    sleep(0.02)  # the time of an inode is as coarse as the kernel's clock
    file.write_bytes(b"two")
    os.utime(file, ns=(time, time))
    assert digests(file) != before


def test_a_file_that_changed_just_now_is_looked_at_again(file, tmp_path):
    counting = Counting()
    digests = Digests(tmp_path / "store", counting)
    assert digests(file) == digests(file)
    assert counting.calls == 2


@pytest.mark.parametrize("content", ["{", "[]", '{"sha256 a": 3}'])
def test_a_store_that_cannot_be_read_is_made_anew(file, tmp_path, content):
    (tmp_path / "store").write_text(content)
    assert Digests(tmp_path / "store")(file) == file_hash(file)


def test_without_a_folder_for_it_nothing_is_kept(file, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SETTLED", -1)
    digests = Digests(tmp_path / "none" / "store")
    digests(file)
    digests.save()
    assert not (tmp_path / "none").exists()


def test_an_input_that_is_not_there_has_no_digest(file, tmp_path):
    digests = Digests(tmp_path / "store")
    assert digests.of_input(file) == f"sha256:{file_hash(file)}"
    assert digests.of_input(tmp_path / "none") is None

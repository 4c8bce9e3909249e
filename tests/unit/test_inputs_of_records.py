"""Files decide by their content: not by their times, nor by where they lie."""

import os
import shutil
from pathlib import Path

import pytest

from replisome.__main__ import main
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.stages import accept
from replisome.tracking.digests import Digests
from replisome.tracking.expected import require
from replisome.tracking.inputs import input_hashes, named, raw_name
from replisome.tracking.record import Record
from replisome.tracking.stage_key import ACCEPTED, is_accepted, is_current

SETTINGS = {"name": "s", "implementation": "bloodmnist", "recipes": {}, "experiments": {}, "full": {}}


@pytest.fixture
def result(tmp_path) -> Path:
    """A selection made from one file that lies elsewhere in the results."""
    folder = tmp_path / "results/s/selection/e"
    folder.mkdir(parents=True)
    (tmp_path / "results/s/scores.json").write_text("1")
    write_json(folder / "study.json", SETTINGS)
    Record("select", SETTINGS).write(folder / "provenance.json", [tmp_path / "results/s/scores.json"])
    return folder


def current(folder: Path, settings=SETTINGS) -> bool:
    inputs = named(folder, [folder.parents[1] / "scores.json"])
    return is_current(folder, "select", settings, inputs, Digests(folder / "none").of_input)


def test_inputs_are_named_by_the_way_from_the_record_and_raw_files_by_data_set(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert list(input_hashes(tmp_path / "b" / "c", [tmp_path / "a.txt"])) == ["../../a.txt"]
    assert raw_name("/there/dataset/v1/file.gz") == raw_name("here/dataset/v1/file.gz") == "dataset/v1/file.gz"


@pytest.mark.parametrize("place", ["a", "a/b", "a/b/c", "a/b/c/d/e", "a/x/c", "x", "ab/c", ".."])
def test_names_are_the_ways_that_the_system_gives(place):
    file = os.path.join(place, "file")
    assert list(named("a/b/c", [file])) == [os.path.relpath(file, "a/b/c")]


@pytest.mark.parametrize("when", [0, 1, 10**9, 5 * 10**9])
def test_another_time_leaves_a_result_current(result, when):
    os.utime(result.parents[1] / "scores.json", (when, when))
    os.utime(result / "provenance.json", (when, when))
    assert current(result)


def test_a_copied_folder_is_current_and_an_edited_file_or_setting_is_not(result, tmp_path):
    copy = shutil.copytree(tmp_path / "results", tmp_path / "elsewhere") / "s/selection/e"
    assert current(copy)
    scores = copy.parents[1] / "scores.json"
    before = scores.stat()
    scores.write_text("2")
    os.utime(scores, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not current(copy)
    assert current(result)
    assert not current(result, {**SETTINGS, "full": {"e": 1}})


def test_an_input_that_is_gone_makes_nothing_stale_and_another_set_of_inputs_does(result):
    (result.parents[1] / "scores.json").unlink()
    assert current(result)
    assert not is_current(result, "select", SETTINGS, {}, Digests(result / "none").of_input)


def test_a_result_of_other_settings_is_refused_by_name_with_what_differs(result):
    require(result, "select", SETTINGS, "study.json")
    message = r"selection/e: was made with other settings \(full\.e: found None, planned 1\)"
    with pytest.raises(ReplisomeError, match=message):
        require(result, "select", {**SETTINGS, "full": {"e": 1}}, "study.json")
    with pytest.raises(ReplisomeError, match="no record"):
        require(result.parent, "select", SETTINGS)


def test_an_accepted_result_is_current_until_something_changes_again(result, tmp_path):
    scores = result.parents[1] / "scores.json"
    scores.write_text("2")
    assert not current(result)
    accept.run(tmp_path / "results", "the score was mistyped")
    assert current(result)
    assert is_accepted(result)
    require(result, "select", SETTINGS)
    scores.write_text("3")
    assert not current(result)


def test_an_accepted_result_is_also_still_what_it_was_made_from(result, tmp_path):
    scores = result.parents[1] / "scores.json"
    scores.write_text("2")
    accept.run(tmp_path / "results", "the score was mistyped")
    scores.write_text("1")
    assert current(result)


def test_a_result_that_was_made_again_is_no_longer_the_accepted_one(result, tmp_path):
    scores = result.parents[1] / "scores.json"
    scores.write_text("2")
    accept.run(tmp_path / "results", "the score was mistyped")
    scores.write_text("3")
    Record("select", SETTINGS).write(result / "provenance.json", [scores])
    assert current(result)
    assert not is_accepted(result)


def test_accept_is_a_word_of_the_command(result, tmp_path, capsys):
    (result.parents[1] / "scores.json").write_text("2")
    assert main(["accept", str(tmp_path / "results"), "--note", "why"]) == 0
    assert "accepted" in capsys.readouterr().out
    assert is_accepted(result)


def test_what_is_up_to_date_needs_no_acceptance(result):
    accept.run(result, "for good measure")
    assert not (result / ACCEPTED).exists()
    assert not is_accepted(result)


@pytest.mark.parametrize(
    ("path", "note", "message"),
    [
        ("nowhere", "why", "no such folder"),
        ("results/s/selection/e/study.json", "why", "no such folder"),
        ("empty", "why", "holds no result"),
        ("results", " ", "say why"),
        ("odd", "why", "not the record of a result"),
    ],
)
def test_what_cannot_be_accepted_is_refused(result, tmp_path, path, note, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/provenance.json").write_text("[]")
    with pytest.raises(ReplisomeError, match=message):
        accept.run(tmp_path / path, note)
    assert not list(tmp_path.rglob(ACCEPTED))

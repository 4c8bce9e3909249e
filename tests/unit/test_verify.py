"""Outputs are compared with their record where a later stage reads them, and the record with itself."""

import json

import pytest
from conftest import flip_bit

from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.tracking.record import Record
from replisome.tracking.verify import read_record, read_verified, verified


@pytest.fixture
def outputs(tmp_path):
    """What a stage left: a JSON file and its record."""
    write_json(tmp_path / "selection.json", {"metric": "accuracy", "mean": 0.75})
    record = Record("select", {"implementation": "bloodmnist"})
    record.write(tmp_path / "provenance.json", [], threads=1)
    return tmp_path


def test_what_was_written_is_read(outputs):
    assert read_verified(outputs / "selection.json")["mean"] == 0.75
    assert read_record(outputs / "provenance.json")["threads"] == 1


def test_every_flipped_bit_is_a_message_that_names_the_file_and_the_remedy(outputs):
    path = outputs / "selection.json"
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        path.write_bytes(whole)
        flip_bit(path, bit)
        with pytest.raises(ReplisomeError, match=r"selection\.json: is not what was written .* Delete it and run"):
            read_verified(path)


def test_a_flipped_bit_of_a_record_is_a_message_or_means_nothing(outputs):
    path = outputs / "provenance.json"
    whole, before, refused = path.read_bytes(), read_record(path), []
    for bit in range(0, 8 * len(whole), 7):
        path.write_bytes(whole)
        flip_bit(path, bit)
        try:
            assert read_record(path) == before  # blanks
        except ReplisomeError as error:
            refused.append(str(error))
    assert all("provenance.json: " in text for text in refused)
    assert len(refused) > 0.5 * len(whole)


def test_a_record_of_an_earlier_version_and_files_that_no_record_names_pass(outputs):
    write_json(outputs / "notes.json", {})
    assert verified(outputs / "notes.json") == outputs / "notes.json"
    old = {k: v for k, v in read_record(outputs / "provenance.json").items() if k not in ("outputs", "digest")}
    (outputs / "provenance.json").write_text(json.dumps(old))
    write_json(outputs / "selection.json", {})
    assert read_verified(outputs / "selection.json") == {}
    (outputs / "provenance.json").unlink()
    assert read_verified(outputs / "selection.json") == {}


def test_all_that_lies_beside_a_record_is_an_output_but_what_goes_again(outputs):
    for name in ("checkpoint.pt", ".selection.json.tmp", "best.safetensors"):
        (outputs / name).write_bytes(b"x")
    (outputs / "test").mkdir()
    Record("select", {"implementation": "bloodmnist"}).write(outputs / "provenance.json", [])
    assert set(read_record(outputs / "provenance.json")["outputs"]) == {"selection.json", "best.safetensors"}

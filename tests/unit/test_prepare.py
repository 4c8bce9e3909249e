"""The door of the data: a raw file is the pinned one, and messages name the file that a person can correct."""

import hashlib
import json

import numpy as np
import pytest

from replisome.errors import ReplisomeError
from replisome.io import file_hash, read_json
from replisome.stages import prepare


@pytest.fixture
def carry_out(tmp_path, mnist_arrays):
    """Prepare a small npz file that was copied from a mirror; ``change`` damages its arrays."""

    def run(checksum=None, change=None):
        arrays = dict(mnist_arrays)
        if change:
            change(arrays)
        raw = tmp_path / "resources" / "mine" / "v1" / "mine.npz"
        raw.parent.mkdir(parents=True)
        np.savez(raw, **arrays)
        origin = {"file": "mine.npz", "version": "v1", "from": "mirror folder, mine/mine.npz", "stand_in": None,
                  "place": "/the/mirror/mine/mine.npz", "sha256": file_hash(raw)}  # fmt: skip
        raw.with_name("mine.npz.origin.json").write_text(json.dumps(origin))
        entry = {"name": "mine", "version": "v1", "file": "mine.npz", "checksum": checksum, "classes": ["a", "b", "c"]}
        recipe = {"name": "plain", "source": {"dataset": "mine"}, "split": "official", "encoding": "image",
                  "normalisation": "zscore", "protocol": "reported"}  # fmt: skip
        settings = {"study": "mine", "implementation": "bloodmnist", "recipe": recipe, "datasets": {"mine": entry}}
        (tmp_path / "recipe.json").write_text(json.dumps(settings))
        prepare.run(tmp_path / "recipe.json", [("mine", raw)], tmp_path / "out")
        return tmp_path / "out"

    return run


def test_a_copy_that_was_fetched_for_another_checksum_is_refused_by_name(carry_out, tmp_path):
    pinned = f"sha256:{hashlib.sha256(b'another version').hexdigest()}"
    with pytest.raises(ReplisomeError, match=r"v1/mine\.npz: wrong checksum: found .* delete it and run again"):
        carry_out(pinned)
    assert not (tmp_path / "out").exists()


def test_a_bad_file_is_named_where_its_owner_keeps_it(carry_out):
    with pytest.raises(ReplisomeError, match=r"copy of /the/mirror/mine/mine\.npz: correct that file") as caught:
        carry_out(change=lambda arrays: arrays.pop("val_labels"))
    assert "key 'val_labels' is missing" in str(caught.value)


def test_where_the_file_lay_on_one_machine_is_no_part_of_the_data(carry_out):
    out = carry_out()
    assert "place" not in read_json(out / "card.json")["origin"]
    assert set(read_json(out / "provenance.json")["outputs"]) == {
        *("train.parquet", "validation.parquet", "test.parquet", "stats.json", "card.json")
    }

"""Chains that a user gives become what a recipe's split gives of them; distances become a table, maps and pictures."""

import numpy as np
import pytest
import torch
from proteinnet_records import LETTERS, record

from replisome.data.parquet import write_parquet_stream
from replisome.data.raw_files import RawFile
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.studies.proteinnet import new_data
from replisome.studies.proteinnet.data import prepare
from replisome.studies.proteinnet.task import open_task
from replisome.training.new_data import Beside, joined

CPU, CROP = torch.device("cpu"), 10
LENGTHS = (12, 10, 7)


def chains(seed):
    rng = np.random.default_rng(seed)
    for number, length in enumerate(LENGTHS):
        letters = "".join(rng.choice(list(LETTERS), length))
        ca = np.cumsum(rng.standard_normal((length, 3)) * 220, axis=0) + 10
        yield record(f"{seed}/c{number}", letters, ca=ca, profile=np.round(rng.random((21, length)), 3))


@pytest.fixture
def files(tmp_path):
    """Records of each split, as the stand-in has them in text."""
    found = {}
    for seed, member in enumerate(("training_30", "validation", "testing")):
        path = tmp_path / member
        path.write_text("".join(chains(seed)))
        found[member] = path
    return found


@pytest.fixture
def task(tmp_path, files):
    recipe = {"source": {"dataset": "p"}, "split": "official", "protocol": "sound", "crop": CROP}
    made = prepare(recipe, {name: RawFile(path, {}) for name, path in files.items()})
    for split, stream in made.tables.items():
        write_parquet_stream(tmp_path / f"{split}.parquet", *stream)
    write_json(tmp_path / "stats.json", made.statistics)
    return open_task(tmp_path)


@pytest.mark.parametrize("size", [2, 32])
def test_given_chains_become_what_the_split_gives_of_them_in_the_same_batches(task, files, size):
    split, beside = task.load("test", CPU), Beside()
    batches = list(new_data.read(task, [files["testing"]], size, CPU, beside))
    for start, batch in zip(range(0, len(split), size), batches, strict=True):
        wanted, targets = split.batch(torch.arange(start, min(start + size, len(split))))
        assert torch.equal(batch.inputs, wanted)
        assert batch.targets.shape == targets.shape
        assert batch.targets.isnan().all()
    names = {key: [one for batch in batches for one in batch.names[key].tolist()] for key in batches[0].names}
    assert names == {"name": ["2/c0", "2/c1", "2/c2"], "length": [12, 10, 7], "residues": [10, 10, 7]}
    assert beside.said["cut_to_the_crop"] == {"2/c0": 12}
    assert beside.said["notes"] == ["Chains longer than the 10 residues that the run sees: 1. Their first ones count."]


def test_a_run_that_was_trained_on_a_stand_in_says_so(task, files):
    beside = Beside()
    write_json(task.recipe / "card.json", {"origin": {"stand_in": "profiles are scaled scores"}})
    list(new_data.read(task, [files["testing"]], 32, CPU, beside))
    assert beside.said["notes"][0] == (
        "The run was trained on a stand-in (profiles are scaled scores): give it profiles made as those are."
    )


def test_maps_are_not_written_over_the_profiles_that_they_are_made_from(task, tmp_path):
    fasta, profiles = tmp_path / "mine.fa", tmp_path / "mine.npz"
    fasta.write_text(">a\nACD\n")
    np.savez(profiles, a=np.full((3, 20), 0.05))
    with pytest.raises(ReplisomeError, match="is an input, and the maps would be written over it"):
        list(new_data.read(task, [fasta, profiles], 32, CPU, Beside(tmp_path / "mine.csv")))
    (batch,) = new_data.read(task, [fasta, profiles], 32, CPU, Beside(tmp_path / "other.csv"))
    assert batch.inputs.shape == (1, 2, CROP, 21)


def answered(task, networks):
    """Return answers of networks to the records of test; their distances are multiples of the numbers of pairs."""
    numbers = np.arange(3 * len(task.pairs.first), dtype=np.float32).reshape(3, -1)
    names = {"name": np.array(["2/c0", "2/c1", "x" * 90], object), "length": np.array(LENGTHS)}
    return joined(
        [{"distance": numbers * (1 + k)} for k in range(networks)],
        {**names, "residues": np.array(LENGTHS).clip(max=CROP)},
    )


def test_maps_stand_in_angstrom_beside_the_table_and_are_drawn(task, tmp_path, monkeypatch):
    monkeypatch.setattr(new_data, "DRAWN", 1)
    beside, answer = Beside(tmp_path / "mine.csv"), answered(task, 2)
    (table,) = new_data.tabulate(task, iter([answer]), beside)
    rows = table.to_pylist()
    assert [row["map"] for row in rows] == ["mine-1-2_c0.png", None, None]
    assert (tmp_path / "mine-1-2_c0.png").read_bytes().startswith(b"\x89PNG")
    assert beside.said["notes"] == ["The maps of the first 1 of 3 chains are drawn; the .npz has all."]
    with np.load(tmp_path / "mine.npz") as maps, np.load(tmp_path / "mine.sd.npz") as spread:
        assert maps.files == spread.files == ["2/c0", "2/c1", "x" * 90]
        assert [maps[name].shape for name in maps.files] == [(10, 10), (10, 10), (7, 7)]
        first, second = task.pairs[:2]
        for number, name in enumerate(maps.files):
            found = maps[name]
            assert found.dtype == np.float32
            assert (found == found.T).all()
            assert not found.diagonal().any()
            inside = second < len(found)
            given = answer.values["distance"][number, inside]  # of networks that say d and 2 d
            assert (found[first[inside], second[inside]] == given).all()
            np.testing.assert_allclose(spread[name], found / 1.5 / 2**0.5, rtol=1e-6)
            assert rows[number]["distance"] == pytest.approx(given.mean())
            assert rows[number]["distance_sd"] == pytest.approx(given.mean() / 1.5 / 2**0.5)


def test_without_a_file_for_the_table_there_are_no_maps_and_no_column_of_pictures(task):
    beside = Beside()
    (table,) = new_data.tabulate(task, iter([answered(task, 1)]), beside)
    assert table.column_names == ["name", "length", "residues", "distance"]
    assert not beside.said

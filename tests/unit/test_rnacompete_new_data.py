"""RNAs that a user gives are encoded as a recipe's probes are; answers are told in z-scores and in intensities."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from replisome.data.encode.bases import decode_bases
from replisome.data.parquet import column_array, read_parquet, write_parquet
from replisome.data.raw_files import RawFile
from replisome.io import write_json
from replisome.studies.rnacompete import new_data, targets
from replisome.studies.rnacompete.data import prepare, sequence_codes
from replisome.studies.rnacompete.task import open_task
from replisome.training.new_data import Beside, joined

CPU = torch.device("cpu")
ONE, TWO = "RNCMPT00001", "RNCMPT00002"


@pytest.fixture
def prepared(tmp_path, probe_table):
    """Prepare a small table of two experiments in an encoding, with its data card, and open its task."""

    def prepared(encoding, **more):
        recipe = {"source": {"dataset": "x", "options": {"proteins": ["all"]}}, "encoding": encoding, **more}
        whole = {"split": "official", "normalisation": "training", "protocol": "sound", **recipe}
        made = prepare(whole, {"x": RawFile(probe_table(), {})})
        for split, (table, metadata) in made.tables.items():
            write_parquet(tmp_path / f"{split}.parquet", table, metadata)
        write_json(tmp_path / "stats.json", made.statistics)
        write_json(tmp_path / "card.json", made.card)
        return open_task(tmp_path)

    return prepared


@pytest.mark.parametrize("encoding", ["onehot", "kmer3", "kmer6"])
def test_given_rnas_become_what_the_split_gives_of_them_in_the_same_batches(tmp_path, prepared, encoding):
    task = prepared(encoding)
    table, metadata = read_parquet(task.recipe / "test.parquet")
    stored = column_array(table, "input", tuple(metadata["shape"]))
    sequences = decode_bases(sequence_codes(stored, task.tokens))
    path = tmp_path / "rnas.fa"
    path.write_text("".join(f">{n}\n{sequence.replace('U', 't')}\n" for n, sequence in enumerate(sequences)))
    split, beside = task.load("test", CPU), Beside()
    batches = list(new_data.read(task, [path], 16, CPU, beside))
    assert [len(batch.inputs) for batch in batches] == [16, 16, 8]
    wanted, _ = split.batch(torch.arange(40))
    given = torch.cat([batch.inputs for batch in batches])
    assert given.dtype == wanted.dtype
    assert torch.equal(given, wanted)
    assert [name for batch in batches for name in batch.names["sequence"]] == sequences
    assert batches[0].targets.shape == (16, 2)
    assert batches[0].targets.isnan().all()
    assert beside.said["rnas_with_unknown_bases"] == 0
    assert "notes" not in beside.said


def test_unknown_bases_are_counted_and_said(tmp_path, prepared):
    path, other, beside = tmp_path / "a.txt", tmp_path / "b.txt", Beside()
    path.write_text("ACGUACGUACGU\nACGUNACGUACGU\n")
    other.write_text("mine\tACGRACGUACGU\n")
    (batch,) = new_data.read(prepared("onehot"), [path, other], 100, CPU, beside)
    assert batch.names["name"].tolist() == ["line 1", "line 2", "mine"]
    assert beside.said["rnas_with_unknown_bases"] == 2
    assert beside.said["notes"][0].startswith("RNAs with letters other than A, C, G, U and T: 2.")
    assert [one["experiment"] for one in beside.said["proteins"]] == [ONE, TWO]


def test_intensities_are_what_the_recipe_scaled_within_what_it_knows(prepared):
    task = prepared("onehot")
    by = [targets.Scaling(**one) for one in task.statistics["targets"]["train"]]
    intensities = np.stack([np.linspace(one.floor, one.clip, 5) for one in by], axis=1)
    scaled = np.stack([targets.apply(intensities[:, k], one) for k, one in enumerate(by)], axis=1).astype(np.float32)
    found = new_data.answers(task, scaled, "affinity")
    assert found["affinity"] is scaled
    assert found["intensity"] == pytest.approx(intensities, rel=1e-5)
    far = new_data.answers(task, np.full((1, 2), 1e6, np.float32), "affinity")["intensity"]
    assert far[0] == pytest.approx([one.clip for one in by])


def answer(n, proteins, networks=1):
    values = {name: np.full((n, proteins), 0.5, np.float32) for name in ("affinity", "intensity")}
    return joined([values] * networks, {name: np.array([name] * n, object) for name in ("name", "sequence")})


def test_the_table_has_a_column_a_protein_and_of_several_networks_their_spread(prepared):
    task = prepared("onehot")
    one, two = new_data.tabulate(task, iter([answer(2, 2), answer(1, 2)]), Beside())
    columns = [f"{kind}.{name}" for name in (ONE, TWO) for kind in ("affinity", "intensity")]
    assert one.column_names == two.column_names == ["name", "sequence", *columns]
    assert (len(one), len(two)) == (2, 1)
    assert one.schema.field(f"affinity.{ONE}").type == pa.float32()
    (several,) = new_data.tabulate(task, iter([answer(2, 2, networks=3)]), Beside())
    assert several.column_names[2:] == [f"{name}{end}" for name in columns for end in ("", "_sd")]


def test_of_proteins_that_training_never_saw_there_is_no_intensity(prepared):
    task, beside = prepared("onehot"), Beside()
    write_json(task.recipe / "card.json", {"unseen": [TWO]})
    (table,) = new_data.tabulate(task, iter([answer(1, 2)]), beside)
    assert table.column_names[2:] == [f"affinity.{ONE}", f"intensity.{ONE}", f"affinity.{TWO}"]
    assert beside.said["notes"] == ["Training never saw 1 of the proteins: of these there are affinities alone."]
    (task.recipe / "card.json").unlink()
    beside = Beside()
    (table,) = new_data.tabulate(task, iter([answer(1, 2)]), beside)
    assert table.column_names[2:] == [f"affinity.{ONE}", f"affinity.{TWO}"]
    assert "no intensities are given" in beside.said["notes"][0]

"""Asked about its own test split as a user's files, a finished run says what its evaluation said, bit for bit."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from replisome import load_model
from replisome.commands import door
from replisome.data.encode.aminoacids import ALPHABET
from replisome.data.encode.bases import decode_bases
from replisome.data.parquet import column_array, read_parquet
from replisome.studies.proteinnet.task import LARGEST
from replisome.studies.rnacompete.data import sequence_codes
from replisome.training.predict import predict

torch.set_num_threads(1)  # as many as evaluations have: sums of more may differ in the last digit


def evaluated_runs(study):
    """Return one seed of each model and recipe that was evaluated."""
    found = {}
    for folder in sorted(study.glob("*/runs/*/*/seed=*/test/predictions.parquet")):
        found.setdefault((folder.parents[5].name, folder.parents[3].name), folder.parents[1])
    return sorted(found.values())


def evaluated(run):
    """Return what the evaluation kept of the test split, and of which weights."""
    weights = json.loads((run / "test" / "metrics.json").read_text())["weights"]
    table = read_parquet(run / "test" / "predictions.parquet")[0].to_pandas()
    return weights, table[(table["split"] == "test") & (table["weights"] == weights)]


def as_fasta(recipe, path):
    table, metadata = read_parquet(recipe / "test.parquet")
    stored = column_array(table, "input", tuple(metadata["shape"]))
    sequences = decode_bases(sequence_codes(stored, metadata["tokens"]))
    path.write_text("".join(f">probe{number}\n{sequence}\n" for number, sequence in enumerate(sequences)))
    return sequences


def as_records(recipe, path):
    """Write a recipe's test chains as ProteinNet's text, without structures; return their names."""
    chains = read_parquet(recipe / "test.parquet")[0].to_pandas()
    with path.open("w") as handle:
        for chain in chains.itertuples():
            rows = [" ".join(f"{value:.9g}" for value in row) for row in chain.profile.reshape(-1, 21).T]
            letters = "".join(ALPHABET[code] for code in chain.letters)
            handle.write("\n".join(["[ID]", chain.id, "[PRIMARY]", letters, "[EVOLUTIONARY]", *rows, "", ""]))
    return chains["id"].tolist()


def test_every_model_says_of_probes_in_fasta_what_its_evaluation_said(demo, tmp_path):
    runs = evaluated_runs(demo / "rnacompete")
    assert {run.parents[1].name for run in runs} >= {"kmer_ridge", "pwm_scan", "bilstm", "cnn1d"}
    for run in runs:
        path = tmp_path / f"{run.parents[3].name}.fa"
        sequences = as_fasta(run.parents[3], path)
        weights, wanted = evaluated(run)
        network = load_model(run, weights)
        table = network.predict(path)
        assert table["sequence"].tolist() == sequences, run
        found = table[[f"affinity.{experiment}" for experiment in network.task.experiments]].to_numpy()
        np.testing.assert_array_equal(found, np.stack(wanted["predicted"].tolist()).reshape(found.shape), str(run))
    few = network.answers(path, batch_size=7)["affinity"]
    np.testing.assert_allclose(few, found, rtol=0, atol=1e-6)


def test_every_model_says_of_chains_in_records_what_its_evaluation_said(demo, tmp_path):
    runs = evaluated_runs(demo / "proteinnet")
    assert {run.parents[1].name for run in runs} >= {"conv_attention", "pair_resnet", "separation_table"}
    for run in runs:
        path = tmp_path / f"{run.parents[3].name}.txt"
        names = as_records(run.parents[3], path)
        weights, wanted = evaluated(run)
        network = load_model(run, weights)
        found = network.answers(path)["distance"]
        assert network.predict(path)["name"].tolist() == names
        split = network.task.load("test", network.device)
        np.testing.assert_array_equal(found, predict(network.module, network.task, split).outputs, str(run))
        kept = found.clip(-LARGEST, LARGEST).astype(np.float16)  # as evaluations keep distances
        np.testing.assert_array_equal(kept, np.stack(wanted["distances"].tolist()), str(run))
    few = network.answers(path, batch_size=3)["distance"]
    np.testing.assert_allclose(few, found, rtol=1e-6, atol=1e-6)


def test_the_seeds_of_a_model_are_asked_together_and_their_maps_averaged(demo, tmp_path):
    seeds = sorted((demo / "proteinnet" / "control" / "runs").glob("pair_resnet/*/seed=*"))
    names = as_records(seeds[0].parents[3], tmp_path / "all.txt")[:2]
    path = tmp_path / "two.txt"
    records = (tmp_path / "all.txt").read_text().split("[ID]\n")
    path.write_text("[ID]\n" + "[ID]\n".join(records[1:3]))
    assert door.main(["predict", str(seeds[0]), str(path), "-o", str(tmp_path / "out.csv"), "--ensemble"]) == 0
    each = np.stack([load_model(seed).answers(path)["distance"] for seed in seeds]).astype(np.float64)
    table, pairs = pd.read_csv(tmp_path / "out.csv"), load_model(seeds[0]).task.pairs
    assert table["name"].tolist() == names
    with np.load(tmp_path / "out.npz") as maps, np.load(tmp_path / "out.sd.npz") as spread:
        for number, row in enumerate(table.itertuples()):
            inside = pairs.second < row.residues
            first, second = pairs.first[inside], pairs.second[inside]
            own = each[:, number, inside]
            np.testing.assert_allclose(maps[row.name][first, second], own.mean(axis=0), rtol=1e-6)
            np.testing.assert_allclose(spread[row.name][second, first], own.std(axis=0, ddof=1), rtol=1e-5)
            assert row.distance == pytest.approx(own.mean())
            assert row.distance_sd == pytest.approx(own.mean(axis=1).std(ddof=1))
            assert (tmp_path / row.map).is_file()


@pytest.mark.parametrize(("study", "message"), [("rnacompete", "base 2 is '-'"), ("proteinnet", "no column residue")])
def test_the_command_refuses_what_does_not_fit_and_leaves_nothing_behind(demo, tmp_path, capsys, study, message):
    path = tmp_path / "given.txt"
    path.write_text("A-CDEFGHIKLM\n")
    assert door.main(["predict", str(evaluated_runs(demo / study)[0]), str(path), "-o", str(tmp_path / "out.csv")]) == 1
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]

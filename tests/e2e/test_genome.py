"""The genome study from end to end: what it leaves, that its controls behave, and what real genomes give."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from conftest import Workflow

from replisome import studies
from replisome.io import read_parquet

TABLES = "results/demo/genome/tables"


@pytest.fixture
def results(finished_genome):
    return finished_genome / "results" / "demo"


def test_every_table_figure_and_caption_is_in_the_report(results):
    page = (results / "report.html").read_text()
    study = studies.get("genome")
    for name in [*study.tables, *study.figures]:
        assert page.count(f'id="genome-{name}"') == 1
    for name in sorted(study.tables.keys() - {"losses"}):  # which speaks of real data only
        assert len(pd.read_csv(results / "genome" / "tables" / f"{name}.csv")) > 0, name
    assert "best possible bits_per_base" in page


def test_scores_are_those_of_the_predictions(results):
    for run in results.glob("genome/*/runs/*/*/seed=0/test"):
        predictions = pd.read_parquet(run / "predictions.parquet")
        metrics = json.loads((run / "metrics.json").read_text())
        bits, right = (np.stack(predictions[name].tolist()) for name in ("bits", "right"))
        assert metrics["n"] == len(predictions)
        assert metrics["scores"]["accuracy"] == pytest.approx(right.mean())
        assert metrics["scores"]["bits_per_base"] == pytest.approx(bits.mean(), rel=1e-5)
        assert metrics["scores"]["loss"] == pytest.approx(bits.mean() * math.log(2), rel=1e-5)


def test_tables_average_the_windows_and_name_size_and_steps(results):
    scores = pd.read_csv(results / "genome" / "tables" / "scores.csv")
    row = scores[(scores["recipe"] == "control") & scores["model"].str.contains("augment")].iloc[0]
    run = "genome/control/runs/char_lstm/augment=reverse_complement+embedding=3+hidden=4+lr=0.01/seed=0/test"
    metrics = json.loads((results / run / "metrics.json").read_text())["scores"]
    assert row["test accuracy (%)"] == pytest.approx(100 * metrics["accuracy"], rel=1e-4)
    assert row["test bits/base"] == pytest.approx(metrics["bits_per_base"], rel=1e-4)
    assert row["test accuracy (%) low"] <= row["test accuracy (%)"] <= row["test accuracy (%) high"]
    assert row["size"] == "embedding 3, hidden 4, augment reverse_complement"
    assert row["budget"] == "4 steps (reduced)"
    sweep = pd.read_csv(results / "genome" / "tables" / "sweeps.csv")
    assert sweep["budget"].tolist() == ["1 step (reduced)", "2 steps (reduced)"]


def test_the_splits_stand_side_by_side_with_what_training_saw(results):
    table = pd.read_csv(results / "genome" / "tables" / "leakage.csv").set_index("recipe")
    assert table.loc["short_reported", "test bases seen in training (%)"] > 99
    assert (table.loc[["short_sound", "short_prefix80"], "test bases seen in training (%)"] == 0).all()
    assert table.loc["genes", "test 24-mers seen in training (%)"] > 0
    assert table.loc["genes_homology", "test 24-mers seen in training (%)"] == 0


def test_codon_positions_average_to_the_whole(results):
    table = pd.read_csv(results / "genome" / "tables" / "codons.csv")
    scores = pd.read_csv(results / "genome" / "tables" / "scores.csv").set_index(["recipe", "model"])
    for key, rows in table.groupby(["recipe", "model"]):
        if key in scores.index:
            share = rows["share of bases (%)"] / 100
            assert share.sum() == pytest.approx(1, rel=1e-4)
            assert (share * rows["test bits/base"]).sum() == pytest.approx(scores.loc[key, "test bits/base"], rel=1e-3)


def test_tokens_are_stored_once_for_all_splits(results):
    recipe = results / "genome" / "control_kmer4"
    tokens, metadata = read_parquet(recipe / "tokens.parquet")
    assert (metadata["k"], metadata["tokens"], metadata["alphabet"]) == (4, 256, "ACGT")
    assert len(tokens) == 4000 - 3
    assert read_parquet(recipe / "train.parquet")[0].column_names == ["start"]


def test_missing_tokens_prepare_the_recipe_again(finished_genome, tmp_path):
    import shutil  # noqa: PLC0415 (this test alone needs a copy)

    copy = tmp_path / "genome"
    shutil.copytree(finished_genome, copy, symlinks=True)
    work = Workflow(copy, "genome")
    assert work.pending("genome") == {}
    work.edit("workflow/src/replisome/studies/genome/overlap.py", "SHARED = 24", "SHARED = 20")
    pending = work.pending("genome")
    assert pending["prepare_with_tokens"] == 7
    assert pending["train"] == 10


def test_the_controls_behave_as_their_entropy_says(fresh):
    """The demo's own settings: counts and LSTM near the entropy, memory below it, repeats leak."""
    demo = Workflow(fresh.root, "genome")
    done = demo.run(f"{TABLES}/scores.csv", overrides={})
    assert done.returncode == 0, done.stdout
    scores = pd.read_csv(demo.root / TABLES / "scores.csv").set_index("recipe")
    counts = pd.read_csv(demo.root / TABLES / "baselines.csv").query("recipe == 'control'")
    card = json.loads((demo.root / "results/demo/genome/control/card.json").read_text())
    rate = card["ceiling"]["expected"]
    assert abs(scores.loc["control", "test bits/base"] - rate) < 0.02
    assert abs(counts["test bits/base"].min() - rate) < 0.02
    assert scores.loc["short_reported", "test bits/base"] < rate - 0.5
    assert scores.loc["short_sound", "test bits/base"] > rate
    assert scores.loc["short_prefix80", "test bits/base"] > rate
    leak = pd.read_csv(demo.root / TABLES / "leakage.csv").set_index("recipe")
    possible = leak["best possible bits/base"]
    assert leak.loc["genes", "test bits/base"] < possible["genes"] - 0.2
    assert leak.loc["genes_homology", "test bits/base"] > possible["genes_homology"]
    same = pd.read_csv(demo.root / TABLES / "same_choice.csv").iloc[0]
    assert same["probability on those (%)"] > 95
    assert abs(same["test accuracy (%)"] - same["its accuracy (%)"]) < 2


@pytest.mark.real_data
def test_counts_on_a_real_genome_give_the_known_numbers(fresh, real_data):
    fresh.study = "genome"
    runs = [f"results/t/genome/prefix80/runs/{name}/seed=0/test/metrics.json" for name in
            ("context_counts/k=6", "context_mix/both_strands=true")]  # fmt: skip
    done = fresh.run(*runs, preset="quick", overrides={}, mirror=str(real_data), results_dir="results/t")
    assert done.returncode == 0, done.stdout
    counts, mix = (json.loads((fresh.root / run).read_text())["scores"] for run in runs)
    assert counts["accuracy"] == pytest.approx(0.344, abs=0.002)
    assert counts["bits_per_base"] == pytest.approx(1.934, abs=0.003)
    assert mix["bits_per_base"] <= 1.905

"""The genome study from end to end: what it leaves, that its controls behave, and what real genomes give."""

import copy
import json
import math
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import shown_on
from planning import refused
from tiny_workflow import TINY, Workflow

from replisome.analysis.results import StudyResults
from replisome.config import declared
from replisome.config.plan import StudyPlan
from replisome.data.parquet import read_parquet
from replisome.studies.genome.tables.scores import scores

TABLES = "results/demo/genome/tables"


@pytest.fixture
def results(finished_genome):
    return finished_genome / "results" / "demo"


def test_every_table_figure_and_caption_is_in_the_report(results):
    page = (results / "report.html").read_text()
    tables, figures = declared.tables("genome"), declared.figures("genome")
    absent = {"losses", "windows", "depth", "searches"}  # of real data, or of experiments that the demo does not have
    assert set(tables) - set(shown_on(page, "genome", tables, figures)) == absent
    for name in sorted(tables.keys() - absent):
        assert len(pd.read_csv(results / "genome" / "tables" / f"{name}.csv")) > 0, name
    assert "best possible bits/base" in page


def test_scores_are_those_of_the_predictions(results):
    for run in results.glob("genome/*/runs/*/*/seed=0/test"):
        predictions = pd.read_parquet(run / "predictions.parquet").query("split == 'test'")
        metrics = json.loads((run / "metrics.json").read_text())
        predictions = predictions[predictions["weights"] == metrics["weights"]]
        bits, right = (np.stack(predictions[name].tolist()) for name in ("bits", "right"))
        assert metrics["n"] == len(predictions)
        assert metrics["scores"]["accuracy"] == pytest.approx(right.mean())
        assert metrics["scores"]["bits_per_base"] == pytest.approx(bits.mean(), rel=1e-5)
        assert metrics["scores"]["loss"] == pytest.approx(bits.mean() * math.log(2), rel=1e-5)


def test_tables_average_the_windows_and_name_size_and_steps(results):
    table = pd.read_csv(results / "genome" / "tables" / "scores.csv")
    row = table[(table["recipe"] == "control") & table["model"].str.contains("augment")].iloc[0]
    run = "genome/control/runs/char_lstm/augment=reverse_complement+embedding=3+hidden=4+lr=0.01/seed=0/test"
    metrics = json.loads((results / run / "metrics.json").read_text())["scores"]
    assert row["test accuracy (%)"] == pytest.approx(100 * metrics["accuracy"], rel=1e-4)
    assert row["test bits/base"] == pytest.approx(metrics["bits_per_base"], rel=1e-4)
    assert np.isnan(row["test accuracy (%) low"])  # one seed has no interval; counting has
    counts = pd.read_csv(results / "genome" / "tables" / "baselines.csv").query("recipe == 'control'").iloc[0]
    assert counts["test accuracy (%) low"] <= counts["test accuracy (%)"] <= counts["test accuracy (%) high"]
    assert row["size"] == "embedding 3, hidden 4, augment reverse_complement"
    assert row["budget"] == "4 steps (reduced)"
    sweep = pd.read_csv(results / "genome" / "tables" / "sweeps.csv")
    assert sweep["budget"].tolist() == ["1 step (reduced)", "2 steps (reduced)"]


def test_scores_follow_what_an_experiment_selects_by(results):
    settings = json.loads((results / "genome/tables/study.json").read_text())
    for block in settings["experiments"].values():
        block["select"] = {"metric": "loss"}
    metrics = read_parquet(results / "genome/tables/metrics.parquet")[0].to_pandas()
    table = scores(StudyResults(StudyPlan(settings, {}), results, metrics)).set_index("recipe")
    run = results / "genome/short_sound/runs/char_lstm/embedding=3+hidden=4+lr=0.01/seed=0"
    test = json.loads((run / "test/metrics.json").read_text())["scores"]
    validation = json.loads((run / "validation.json").read_text())["last"]
    heading = "cross-entropy (nats a token)"
    assert table.loc["short_sound", f"test {heading}"] == pytest.approx(test["loss"])
    assert table.loc["short_sound", f"validation {heading}"] == pytest.approx(validation["loss"])
    assert {"validation bits/base", "test bits/base", "test accuracy (%)"} <= set(table)


def test_the_splits_stand_side_by_side_with_what_training_saw(results):
    table = pd.read_csv(results / "genome" / "tables" / "leakage.csv").set_index("recipe")
    assert table.loc["short_reported", "test bases seen in training (%)"] > 99
    assert (table.loc[["short_sound", "short_prefix80"], "test bases seen in training (%)"] == 0).all()
    assert table.loc["genes", "test 24-mers seen in training (%)"] > 0
    assert table.loc["genes_homology", "test 24-mers seen in training (%)"] == 0


def test_codon_positions_average_to_the_whole(results):
    table = pd.read_csv(results / "genome" / "tables" / "codons.csv")
    assert {"genes", "genes_homology"} == set(table["recipe"])
    leakage = pd.read_csv(results / "genome" / "tables" / "leakage.csv").set_index("recipe")
    for _, row in table.iterrows():
        places = [name.removeprefix("share at ").removesuffix(" (%)") for name in table if name.startswith("share")]
        share = np.array([row[f"share at {place} (%)"] / 100 for place in places])
        bits = np.array([row[f"bits/base at {place}"] for place in places])
        assert np.nansum(share) == pytest.approx(1, rel=1e-4)
        assert np.nansum(share * bits) == pytest.approx(leakage.loc[row["recipe"], "test bits/base"], rel=1e-3)


def test_tokens_are_stored_once_for_all_splits(results):
    recipe = results / "genome" / "control_kmer4"
    tokens, metadata = read_parquet(recipe / "tokens.parquet")
    assert (metadata["k"], metadata["tokens"], metadata["alphabet"]) == (4, 256, "ACGT")
    assert len(tokens) == 4000 - 3
    assert read_parquet(recipe / "train.parquet")[0].column_names == ["start"]


@pytest.fixture
def copied(finished_genome, tmp_path):
    """A finished workflow to edit."""
    shutil.copytree(finished_genome, tmp_path / "genome", symlinks=True)
    return Workflow(tmp_path / "genome", "genome")


def test_a_second_run_does_nothing_and_an_edited_table_trains_nothing(copied):
    assert copied.pending("genome") == {}
    copied.edit("workflow/src/replisome/studies/genome/tables/scores.py", "SETTLED = 32", "SETTLED = 16")
    assert copied.pending("genome") == {"summarise_genome": 1, "figures_genome": 1, "judge_genome": 1, "genome": 1}


def test_edited_preparation_prepares_every_recipe_and_trains_every_run(copied):
    copied.edit("workflow/src/replisome/studies/genome/reading_frames.py", "SHORTEST = 300", "SHORTEST = 150")
    pending = copied.pending("genome")
    assert pending["prepare_with_tokens"] == 8
    assert pending["train"] == 12


def test_other_steps_in_the_grid_train_only_the_new_run(copied):
    overrides = copy.deepcopy(TINY)
    overrides["genome"]["experiments"]["sweep_steps"]["models"]["char_lstm"]["grid"]["steps"] = [1, 2, 3]
    assert copied.pending("genome", overrides=overrides)["train"] == 1


def test_tested_weights_are_the_last_where_the_experiment_says_so(results, replisome, tmp_path):
    run = results / "genome/short_sound/runs/char_lstm/embedding=3+hidden=4+lr=0.01/seed=0"
    assert json.loads((run / "config.json").read_text())["weights"] == "last"
    data = results / "genome/short_sound"
    done = replisome("evaluate", "--run", run / "config.json", "--data", data, "--weights", run / "last.safetensors",
                     "--out", tmp_path, "--threads", 1)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [json.loads((folder / "metrics.json").read_text())["scores"] for folder in (run / "test", tmp_path)]
    assert found[0] == found[1]
    leakage = pd.read_csv(results / "genome/tables/leakage.csv").set_index("recipe")
    assert leakage.loc["short_sound", "tested at step"] == 4
    chosen = json.loads((results / "genome/selection/protocols/selection.json").read_text())["recipes"]["short_sound"]
    validation = json.loads((run / "validation.json").read_text())
    assert chosen[0]["mean"] == validation["last"]["bits_per_base"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"experiments": {"models": {"budget": {"epochs": 2}}}}, "give either 'epochs', or 'steps' and 'every'"),
        ({"experiments": {"models": {"budget": {"every": None}}}}, "give either 'epochs'"),
        (
            {"experiments": {"models": {"models": {"char_lstm": {"grid": {"steps": ["many"]}}}}}},
            "'steps' is a whole number",
        ),
        ({"experiments": {"models": {"training": {"augment": "flips"}}}}, "study 'genome' has no 'flips'"),
        ({"experiments": {"models": {"weights": "worst"}}}, "'worst' is not one of: best, last"),
        ({"recipes": {"control": {"windows": {"length": 0}}}}, "recipes.control.windows.length': 0 is less than"),
        ({"recipes": {"control": {"windows": {"width": 3}}}}, "unknown key 'recipes.control.windows.width'"),
        ({"recipes": {"control": {"encoding": "kmer7"}}}, "'kmer7' is not one of"),
        ({"recipes": {"genes": {"source": {"options": {"order": 3}}}}}, "unknown option 'order'"),
    ],
)
def test_a_configuration_that_cannot_be_is_a_message(change, message):
    refused(message, studies=["genome"], overrides={"genome": change})


def test_caps_hold_steps_wherever_they_stand(fresh):
    fresh.study = "genome"
    overrides = {"genome": {"experiments": {"sweep_steps": {"recipes": ["sound"]}}}}
    done = fresh.run("--dry-run", "--printshellcmds", overrides=overrides, preset="full", max_steps="3", max_seeds="1")
    assert done.returncode == 0, done.stdout
    budgets = {
        tuple(map(int, found)) for found in re.findall(r'"budget":{"every":(\d+),"steps":(\d+)},"curves"', done.stdout)
    }
    assert budgets == {(3, 3)}
    assert "steps=3" in done.stdout
    assert "steps=1000" not in done.stdout


@pytest.mark.parametrize("model", ["bilstm", "cnn1d", "cnn"])
def test_a_model_for_other_data_is_refused(fresh, model):
    fresh.study = "genome"
    overrides = copy.deepcopy(TINY)
    overrides["genome"]["experiments"]["models"]["models"] = {"char_lstm": None, model: {}}
    run = f"results/demo/genome/control/runs/{model}/default/seed=0/validation.json"
    done = fresh.run(run, overrides=overrides)
    assert done.returncode == 1
    assert f"error: {'model' if model == 'cnn' else 'this model'}" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_controls_behave_as_their_entropy_says(demo):
    """The demo's own settings: counts and LSTM near the entropy, memory below it, repeats leak."""
    tables = demo / "genome" / "tables"
    tested = pd.read_csv(tables / "scores.csv").set_index("recipe")
    counts = pd.read_csv(tables / "baselines.csv").query("recipe == 'control'")
    card = json.loads((demo / "genome/control/card.json").read_text())
    rate = card["ceiling"]["expected"]
    assert abs(tested.loc["control", "test bits/base"] - rate) < 0.02
    assert abs(counts["test bits/base"].min() - rate) < 0.02
    assert tested.loc["short_reported", "test bits/base"] < rate - 0.5
    assert tested.loc["short_sound", "test bits/base"] > rate
    assert tested.loc["short_prefix80", "test bits/base"] > rate
    leak = pd.read_csv(tables / "leakage.csv").set_index("recipe")
    possible = leak["oracle without memory, bits/base"]
    assert leak.loc["genes", "test bits/base"] < possible["genes"] - 0.2
    assert leak.loc["genes_homology", "test bits/base"] > possible["genes_homology"]
    same = pd.read_csv(tables / "same_choice.csv").iloc[0]
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

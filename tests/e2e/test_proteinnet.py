"""The proteinnet study from end to end: what it leaves, that its control behaves, and what real chains give."""

import copy
import gzip
import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import shown_on
from planning import refused
from proteinnet_records import LETTERS, chain_file, record
from tiny_workflow import TINY, Workflow

from replisome.config import declared
from replisome.studies.proteinnet.metrics import Pairs, errors, lddt, true_distances

TABLES = "results/demo/proteinnet/tables"


@pytest.fixture
def results(finished_proteinnet):
    return finished_proteinnet / "results" / "demo"


@pytest.fixture
def copied(finished_proteinnet, tmp_path):
    """A finished workflow to edit."""
    shutil.copytree(finished_proteinnet, tmp_path / "proteinnet", symlinks=True)
    return Workflow(tmp_path / "proteinnet", "proteinnet")


def table(results, name):
    return pd.read_csv(results / "proteinnet" / "tables" / f"{name}.csv")


def test_every_table_figure_and_caption_is_in_the_report(results):
    page = (results / "report.html").read_text()
    tables, figures = declared.tables("proteinnet"), declared.figures("proteinnet")
    absent = {"reported_losses", "searches"}  # epochs not reached; no search
    assert set(tables) - set(shown_on(page, "proteinnet", tables, figures)) == absent
    for name in sorted(tables.keys() - absent):
        assert len(table(results, name)) > 0, name
    assert "best possible RMSE" in page


def test_scores_are_those_of_the_predicted_maps(results):
    tested = list(results.glob("proteinnet/*/runs/*/*/seed=*/test"))
    assert len(tested) == 12
    pairs = Pairs.of(16)
    for run in tested:
        recipe = pd.read_parquet(run.parents[4] / "test.parquet")
        true = np.stack(
            [
                true_distances(np.reshape(row["ca"], (-1, 3))[:16], np.asarray(row["known"])[:16], pairs)
                for _, row in recipe.iterrows()
            ]
        )
        predictions = pd.read_parquet(run / "predictions.parquet").query("split == 'test'")
        predictions = predictions[predictions["weights"] == json.loads((run / "metrics.json").read_text())["weights"]]
        predicted = np.stack(predictions["distances"].tolist()).astype(float)
        scores = json.loads((run / "metrics.json").read_text())["scores"]
        found = errors(predicted, true)
        assert scores["rmse"] == pytest.approx(found.rmse, rel=2e-3)  # maps are kept in half precision
        assert scores["paper_loss"] == pytest.approx(found.paper_loss.mean(), rel=4e-3)
        assert scores["lddt"] == pytest.approx(np.nanmean(lddt(predicted, true)), abs=0.01)
        assert np.stack(predictions["squared"].tolist()).sum() == pytest.approx(found.squared.sum(), rel=4e-3)
        assert np.stack(predictions["pairs"].tolist()).sum() == found.pairs.sum()


def test_both_measures_stand_side_by_side_for_every_model(results):
    measures = table(results, "measures").set_index(["recipe", "model"])
    for recipe in ("control", "control_reported"):
        zeros, by_separation = (measures.loc[(recipe, name)] for name in ("zeros", "table by separation"))
        assert zeros["loss over zeros'"] == by_separation["loss over the table's"] == 1
        assert by_separation["loss over zeros'"] == pytest.approx(
            by_separation["test report C's loss (10^9 pm^2)"] / zeros["test report C's loss (10^9 pm^2)"], rel=1e-4
        )
    runs = results.glob("proteinnet/control_reported/runs/conv_simple/default/seed=*/test/metrics.json")
    losses = [json.loads(path.read_text())["scores"]["paper_loss"] for path in runs]
    assert len(losses) == 2
    simple = measures.loc[("control_reported", "simple")]
    assert simple["test report C's loss (10^9 pm^2)"] == pytest.approx(np.mean(losses) / 1e9, rel=1e-4)
    assert simple["test report C's loss (10^9 pm^2) low"] <= simple["test report C's loss (10^9 pm^2)"]
    assert measures["report C, this model, last epoch"].isna().all()  # a control has nothing of the report's


def test_tables_have_what_the_claims_need(results):
    epochs = table(results, "epochs").set_index(["recipe", "model"])
    lengths = {name: epochs.loc[("control_reported", name), "epochs"] for name in ("improved", "improved, long run")}
    assert lengths == {"improved": 3, "improved, long run": 5}
    simple = epochs.loc[("control_reported", "simple")]
    history = [
        pd.read_parquet(path)["validation_paper_loss"]
        for path in sorted(results.glob("proteinnet/control_reported/runs/conv_simple/default/seed=*/history.parquet"))
    ]
    best = [int(curve.argmin()) + 1 for curve in history]
    assert simple["best epoch"] == pytest.approx(np.mean(best))
    assert simple["best epoch of each seed"] == " ".join(map(str, best))
    spread = table(results, "spread").query("model == 'simple' and split == 'validation'").iloc[0]
    last = [curve.iloc[-1] / 1e9 for curve in history]
    assert spread["least"] == pytest.approx(min(last), rel=1e-5)
    assert spread["standard deviation"] == pytest.approx(np.std(last, ddof=1), rel=1e-4)
    assert (table(results, "training").query("model == 'simple'")["micro-batch"] == 5).all()
    compared = set(table(results, "differences").query("recipe == 'control'")["compared with"])
    assert compared == {"table by separation", "zeros"}


def test_errors_by_separation_add_up_to_the_whole(results):
    scores = table(results, "scores").set_index(["recipe", "model"])
    classes = table(results, "separations").set_index(["recipe", "model"])
    names = [name for name in classes if name.endswith("apart (A)")]
    for key, row in scores.iterrows():
        predictions = next(
            results.glob(f"proteinnet/{key[0]}/runs/pair_resnet/*/seed=0/test/predictions.parquet"), None
        )
        if key[1] != "pair_resnet" or predictions is None:
            continue
        tested = pd.read_parquet(predictions).query("split == 'test'")
        pairs = np.stack(tested["pairs"].tolist()).sum(axis=0)
        counts = [pairs[:5].sum(), pairs[5:11].sum(), pairs[11:].sum()]
        errors_by = [classes.loc[key, name] for name in names[:3]]
        assert np.sqrt(np.average(np.square(errors_by), weights=counts)) == pytest.approx(
            row["test RMSE (A)"], rel=1e-4
        )
        return
    pytest.fail("no tested pairwise network")


def test_each_protein_has_a_row_for_each_model(results):
    rows = table(results, "proteins")
    assert set(rows.groupby(["recipe", "model"]).size()) <= {7, 14}
    assert set(rows["protein"]) == {f"test_{number}" for number in range(1, 8)}
    scores = table(results, "scores").query("model == 'pair_resnet'").iloc[0]
    own = rows.query("model == 'pair_resnet'")
    assert own["dRMSD (A)"].mean() == pytest.approx(scores["test dRMSD (A)"], rel=1e-4)


def test_a_second_run_does_nothing_and_an_edited_model_trains_only_its_runs(copied):
    assert copied.pending("proteinnet") == {}
    copied.edit("workflow/src/replisome/models/pair_resnet.py", "FARTHEST = 3.0", "FARTHEST = 2.5")
    assert copied.pending("proteinnet")["train"] == 1


def test_named_chains_are_drawn_and_only_tables_and_figures_run_again(copied):
    named = copy.deepcopy(TINY)
    named["proteinnet"]["show"] = ["test_2", "test_5"]
    pending = copied.pending("proteinnet", overrides=named)
    assert pending == {"summarise_proteinnet": 1, "figures_proteinnet": 1, "judge_proteinnet": 1, "proteinnet": 1}
    done = copied.run("proteinnet", overrides=named)
    assert done.returncode == 0, done.stdout
    pages = (copied.root / "results/demo/proteinnet/figures").glob("maps*.svg")
    drawn = "".join(page.read_text() for page in pages)
    assert drawn.count("test_2") == drawn.count("test_5") == 2  # once a recipe
    named["proteinnet"]["show"] = ["test_99"]
    done = copied.run("proteinnet", overrides=named)
    assert done.returncode == 1
    assert "key 'show': no test chain 'test_99'" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipes": {"control": {"crop": 4}}}, "key 'recipes.control.crop': 4 is less than the minimum of 8"),
        ({"recipes": {"control": {"windows": {}}}}, "unknown key 'recipes.control.windows'"),
        ({"recipes": {"control": {"split": "random"}}}, "'random' is not one of"),
        ({"recipes": {"control": {"source": {"options": {"jiter": 3}}}}}, "unknown option 'jiter'; did you mean"),
        ({"experiments": {"sound_loss": {"training": {"augment": "random_corp"}}}}, "did you mean 'random_crop'"),
        ({"experiments": {"beyond": {"training": {"micro_batch": 0}}}}, "micro_batch': 0 is less than"),
        ({"experiments": {"beyond": {"select": {"metric": "rsme"}}}}, "unknown metric 'rsme'; did you mean 'rmse'"),
    ],
)  # fmt: skip
def test_a_configuration_that_cannot_be_is_a_message(change, message):
    refused(message, studies=["proteinnet"], overrides={"proteinnet": change})


def test_a_crop_that_a_model_cannot_take_is_said_by_its_job(fresh):
    fresh.study = "proteinnet"
    overrides = copy.deepcopy(TINY)
    overrides["proteinnet"]["recipes"]["control_reported"]["crop"] = 20
    run = (
        "results/demo/proteinnet/control_reported/runs/conv_attention/activation=leaky_relu+attention=true+dropout=0.0"
    )
    done = fresh.run(f"{run}/seed=0/validation.json", overrides=overrides)
    assert done.returncode == 1
    assert "error: model 'conv_attention' lays out its features in rows" in done.stdout
    assert "Traceback" not in done.stdout


def test_one_epoch_a_diverged_run_and_models_of_one_name(fresh):
    """What a short trial of one's own grid may hold reaches the report, each variant with a name of its own."""
    fresh.study = "proteinnet"
    overrides = copy.deepcopy(TINY)
    experiments = overrides["proteinnet"]["experiments"]
    for name in ("improved", "long_run", "sound_loss", "beyond"):
        experiments[name] = None
    experiments["simple"] = {
        "models": {"conv_simple": {"grid": {"lr": [0.001, 1e30]}}}, "seeds": 1, "select": {"metric": "drmsd"}
    }  # fmt: skip
    done = fresh.run(overrides=overrides, max_epochs="1", max_seeds="1")
    assert done.returncode == 0, done.stdout
    measures = pd.read_csv(fresh.root / TABLES / "measures.csv").query("recipe == 'control_reported'")
    assert {"simple (lr=0.001)", "simple (lr=1e30)", "no dropout"} <= set(measures["model"])
    assert measures["model"].is_unique
    scores = pd.read_csv(fresh.root / TABLES / "scores.csv").set_index(["recipe", "model"])
    chosen = scores["validation dRMSD (A)"].notna()  # tables show the score that is selected by
    assert chosen["control_reported", "simple (lr=0.001)"]
    assert not chosen["control_reported", "zeros"]


def test_the_stand_in_comes_with_its_companions_and_says_what_it_is(fresh, tmp_path):
    """Three text files in a mirror take the place of an archive, all three or none."""
    fresh.study = "proteinnet"
    mirror = tmp_path / "mirror"
    (mirror / "proteinnet").mkdir(parents=True)
    sums = {}
    for name, count, first in (("training_30", 4, 0), ("validation", 2, 4), ("testing", 2, 8)):
        rng = np.random.default_rng(count)
        walks = np.cumsum(rng.standard_normal((count, 12, 3)) * 220, axis=1)
        parts = [record(f"{name}{k}", LETTERS[first : first + 12], ca=walk) for k, walk in enumerate(walks)]
        path = chain_file(mirror / "proteinnet" / f"{name}.gz", *parts)
        sums[name] = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
    ledger = fresh.root / "config" / "datasets.yaml"
    text = ledger.read_text()
    for old, new in (
        ("1caa82079a68bd926b92ac7f835d32f83a70ddfd38ca36c8feba1e7c5763320f", sums["training_30"]),
        ("760adfa731f49c84c66628ad11277abc08e95e217d1cf4f0ffcf38fa4a78a040", sums["validation"]),
        ("4383314056dabb29a9c4262b5dc84194b875717dc8df393dab3e8fddd263c2cf", sums["testing"]),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    ledger.write_text(text)
    card = "results/demo/proteinnet/sound/card.json"
    options = {"preset": "quick", "mirror": str(mirror), "stand_ins": "True"}
    done = fresh.run(card, overrides={}, **options)
    assert done.returncode == 0, done.stdout
    found = json.loads((fresh.root / card).read_text())
    assert found["counts"] == {"train": 4, "validation": 2, "test": 2}
    assert found["origin"]["stand_in"].startswith("544 training")
    assert {companion["file"] for companion in found["companions"]} == {"validation.gz", "testing.gz"}
    (mirror / "proteinnet" / "testing.gz").unlink()
    shutil.rmtree(fresh.root / "resources")
    shutil.rmtree(fresh.root / "results")
    done = fresh.run(card, overrides={}, **options)
    assert done.returncode == 1
    assert "data set 'proteinnet-chains-testing': testing.gz could not be had" in done.stdout


def test_the_control_is_ordered_and_every_model_learns(demo):
    """The demo's own settings: zeros worse than the table, the table worse than the oracle, a network between them."""
    tables = demo / "proteinnet" / "tables"
    scores = pd.read_csv(tables / "scores.csv").set_index(["recipe", "model"])["test RMSE (A)"]
    for recipe in ("control", "control_reported"):
        card = json.loads((demo / "proteinnet" / recipe / "card.json").read_text())
        oracle = card["ceiling"]["oracle_on_this_draw"]["test"]
        assert scores[recipe, "zeros"] > scores[recipe, "table by separation"] > oracle
        assert abs(oracle - card["ceiling"]["expected"]) < 0.5
    assert scores["control", "pair_resnet"] < scores["control", "table by separation"] - 0.5
    curves = pd.read_parquet(tables / "metrics.parquet").query(
        "split == 'validation' and metric == 'loss' and role == 'curve'"
    )
    runs = curves.sort_values("epoch").groupby(["recipe", "model", "hyperparameters", "seed"])["value"]
    learned = [curve for _, curve in runs if len(curve) > 1]
    assert len(learned) == 10  # three networks with three seeds, one with one
    assert all(curve.min() < 0.7 * curve.iloc[0] for curve in learned)


def test_the_second_network_learns_on_the_control_too(fresh):
    """With dropout that takes more steps than the demo has: at first they do no more than use its noise."""
    fresh.study = "proteinnet"
    ablations = {"dropout": [0.2], "activation": ["leaky_relu"], "attention": [True]}
    experiments = {
        name: {
            "description": "the second network on the control, batches of 8",
            "recipes": ["control_reported"],
            "models": {"conv_attention": {"grid": {**ablations, **own}}},
            "training": {"batch_size": 8, "lr": 0.005},
            "budget": {"epochs": 18},
            "seeds": 1,
            "select": {"metric": "paper_loss"},
            "test": "all",
        }
        for name, own in (("improved", {}),)
    }
    selections = [f"results/demo/proteinnet/selection/{name}/selection.json" for name in experiments]
    done = fresh.run(*selections, overrides={"proteinnet": {"experiments": experiments}})
    assert done.returncode == 0, done.stdout
    trained = list(fresh.root.glob("results/demo/proteinnet/*/runs/conv_attention/*/seed=0/history.parquet"))
    assert len(trained) == 1
    for path in trained:
        curve = pd.read_parquet(path)["validation_loss"]
        assert curve.min() < 0.7 * curve.iloc[0], path


@pytest.mark.real_data
def test_tables_on_real_chains_give_the_known_numbers(fresh, real_data):
    fresh.study = "proteinnet"
    runs = [f"results/t/proteinnet/reported/runs/{name}/seed=0/test/metrics.json" for name in
            ("zeros/default", "separation_table/classes=1")]  # fmt: skip
    own = {"preset": "quick", "results_dir": "results/t", "stand_ins": "True"}
    whole = {"proteinnet": {"recipes": {"reported": {"crop": 256}}}}
    done = fresh.run(*runs, overrides=whole, mirror=str(real_data), **own)
    assert done.returncode == 0, done.stdout
    zeros, by_separation = (json.loads((fresh.root / run).read_text())["scores"] for run in runs)
    assert zeros["paper_loss"] == pytest.approx(2.48e11, rel=0.005)
    assert by_separation["paper_loss"] == pytest.approx(3.07e10, rel=0.005)
    assert by_separation["rmse"] == pytest.approx(9.28, abs=0.01)  # 9.25 where each residue's distance to itself counts

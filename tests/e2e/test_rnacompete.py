"""The rnacompete study from end to end: what it leaves, and that its control reaches the ceiling."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import shown_on
from scipy.stats import pearsonr, spearmanr

from replisome.config.declared import figures, tables
from replisome.config.schema import read_yaml
from replisome.data.parquet import read_parquet
from replisome.studies.rnacompete.motifs import KNOWN

RUN = "rnacompete/control/runs/bilstm_attention/from=architectures+heads=2/seed=0"


@pytest.fixture
def results(finished_rnacompete):
    return finished_rnacompete / "results" / "demo"


def read_test(folder):
    """Return what a run predicts of the test split with its best weights."""
    return pd.read_parquet(folder / "predictions.parquet").query("split == 'test' and weights == 'best'")


def test_every_table_figure_and_caption_is_in_the_report(results):
    page = (results / "report.html").read_text()
    shown = shown_on(page, "rnacompete", tables("rnacompete"), figures("rnacompete"))
    assert set(tables("rnacompete")) - set(shown) == {"searches"}
    for name in tables("rnacompete").keys() - {"searches"}:  # no grid of the tiny runs is large enough for one
        assert len(pd.read_csv(results / "rnacompete" / "tables" / f"{name}.csv")) > 0, name
    assert "best possible Spearman" in page


def test_test_scores_are_scipys_on_the_predictions(results):
    predictions = read_test(results / RUN / "test")
    measured, predicted = (np.stack(predictions[name].tolist())[:, 0] for name in ("measured", "predicted"))
    scores = json.loads((results / RUN / "test" / "metrics.json").read_text())["scores"]
    assert scores["spearman"] == pytest.approx(spearmanr(measured, predicted)[0])
    assert scores["pearson"] == pytest.approx(pearsonr(measured, predicted)[0])
    assert scores["loss"] == pytest.approx(np.mean((measured - predicted) ** 2), rel=1e-5)


def test_several_proteins_are_scored_each_and_on_average(results):
    folder = results / "rnacompete/control_two/runs/multiprotein/from=architectures+protein=identity/seed=0/test"
    scores = json.loads((folder / "metrics.json").read_text())["scores"]
    predictions = read_test(folder)
    measured, predicted = (np.stack(predictions[name].tolist()) for name in ("measured", "predicted"))
    each = []
    for k in range(2):
        valid = ~np.isnan(measured[:, k])
        each.append(spearmanr(measured[valid, k], predicted[valid, k])[0])
        assert scores[f"spearman.control{k + 1}"] == pytest.approx(each[k])
    assert scores["spearman_mean"] == pytest.approx(np.mean(each))
    valid = ~np.isnan(measured)
    assert scores["spearman"] == pytest.approx(spearmanr(measured[valid], predicted[valid])[0])
    assert scores["loss"] == pytest.approx(np.mean((measured[valid] - predicted[valid]) ** 2), rel=1e-5)


def test_an_explanation_has_the_strongest_validation_probes(results):
    table, metadata = read_parquet(results / RUN / "explanation" / "explanation.parquet")
    frame = table.to_pandas()
    held = read_parquet(results / "rnacompete/control/validation.parquet")[0].to_pandas()
    strongest = held["target"].map(lambda t: t[0]).sort_values(ascending=False).to_numpy()[: len(frame)]
    np.testing.assert_allclose(frame["measured"], strongest)
    effect = np.stack(frame["effect"].tolist()).reshape(len(frame), *metadata["positions"])
    weights = np.stack(frame["attention"].tolist()).reshape(len(frame), *metadata["attention"])
    for row, sequence in enumerate(frame["sequence"]):
        assert [effect[row, at, "ACGU".index(base)] for at, base in enumerate(sequence)] == [0.0] * len(sequence)
        assert np.isnan(effect[row, len(sequence) :]).all()
        np.testing.assert_allclose(weights[row, :, : len(sequence)].sum(axis=1), 1, rtol=1e-5)
    assert len(metadata["kmer_effects"]["control1"]) == 4**6


def test_one_protein_alone_and_beside_others_are_compared_on_the_same_probes(results):
    table = pd.read_csv(results / "rnacompete" / "tables" / "differences.csv")
    assert {"bilstm_attention: heads 2", "kmer_ridge: alpha 100, k 2"} <= set(table["model"])
    assert table["test Spearman, difference"].notna().all()
    low, high = (table[f"test Spearman, difference {bound}"] for bound in ("low", "high"))
    assert (low.isna() | (low <= table["test Spearman, difference"])).all()
    assert (low.isna() == high.isna()).all()


def test_the_motifs_that_the_scan_uses_are_the_known_ones(finished_rnacompete):
    folder = finished_rnacompete / "config" / "studies" / "rnacompete"
    used = read_yaml(folder / "experiments.yaml")["baselines"]["models"]["pwm_scan"]["grid"]["motif"]
    quick = read_yaml(folder / "presets" / "quick.yaml")["experiments"]
    assert used == [KNOWN["RNCMPT00168"]]
    assert quick["baselines"]["models"]["pwm_scan"]["grid"]["motif"] == [KNOWN["RNCMPT00001"]]
    assert quick["baselines_ankhd1"]["models"]["pwm_scan"]["grid"]["motif"] == [KNOWN["RNCMPT00002"]]


def test_the_demo_comes_near_the_oracle_and_finds_the_motif(demo):
    """The demo's own settings: a pipeline that does not get there is broken."""
    folder = demo / "rnacompete"
    oracle = json.loads((folder / "control/card.json").read_text())["ceiling"]
    scores = pd.read_csv(folder / "tables/scores.csv").query("recipe == 'control'").set_index("model")
    assert oracle["oracle_on_this_draw"]["validation"] - scores["validation Spearman"].max() < 0.03
    assert oracle["oracle_on_this_draw"]["test"] - scores["test Spearman"].max() < 0.03
    assert scores["test Spearman"].max() < oracle["oracle_on_this_draw"]["test"] + 0.01
    attentive = next((folder / "control/runs/bilstm_attention").glob("*/*/explanation"))
    table, metadata = read_parquet(attentive / "explanation.parquet")
    weights = np.stack(table.column("attention").to_pylist()).reshape(len(table), *metadata["attention"])
    assert weights.max(axis=2).mean() > 3 / weights.shape[2]  # they rest somewhere; equal ones would say nothing
    motifs = pd.read_csv(folder / "tables/motifs.csv")
    assert (motifs["by mutagenesis"] == motifs["known motif"]).all()
    assert set(motifs["known motif"]) == {"UGCAUG", "AGACGU"}


@pytest.mark.real_data
def test_real_probes_pass_through_as_a_stand_in_and_say_so(fresh, real_data):
    fresh.study = "rnacompete"
    run = "results/t/rnacompete/sound_onehot/runs/kmer_ridge/alpha=1000+k=6/seed=0/validation.json"
    more = {"rnacompete": {"recipes": {"sound_onehot": {"source": {"options": {"max_probes": 30000}}}}}}
    done = fresh.run(
        run, preset="quick", overrides=more, stand_ins="True", mirror=str(real_data), results_dir="results/t"
    )
    assert done.returncode == 0, done.stdout
    card = json.loads((fresh.root / "results/t/rnacompete/sound_onehot/card.json").read_text())
    assert "intensities of A1CF" in card["origin"]["stand_in"]
    assert card["companions"][0]["file"] == "info_all.tab"
    best = json.loads((fresh.root / run).read_text())["best"]["spearman"]
    assert best == pytest.approx(0.596, abs=0.01)  # 6-mer ridge regression; 0.588 in another split


@pytest.mark.real_data
def test_the_full_study_says_that_the_stand_in_lacks_its_protein(fresh, real_data):
    fresh.study = "rnacompete"
    done = fresh.run("results/t/rnacompete/sound_onehot/card.json", preset="full", overrides={}, stand_ins="True",
                     mirror=str(real_data), results_dir="results/t")  # fmt: skip
    assert done.returncode == 1
    assert "'RBFOX1' is experiment RNCMPT00168, which this file does not hold" in done.stdout
    assert "Traceback" not in done.stdout

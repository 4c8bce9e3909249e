"""Verdicts of finished workflows: their form, and their numbers worked out once more from what the runs left."""

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from scipy.stats import spearmanr

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import variants
from replisome.claims.judging import judge_claims
from replisome.config.arms import find_claim
from replisome.config.schema import validate

STUDIES = ("bloodmnist", "genome", "proteinnet", "rnacompete")


@pytest.fixture(params=STUDIES)
def finished_of(request, finished_study) -> tuple[str, Path]:
    """Each study's name and the results of its tiny control."""
    return request.param, finished_study(request.param) / "results" / "demo"


def test_claims_json_has_its_form_and_each_claim_a_verdict_with_an_id(finished_of):
    name, results = finished_of
    for path in (results / "claims.json", results / name / "claims.json"):
        found = json.loads(path.read_text())
        validate(found, "verdicts", str(path))
        verdicts = [verdict for claim in found["claims"] for verdict in claim["verdicts"].values()]
        assert len(verdicts) >= len(found["claims"]) > 50
        assert all(verdict["reason"] for verdict in verdicts)
    with (results / "claims.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(verdicts)
    for claim in found["claims"]:
        if claim["owner"] == "paper" and claim["kind"] != "conflict":
            assert {verdict["verdict"] for verdict in claim["verdicts"].values()} == {"not run"}, claim["id"]
    supplement = (results / name / "claims.md").read_text()
    assert all(f"### {claim['id']}\n" in supplement for claim in found["claims"])
    latex = (results / name / "claims.tex").read_text()
    assert all(f"\\label{{claim:{claim['id']}}}\n" in latex for claim in found["claims"])


def test_verdicts_are_shown_locked_and_checked(finished, replisome, tmp_path):
    results, lock = finished / "results" / "demo", tmp_path / "claims.lock"
    shown = replisome("claims", "--results", results)
    judged = json.loads((results / "claims.json").read_text())["claims"]
    assert f"bloodmnist: {len(judged)} claims" in shown.stdout
    assert (
        replisome("claims", "--results", results, "--check", lock)
        .stderr.strip()
        .endswith(f"'replisome claims RESULTS --lock {lock}' writes it.")
    )
    assert replisome("claims", "--results", results, "--lock", lock).returncode == 0
    assert replisome("claims", "--results", results, "--check", lock).returncode == 0
    lock.write_text(lock.read_text().replace('control-ceiling (sound)": "', 'control-ceiling (sound)": "not so '))
    changed = replisome("claims", "--results", results, "--check", lock)
    assert changed.returncode == 1
    assert "1 verdicts are not those of" in changed.stderr
    assert "bloodmnist/control-ceiling (sound): not so" in changed.stderr


def test_the_demos_verdicts_are_those_committed(demo, replisome):
    done = replisome("claims", "--results", demo, "--check", ROOT / "docs/results/demo.lock")
    assert (done.returncode, done.stderr) == (0, "")


# ---- numbers of controls, once more and by another way; of the headline claims see unit/test_headline_claims.py


def opened(finished_study, name: str) -> StudyResults:
    root = finished_study(name) / "results" / "demo"
    return StudyResults.open(root / name / "tables" / "study.json", root)


def judged(study: StudyResults, ask: dict, recipe: str):
    """Judge a question of ours about a control."""
    claim = {"id": "x", "owner": "ours", "ask": ask, "recipes": {"reported": None, "sound": recipe, "why": "a control"}}
    found = find_claim(study.plan, claim, "sound", "x")
    assert found.missing is None, found.missing
    return judge_claims(study, [{**claim, "found": {"sound": found.as_json()}}])["x"]["sound"]


def folder(study: StudyResults, recipe: str, experiment: str, **settings) -> Path:
    """Return the first seed's folder of the variant with these settings."""
    (variant,) = [
        v
        for v in variants(study, experiment)
        if v.recipe == recipe and {"model": v.model, **v.values}.items() >= settings.items()
    ]
    return study.root / variant.runs[0].directory


def predictions(path: Path, split: str = "test", weights: str | None = None) -> pd.DataFrame:
    table = pd.read_parquet(path / "test" / "predictions.parquet")
    kept = table[(table["split"] == split) & (table["weights"] == (weights or table["weights"].iloc[0]))]
    return kept.dropna(axis="columns", how="all")


def test_bloodmnist_a_difference_of_accuracies_at_the_last_epoch_as_the_softmax_claims_ask(finished_study):
    study = opened(finished_study, "bloodmnist")
    arms = [{"experiment": "variants", "model": "cnn", "where": {"head": head}} for head in ("logits", "softmax")]
    number = {"score": "accuracy", "split": "test", "read": "last", "scale": "points"}
    ask = {"kind": "difference", "first": arms[0], "second": arms[1], "number": number, "expect": "first_higher"}
    found = judged(study, ask, "control").finding.estimate.value
    tables = [predictions(folder(study, "control", "variants", head=h), weights="last") for h in ("logits", "softmax")]
    shares = [(table["label"] == table["predicted"]).mean() for table in tables]
    assert found == pytest.approx(100 * (shares[0] - shares[1]))
    curves = [
        pd.read_parquet(folder(study, "control", "variants", head=h) / "history.parquet") for h in ("logits", "softmax")
    ]
    assert found == pytest.approx(100 * (curves[0]["test_accuracy"].iloc[-1] - curves[1]["test_accuracy"].iloc[-1]))


def test_rnacompete_values_and_differences_of_spearman_as_the_headlines_ask(finished_study):
    study = opened(finished_study, "rnacompete")
    cnn = {"experiment": "architectures", "model": "cnn1d", "choose": "winner"}
    lstm = {"experiment": "architectures", "model": "bilstm", "choose": "winner"}
    number = {"score": "spearman", "split": "test", "read": "final"}
    ask = {"kind": "difference", "first": lstm, "second": cnn, "number": number, "expect": "first_higher"}
    found = judged(study, ask, "control").finding
    ranked = study.selection("architectures")["control"]
    folders = [
        folder(study, "control", "architectures", model=model, width=int(slug.rpartition("width=")[2]))
        for model in ("bilstm", "cnn1d")
        for slug in [next(one["slug"] for one in ranked if one["model"] == model)]
    ]
    scores = [spearmanr(table["measured"], table["predicted"]).statistic for table in map(predictions, folders)]
    assert found.estimate.value == pytest.approx(scores[0] - scores[1])
    assert found.word == "inconclusive"
    assert found.reason.startswith("one seed")
    value = {
        "kind": "value",
        "of": lstm,
        "number": {**number, "split": "validation", "read": "best"},
        "reported": {"value": 0.6},
        "resolution": {"value": 1, "from": "paper"},
    }
    best = pd.read_parquet(folders[0] / "history.parquet")["validation_spearman"].max()
    assert judged(study, value, "control").finding.estimate.value == pytest.approx(best)


def test_genome_accuracy_and_bits_as_the_headlines_ask(finished_study):
    study = opened(finished_study, "genome")
    lstm = {"experiment": "models", "model": "char_lstm"}
    counts = {"experiment": "baselines", "model": "context_counts", "where": {"k": 2}}
    last = predictions(folder(study, "control", "models", model="char_lstm"))
    number = {"score": "accuracy", "split": "test", "read": "final", "scale": "percent"}
    accuracy = judged(study, {"kind": "sign", "of": lstm, "number": number, "expect": "above"}, "control")
    assert accuracy.finding.estimate.value == pytest.approx(100 * np.stack(last["right"]).mean())
    number = {"score": "bits_per_base", "split": "test", "read": "final"}
    ask = {"kind": "difference", "first": lstm, "second": counts, "number": number, "expect": "first_lower"}
    theirs = predictions(folder(study, "control", "baselines", model="context_counts", k=2))
    gain = np.stack(theirs["bits"]).mean() - np.stack(last["bits"]).mean()
    assert judged(study, ask, "control").finding.estimate.value == pytest.approx(gain)


def test_proteinnet_ratios_and_orders_of_the_papers_loss_as_the_headlines_ask(finished_study):
    study = opened(finished_study, "proteinnet")
    recipe = "control_reported"
    simple, improved = (
        {"experiment": name, "model": model}
        for name, model in (("simple", "conv_simple"), ("improved", "conv_attention"))
    )
    number = {"score": "paper_loss", "split": "validation", "read": "last", "scale": "log"}
    ask = {"kind": "ratio", "first": improved, "second": simple, "number": number, "expect": "below_one"}
    means = []
    for name, model in (("improved", "conv_attention"), ("simple", "conv_simple")):
        runs = folder(study, recipe, name, model=model).parent.glob("seed=*")
        last = [pd.read_parquet(run / "history.parquet")["validation_paper_loss"].iloc[-1] for run in runs]
        means.append(np.exp(np.mean(np.log(last))))
    found = judged(study, ask, recipe).finding
    assert found.estimate.value == pytest.approx(means[0] / means[1])
    assert found.seeds == (2, 2)
    table = {"experiment": "baselines", "model": "separation_table", "where": {"classes": 1}}
    beats = {
        "kind": "difference",
        "first": improved,
        "second": table,
        "expect": "first_lower",
        "number": {**number, "split": "test", "read": "final"},
    }
    found = judged(study, beats, recipe).finding.estimate.value
    runs = folder(study, recipe, "improved", model="conv_attention").parent.glob("seed=*")
    ours = [np.log(json.loads((run / "test" / "metrics.json").read_text())["scores"]["paper_loss"]) for run in runs]
    theirs = json.loads(
        (folder(study, recipe, "baselines", model="separation_table", classes=1) / "test" / "metrics.json").read_text()
    )
    assert found == pytest.approx(np.log(theirs["scores"]["paper_loss"]) - np.mean(ours))


def test_a_claim_changed_trains_nothing_and_its_verdict_has_another_id(workflow):
    results = workflow.root / "results" / "demo" / "claims.json"

    def verdict() -> dict:
        claims = json.loads(results.read_text())["claims"]
        return next(claim for claim in claims if claim["id"] == "control-ceiling")["verdicts"]["sound"]

    before = verdict()
    workflow.edit("config/studies/bloodmnist/claims.yaml", "    than: -2\n", "    than: -99\n")
    assert "train" not in workflow.pending("claims")
    done = workflow.run("claims")
    assert done.returncode == 0, done.stdout
    assert verdict()["id"] != before["id"]
    assert verdict()["estimate"] == before["estimate"]


def test_the_command_says_what_to_run_where_there_are_no_verdicts_yet(replisome, tmp_path):
    done: subprocess.CompletedProcess = replisome("claims", "--results", tmp_path)
    assert done.returncode == 1
    assert "holds no results" in done.stderr

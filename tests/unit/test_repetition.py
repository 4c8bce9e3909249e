"""A paper's value stands beside runs with its settings, its budget and its data, and beside no others."""

from pathlib import Path

import pandas as pd
import pytest
from planning import load

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import variants
from replisome.config import declared
from replisome.config.catalogue import model_defaults, study_names, training_defaults
from replisome.studies.bloodmnist import paper as bloodmnist
from replisome.studies.proteinnet import paper as proteinnet
from replisome.studies.rnacompete import paper as rnacompete

CARDS = {
    "bloodmnist": {"dataset": "bloodmnist", "image_shape": [28, 28, 3]},
    "rnacompete": {"proteins": [{"experiment": "RNCMPT00168", "name": "RBFOX1"}], "encoding": "onehot"},
    "proteinnet": {"crop": 256},
}


def results(study, preset="full", card=None, **overrides):
    """Return a study's results without any: its plan, and cards as `prepare` would leave them."""
    plan = load(studies=[study], preset=preset, overrides={study: overrides} if overrides else {}).studies[study]
    found = StudyResults(plan, Path("nowhere"), pd.DataFrame())
    own = {**CARDS[study], "control": None}
    found.__dict__["cards"] = {
        recipe: {**own, "protocol": block["protocol"], **(card or {})} for recipe, block in plan.recipes.items()
    }
    return found


def blood(study, recipe="reported"):
    """Return what report B's accuracy, and its loss, and report A's time are beside each variant of a recipe."""
    told = {}
    for variant in (v for v in variants(study, "variants") if v.recipe == recipe):
        told[variant.values["pool"], variant.values["head"]] = (
            bloodmnist.claimed(study, variant, "report B", bloodmnist.TEST, *bloodmnist.SWITCHES),
            bloodmnist.claimed(study, variant, "report B", bloodmnist.TRAINING_LOSS, *bloodmnist.SWITCHES),
            bloodmnist.claimed(study, variant, "report A", bloodmnist.TIME, *bloodmnist.SWITCHES),
        )
    return told


def test_what_reports_a_and_b_say_of_one_network_stands_beside_no_other():
    assert blood(results("bloodmnist")) == {
        ("none", "logits"): (93.25, 0.0, 619.88),
        ("none", "softmax"): (68.78, 1.5, None),
        ("max", "logits"): (94.39, None, 236.7),
        ("max", "softmax"): (85.9, None, None),
    }


def test_what_report_b_says_of_no_head_stands_beside_both():
    study = results("bloodmnist")
    told = {
        (v.values["pool"], v.values["head"]): bloodmnist.claimed(study, v, "report B", bloodmnist.TIME, "pool")
        for v in variants(study, "variants")
        if v.recipe == "reported"
    }
    assert told == {
        ("none", "logits"): 1210,
        ("none", "softmax"): 1210,
        ("max", "logits"): 765,
        ("max", "softmax"): 765,
    }


def test_what_a_softmax_costs_in_the_reports_stands_beside_the_network_without_it():
    study = results("bloodmnist")
    told = {
        (v.values["pool"], v.values["head"]): (
            bloodmnist.claimed_cost_of_softmax(study, v, "report A", bloodmnist.VALIDATION),
            bloodmnist.claimed_cost_of_softmax(study, v, "report B", bloodmnist.TEST),
        )
        for v in variants(study, "variants")
        if v.recipe == "reported"
    }
    assert told == {
        ("none", "logits"): (10.0, 24.47),
        ("max", "logits"): (0.0, 8.49),
        ("none", "softmax"): (None, None),
        ("max", "softmax"): (None, None),
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"preset": "quick"},
        {"experiments": {"variants": {"budget": {"epochs": 100}}}},
        {"experiments": {"variants": {"training": {"batch_size": 32}}}},
        {"experiments": {"variants": {"training": {"schedule": "cosine"}}}},
        {"experiments": {"variants": {"models": {"cnn": {"fixed": {"hidden": 64}}}}}},
        {"experiments": {"variants": {"models": {"cnn": {"grid": {"lr": [0.003]}}}}}},
        {"card": {"image_shape": [64, 64, 3]}},
        {"card": {"control": "cells"}},
        {"card": {"protocol": "sound"}},
    ],
)
def test_a_value_of_report_b_stands_beside_no_run_of_another_size_budget_or_data(changed):
    assert {value for row in blood(results("bloodmnist", **changed)).values() for value in row} == {None}


def test_what_is_said_of_the_networks_stands_beside_none_of_another_size():
    study = results("bloodmnist")
    smaller = variants(study, "capacity")
    assert smaller
    for variant in smaller:
        assert bloodmnist.claimed(study, variant, "report B", bloodmnist.TEST, *bloodmnist.SWITCHES) is None
        assert bloodmnist.claimed(study, variant, "report B", bloodmnist.TIME, "pool") is None


def test_settings_that_say_what_the_default_says_change_nothing():
    same = {"weight_decay": 0.0, "optimiser": "adam", "precision": "auto"}
    study = results("bloodmnist", experiments={"variants": {"training": same}})
    assert blood(study)["none", "logits"] == (93.25, 0.0, 619.88)


def test_report_as_scores_stand_beside_the_points_of_the_grid_that_it_chose():
    study = results("rnacompete")
    told = {
        (variant.recipe, variant.model, variant.slug): rnacompete.reported(
            study, variant, "spearman", "validation", "final"
        )
        for variant in variants(study, "architectures")
    }
    assert {key: value for key, value in told.items() if value is not None} == {
        ("reported_onehot", "bilstm", "depth=2+dropout=0.0+lr=0.001+width=128"): 0.6502,
        ("reported_onehot", "cnn1d", "depth=2+dropout=0.25+lr=0.001+width=128"): 0.585,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"experiments": {"architectures": {"budget": {"epochs": 15}}}},
        {"recipes": {"reported_onehot": {"source": {"options": {"max_probes": 30000}}}}},
        {"card": {"proteins": [{"experiment": "RNCMPT00001", "name": "A1CF"}]}},
    ],
)
def test_report_as_scores_stand_beside_no_shorter_run_fewer_probes_or_other_protein(changed):
    study = results("rnacompete", **changed)
    told = [rnacompete.reported(study, v, "spearman", "validation", "final") for v in variants(study, "architectures")]
    assert set(told) == {None}


def test_report_as_other_values_stand_beside_the_networks_that_they_are_of():
    study = results("rnacompete")
    asked = [("spearman", "test", "final"), ("loss", "validation", "final"), ("loss", "validation", "best_round")]
    told = {
        variant.model: [rnacompete.reported(study, variant, *number) for number in asked]
        for variant in variants(study, "architectures")
        if rnacompete.repeats_report(study, variant) and variant.recipe == "reported_onehot"
    }
    assert told == {"bilstm": [0.6466, 0.35, None], "cnn1d": [None, 0.46, 17]}


def losses(study):
    return {
        proteinnet.row_name(variant): proteinnet.report_loss(study, variant, "test")
        for variant in variants(study)
        if variant.recipe == "reported"
    }


def said(study):
    """Return report C's validation losses after 10 and 25 epochs, its best epochs and its last five, by network."""
    found = {}
    for variant in (v for v in variants(study) if v.recipe == "reported"):
        losses = [proteinnet.report_loss(study, variant, "validation", epochs) for epochs in (10, 25)]
        last = proteinnet.report_best_epoch(study, variant), proteinnet.report_last_below_simple(study, variant)
        if losses != [None, None] or last != (None, None):
            found[proteinnet.row_name(variant)] = (*(round(loss, 3) for loss in losses), *last)
    return found


def test_report_cs_losses_stand_beside_its_networks_after_25_epochs_of_its_batches():
    found = losses(results("proteinnet"))
    assert {name: value for name, value in found.items() if value is not None} == pytest.approx(
        {"simple": 115.862, "improved": 81.731, "no dropout": 82.806, "ReLU": 87.410}
    )
    proposed = {
        "improved, 3 heads",
        "improved, embedded residues",
        "improved, batches of 1024",
        "improved, batches of 2048",
    }
    assert {"no attention", "improved, long run", "zeros", *proposed} <= found.keys()
    assert said(results("proteinnet")) == {
        "simple": (116.216, 116.365, 21, None),
        "improved": (84.887, 83.544, 25, 27.78),
        "no dropout": (85.756, 84.979, 24, 26.8),
        "ReLU": (88.887, 86.819, 24, 25.01),
    }
    assert not said(results("proteinnet", card={"control": "folds"}))
    assert set(losses(results("proteinnet", preset="quick")).values()) == {None}  # batches of 32
    torchs = {name: {"training": {"epsilon": 1e-8}} for name in ("simple", "improved", "no_dropout", "relu")}
    assert set(losses(results("proteinnet", experiments=torchs)).values()) == {None}


def test_runs_as_report_c_made_them_have_the_constants_of_its_framework():
    plan = load(studies=["proteinnet"], preset="full", overrides={}).studies["proteinnet"]
    trained = [run for run in plan.runs if run.model in proteinnet.NETWORKS]
    assert {run.settings["training"]["epsilon"] for run in trained} == {1e-7}
    assert {run.settings["training"]["lr"] for run in trained} == {0.001}
    own = [run for run in trained if run.experiment != "batches"]
    assert {run.settings["training"]["batch_size"] for run in own} == {512}
    norm = {key: model_defaults("conv_simple")[key] for key in ("norm_epsilon", "norm_momentum")}
    assert norm == {"norm_epsilon": 1e-3, "norm_momentum": 0.01}
    assert not any("norm_momentum" in run.settings["hyperparameters"] for run in trained)


def test_defaults_are_read_from_the_code():
    assert training_defaults()["epsilon"] == 1e-8
    assert training_defaults()["clip_norm"] is None
    assert model_defaults("conv_attention") == {
        "dropout": 0.2, "activation": "leaky_relu", "slope": 0.3, "attention": True, "heads": None,
        "embedded": False,
    }  # fmt: skip
    assert "heads" not in model_defaults("bilstm_attention")  # which must be given


@pytest.mark.parametrize("study", ["bloodmnist", "rnacompete", "proteinnet"])
def test_what_full_settings_compare_has_three_seeds_or_more(study):
    plan = load(studies=[study], preset="full", overrides={}).studies[study]
    for name, block in plan.experiments.items():
        seeds = {run.seed for run in plan.runs_of[name]}
        solved = block["training"].keys() <= {"precision"}  # and has no seed to vary
        assert len(seeds) >= 3 or solved, name


@pytest.mark.parametrize(
    ("study", "said"),
    [
        ("bloodmnist", ("last of 200 epochs", "[-1, 1]", "third block", "five seeds")),
        ("rnacompete", ("final states", "64 probes", "7 bases", "not divided", "at most 1.0", "at most as many")),
        ("proteinnet", ("0.2", "0.3", "max pooling", "not scaled", "epsilon 1e-7", "Glorot", "thirteenths")),
    ],
)
def test_what_is_our_choice_is_said_on_the_page(study, said):
    assert study in study_names()
    table = declared.tables(study)["choices"].function()(None)
    assert list(table.columns) == ["what", "ours", "why or what the report says"]
    assert not table.isna().any(axis=None)
    text = table.to_csv()
    assert [words for words in said if words not in text] == []

"""What the genome study compares: one thing differs, seeds enough, and the report's values only beside its own runs."""

import importlib
import inspect
import json
import math

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from planning import load

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import variants
from replisome.config.catalogue import model_traits
from replisome.studies.genome import paper, predictions
from replisome.studies.genome.predictions import Windows
from replisome.studies.genome.tables.comparisons import depth, windows
from replisome.studies.genome.tables.data import choices
from replisome.studies.genome.tables.scores import scores
from replisome.studies.genome.tables.training import losses
from replisome.studies.genome.windows import cut_of, encoding

BASES = {"genome-sakai": 5_594_605, "genome-k12": 4_641_652, "genome-lambda": 48_502}


def planned(preset, **overrides):
    changes = {"genome": overrides} if overrides else {}
    return load(preset=preset, studies=["genome"], stand_ins=True, overrides=changes).studies["genome"]


def opened(plan, root, rows=()):
    """Return a study whose runs were all tested, of which nothing lies on disk."""
    study = StudyResults(plan, root, pd.DataFrame(list(rows)))
    cards = {}
    for name, recipe in plan.recipes.items():
        cut = cut_of(recipe)
        cards[name] = {
            "control": None, "protocol": recipe["protocol"], "origin": None, "counts": {"train": 10**6},
            "tokens": {"train": 10**6}, "genome": {"bases": BASES[recipe["source"]["dataset"]]},
            "cut": {**cut._asdict(), "piece": cut.training_window},
        }  # fmt: skip
    keys = frozenset(run.key for run in plan.runs)
    study.__dict__.update(cards=cards, asked=keys, tested=keys)
    return study


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return opened(planned("full"), tmp_path_factory.mktemp("full"))


# ---- what is run


def test_whatever_is_trained_has_three_seeds_at_full_settings(full):
    for name, block in full.plan.experiments.items():
        trained = any(model_traits(model).kind == "network" for model in block["models"])
        assert not trained or block["seeds"] >= 3, name


def test_the_sweep_of_windows_varies_the_training_window_and_nothing_else(full):
    for protocol in ("sound", "reported"):
        recipes = {name: full.plan.recipes[f"{protocol}{name}"] for name in ("", "_w10", "_w50", "_w100")}
        for name, recipe in recipes.items():
            cut = cut_of(recipe)
            assert cut.training_window == int(name.removeprefix("_w") or 200)
            assert {**recipe, "windows": cut._replace(piece=None)} == {
                **recipes[""], "windows": cut_of(recipes[""])
            }  # fmt: skip
    settings = [{**run.settings, "recipe": None, "seed": None} for run in full.plan.runs_of["sweep_windows"]]
    precise = {json.dumps({**one, "training": {**one["training"], "precision": None}}) for one in settings}
    assert len(precise) == 1


def test_quick_scores_its_windows_of_all_lengths_on_the_same_test_windows():
    recipes = planned("quick").recipes
    assert len({cut_of(recipes[f"sound{name}"]).test for name in ("", "_w10", "_w50", "_w100")}) == 1


@pytest.mark.parametrize("preset", ["full", "quick"])
def test_one_layer_and_three_differ_in_layers_and_dropout_alone(preset):
    runs = planned(preset).runs_of["depth"]
    assert {(run.model, run.settings["hyperparameters"].get("dropout")) for run in runs} == {
        ("kmer_lstm", None), ("kmer_lstm_deep", 0.0), ("kmer_lstm_deep", 0.5)
    }  # fmt: skip
    settings = [run.settings for run in runs]
    for key in ("training", "budget", "recipe", "select", "weights"):
        assert len({json.dumps(one[key], sort_keys=True) for one in settings}) == 1, key
    assert len({(one["hyperparameters"]["embedding"], one["hyperparameters"]["hidden"]) for one in settings}) == 1


# ---- the report's values


def values_of_the_report(study):
    """Return the claims that give an accuracy, or the loss of one step, with the number that each asks for."""
    asks = {claim["id"]: claim["ask"] for claim in study.plan.settings["claims"] if claim["ask"]["kind"] == "value"}
    numbers = {name: {k: v for k, v in ask["number"].items() if k != "scale"} for name, ask in asks.items()}
    tabulated = (paper.ACCURACY["read"], "at_step")
    return {name: (asks[name], one) for name, one in numbers.items() if any(read in one["read"] for read in tabulated)}


def values_beside(study):
    """Return by claim with a value the recipes where it stands beside a run, with the runs' settings."""
    found = {}
    for name, (ask, number) in values_of_the_report(study).items():
        value = ask["reported"]["value"]
        speaks = [v for v in variants(study) if paper.claimed(study, v, number) == value]
        found[name] = {(v.recipe, v.slug) for v in speaks if v.model == ask["of"]["model"]}
    return found


def test_every_value_of_the_report_stands_beside_a_run_of_its_own_size_and_budget(full):
    found = values_beside(full)
    assert found["acc-char"] >= {("reported", "embedding=128+hidden=1024+lr=0.001")}
    assert found["acc-kmer"] == {("reported_kmer4", "embedding=512+hidden=1024+lr=0.001")}
    assert found["acc-deep"] == {("reported_kmer4", "dropout=0.5+embedding=512+hidden=1024+lr=0.01")}
    assert all(found.values())


def test_no_value_stands_beside_a_run_of_another_size_budget_window_split_or_genome(full, tmp_path):
    assert not any(values_beside(opened(planned("quick"), tmp_path)).values())
    found = values_beside(full)
    assert {recipe for claim in ("acc-char", "acc-kmer", "acc-deep") for recipe, _ in found[claim]} == {
        "reported", "reported_kmer4"
    }  # fmt: skip
    assert not {recipe for recipes in found.values() for recipe, _ in recipes if "phage" in recipe or "_w" in recipe}
    steps = {slug for recipes in found.values() for _, slug in recipes if "steps=" in slug}
    assert steps <= {"embedding=128+hidden=1024+lr=0.001+steps=10000"}


@pytest.mark.parametrize(
    "changed",
    [
        {"experiments": {"protocols": {"training": {"optimiser": "sgd"}}}},
        {"experiments": {"protocols": {"training": {"weight_decay": 0.01}}}},
        {"experiments": {"protocols": {"training": {"clip_norm": 1.0}}}},
        {"experiments": {"protocols": {"models": {"char_lstm": {"fixed": {"dropout": 0.5, "layers": 2}}}}}},
        {"recipes": {"reported": {"source": {"options": {"max_bases": 4_000_000}}}}},
        {"recipes": {"reported": {"windows": {"step": 100}}}},
    ],
)
def test_no_value_stands_beside_a_run_that_differs_in_what_a_claim_does_not_mention(changed, tmp_path):
    study = opened(planned("full", **changed), tmp_path)
    variant = next(v for v in variants(study, "protocols") if v.recipe == "reported")
    assert paper.claimed(study, variant, paper.ACCURACY) is None
    assert all(math.isnan(value) for value in paper.claimed_losses(study, variant).values())


def test_settings_that_say_what_the_default_says_keep_the_value(tmp_path):
    same = {"weight_decay": 0.0, "schedule": "none", "precision": "auto"}
    study = opened(planned("full", experiments={"protocols": {"training": same}}), tmp_path)
    variant = next(v for v in variants(study, "protocols") if v.recipe == "reported")
    assert paper.claimed(study, variant, paper.ACCURACY) == 66.12


def test_losses_of_smaller_runs_have_no_value_beside_them(full, tmp_path):
    quick = opened(planned("quick"), tmp_path)
    for study, known in ((full, True), (quick, False)):
        variant = next(v for v in variants(study, "protocols") if v.recipe == "sound")
        found = paper.claimed_losses(study, variant)
        assert list(found) == [0, 1000, 5000, 9750]
        assert [math.isnan(value) for value in found.values()] == [not known] * 4


def test_what_the_report_says_of_a_models_size_is_the_models_default():
    assert set(paper.RUNS) == {"char_lstm", "kmer_lstm", "kmer_lstm_deep"}
    for model, run in paper.RUNS.items():
        build = importlib.import_module(f"replisome.models.{model}").build
        defaults = {name: option.default for name, option in inspect.signature(build).parameters.items()}
        assert {key: run.settings[key] for key in run.settings.keys() & defaults.keys()}.items() <= defaults.items()
        assert {"embedding", "hidden", "layers"} <= run.settings.keys() & defaults.keys()
        assert paper.DEPTH.get(model, {}).items() <= defaults.items()


def test_every_printed_loss_that_is_a_claim_is_on_its_printed_curve(full):
    printed = ROOT / "config" / "studies" / "genome" / "printed"
    losses_by_model = {}
    for ask, number in values_of_the_report(full).values():
        if number["score"] == "loss":
            losses_by_model.setdefault(ask["of"]["model"], {})[number["read"]["at_step"]] = ask["reported"]["value"]
    assert {model: len(values) for model, values in losses_by_model.items()} == {
        "char_lstm": 4, "kmer_lstm": 4, "kmer_lstm_deep": 3
    }  # fmt: skip
    for model, values in losses_by_model.items():
        curve = pd.read_csv(printed / f"{model}.csv").set_index("step")["value"]
        assert values.items() <= curve.to_dict().items()


# ---- tables


def rows_for(study, variant, values):
    """Return rows of the tidy table: a value by split, metric, role and epoch, for each seed of a variant."""
    about = {
        "recipe": variant.recipe, "model": variant.model, "hyperparameters": variant.slug, "budget": "n steps",
        "reduced": False, "stopped": None, "made_with": "torch",
    }  # fmt: skip
    return [
        {**about, "seed": run.seed, "split": split, "metric": metric, "role": role, "epoch": epoch, "step": 10 * epoch,
         "value": value}
        for run in variant.runs
        for (split, metric, role, epoch), value in values.items()
    ]  # fmt: skip


def with_predictions(study, members, bits, right, stretches=20):
    """Give a study's variants test predictions, all windows alike, by position in the window."""
    found = {}
    for variant in members:
        rows = {"bits": [bits(variant)] * stretches, "right": [right(variant)] * stretches}
        found |= {run.key: pd.DataFrame(rows) for run in variant.runs}
        windows = Windows(pd.DataFrame({"contig": [0] * stretches}), np.arange(stretches), None)
        study.once(("windows", variant.recipe, "test"), lambda windows=windows: windows)
    study.__dict__["predictions"] = lambda run, weights=None, split="test": found[run.key]


def test_windows_of_another_length_are_compared_on_the_same_places(full, tmp_path):
    members = variants(full, "sweep_windows")
    scores = {("validation", metric, "last", 1): 0.4 for metric in ("accuracy", "bits_per_base")}
    study = opened(full.plan, tmp_path, [row for v in members for row in rows_for(full, v, scores)])
    lengths = {v.key: predictions.training_window(study, v.recipe) for v in members}
    place = np.arange(200)
    with_predictions(study, members, lambda v: 2 - place / 1000, lambda v: (place < lengths[v.key]).astype(float))
    table = windows(study)
    assert sorted(set(table["training window"])) == [10, 50, 100, 200]
    assert set(table["tokens a step"]) == {512 * 200}
    assert set(table["test accuracy at tokens 1 to 10 (%)"]) == {100}
    assert table.set_index("recipe")["test accuracy at tokens 11 to 50 (%)"]["sound_w10"] == 0
    assert table.set_index("recipe")["test accuracy at tokens 51 to 100 (%)"]["sound_w100"] == 100
    assert table["test bits/base at tokens 101 to 200"].iloc[0] == pytest.approx(2 - 149.5 / 1000)
    assert set(table["seeds"]) == {3}


def test_depth_is_compared_at_equal_steps_rate_and_batch(full, tmp_path):
    members = [*variants(full, "depth"), *variants(full, "deep"), *variants(full, "protocols_kmer")]
    members = list({v.key: v for v in members}.values())
    scores = {
        ("train", "loss", "curve", 1): math.log(2), ("validation", "loss", "last", 1): 1.5,
        ("validation", "bits_per_base", "last", 1): 1.9, ("validation", "bits_per_base", "best", 1): 1.8,
    }  # fmt: skip
    study = opened(full.plan, tmp_path, [row for v in members for row in rows_for(full, v, scores)])
    shown = {"kmer_lstm": 1.95, "kmer_lstm_deep": 1.90}
    with_predictions(study, members, lambda v: np.full(200, shown[v.model]), lambda v: np.full(200, 0.3))
    keys = frozenset(run.key for v in members for run in v.runs)
    study.__dict__.update(asked=keys, tested=keys)
    table = depth(study)
    assert table[["layers", "dropout"]].to_numpy().tolist() == [[1, 0], [3, 0], [3, 0.5]]
    assert (set(table["recipe"]), set(table["lr"]), set(table["batch"])) == ({"sound_kmer4"}, {0.001}, {512})
    np.testing.assert_allclose(table["test bits/base beyond one layer's"], [np.nan, -0.05, -0.05], atol=1e-9)
    np.testing.assert_allclose(table["gap (bits/base)"], 0.9)
    assert set(table["validation bits/base, best round"]) == {1.8}


def test_what_lacks_its_shallow_model_since_that_diverged_has_no_difference_and_the_rest_stands(full, tmp_path):
    members = variants(full, "depth")
    scores = {
        ("train", "loss", "curve", 1): 1.0, ("validation", "loss", "last", 1): 1.5,
        ("validation", "bits_per_base", "last", 1): 1.9, ("validation", "bits_per_base", "best", 1): 1.8,
    }  # fmt: skip
    study = opened(full.plan, tmp_path, [row for v in members for row in rows_for(full, v, scores)])
    with_predictions(study, members, lambda v: np.full(200, 1.9), lambda v: np.full(200, 0.3))
    (base,) = (v for v in members if v.model == "kmer_lstm")
    keys = frozenset(run.key for v in members for run in v.runs)
    lost = frozenset(run.key for run in base.runs)
    study.__dict__.update(asked=keys, tested=keys - lost, diverged=frozenset({base.key}))
    table = depth(study).set_index("model")
    assert len(table) == 3
    assert table.loc[predictions.variant_name(study, base), ["layers", "test bits/base"]].isna().all()
    others = table.drop(index=predictions.variant_name(study, base))
    assert others["test bits/base"].tolist() == pytest.approx([1.9, 1.9])
    assert others["test bits/base beyond one layer's"].isna().all()


def test_the_best_rounds_scores_stand_beside_those_of_the_last(full, tmp_path):
    members = [next(v for v in variants(full, name) if v.recipe == "sound") for name in ("protocols", "beyond")]
    values = {
        ("train", "loss", "curve", 1): 1.0,
        ("validation", "loss", "last", 1): 1.5, ("validation", "loss", "best", 1): 1.4,
        ("test", "bits_per_base", "final_best", 0): 1.7, ("test", "accuracy", "final_best", 0): 0.4,
        **{("run", name, "cost", 0): 1.0
           for name in ("parameters", "items", "seconds_training", "seconds_evaluation", "peak_memory_bytes")},
    }  # fmt: skip
    study = opened(full.plan, tmp_path, [row for v in members for row in rows_for(full, v, values)])
    with_predictions(study, members, lambda v: np.full(200, 1.9), lambda v: np.full(200, 0.3))
    keys = frozenset(run.key for v in members for run in v.runs)
    study.__dict__.update(asked=keys, tested=keys)
    table = scores(study).set_index("weights")
    assert table.loc["last epoch", "test bits/base"] == pytest.approx(1.9)
    assert table.loc["last epoch", "test bits/base, best round"] == pytest.approx(1.7)
    assert table.loc["last epoch", "test accuracy (%), best round"] == pytest.approx(40)
    assert table.loc["best epoch"].filter(like="best round").isna().all()


def test_losses_show_each_run_once(full, tmp_path):
    members = [v for v in variants(full) if v.kind == "network"]
    first = {("train", "loss_at_start", "curve", 1): 5.5}
    study = opened(full.plan, tmp_path, [row for v in members for row in rows_for(full, v, first)])
    table = losses(study)
    assert not table.duplicated(["recipe", "model", "step"]).any()
    start = table[table["step"] == 0]
    assert set(start["reached"]) == {"yes"}
    assert start["report D (nats)"].notna().any()


def test_the_page_says_what_is_our_choice(full):
    table = choices(full)
    assert list(table) == ["what", "ours", "why or what the report says"]
    said = table.set_index("what")["ours"]
    assert "Adam" in said["optimiser"]
    assert "optimiser step" in said["what an epoch is"]
    assert "between the LSTM layers" in said["dropout of the third model"]
    assert (table != "").all(axis=None)


def test_a_model_of_4mers_stands_beside_a_model_of_bases_trained_on_windows_as_long(full):
    kmers = next(v for v in variants(full, "protocols_kmer") if v.recipe == "sound_kmer4")
    found = predictions.model_of_bases(full, kmers)
    assert (found.recipe, encoding(full.plan.recipes[found.recipe]["encoding"])) == ("sound", (1, 1))

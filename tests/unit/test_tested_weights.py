"""Runs that a claim names are scored on the test split with best and last weights, in one job; nothing trains again."""

import json

import pandas as pd
import pytest
from planning import load, refused

from replisome.analysis.results import StudyResults
from replisome.analysis.scores import final_values, item_scores, score_on_test
from replisome.analysis.variants import variants
from replisome.config.tested_weights import evaluation_settings
from replisome.io import canonical_json
from replisome.stages import evaluate, prepare, select, summarise, train

BOTH = ("best", "last")


def plan_of(study, preset="full", **experiments):
    return load(studies=[study], preset=preset, overrides={study: {"experiments": experiments}}).studies[study]


@pytest.mark.parametrize(
    ("study", "named"),
    [
        ("bloodmnist", {"variants", "capacity"}),
        (
            "rnacompete",
            {
                "architectures", "directions", "attention", "encodings_reported", "encodings_sound", "clipping",
                "hybrids", "proteins", "single_protein", "confirm", "confirm_paper", "recurrence", "activations",
                "reach", "descent", "no_decay", "transformers", "positions", "few_probes", "unseen",
            },
        ),
        ("genome", {"protocols", "protocols_kmer", "deep", "depth", "onehot"}),
        (
            "proteinnet",
            {
                "simple", "improved", "no_dropout", "relu", "no_attention", "sound_loss", "long_run", "batches",
                "heads", "embedded",
            },
        ),
    ],
)  # fmt: skip
def test_runs_of_which_a_report_gives_scores_are_tested_with_both_weights(study, named):
    plan = plan_of(study)
    for name, runs in plan.runs_of.items():
        assert {set(run.tested_weights) == set(BOTH) for run in runs} == {name in named}, name


def test_what_is_tested_is_no_part_of_a_run_but_of_its_evaluation():
    kinds = ([*BOTH], ["best"])
    both, one = (plan_of("bloodmnist", "demo", variants={"test_weights": names}).runs[0] for names in kinds)
    assert (both.config, both.weights, both.tested_weights) == (one.config, "best", BOTH)
    assert one.evaluation == one.settings
    assert both.evaluation == {**both.settings, "test_weights": ["best", "last"]}
    assert evaluation_settings(both.settings, BOTH) == both.evaluation


def test_the_weights_that_the_selection_goes_by_come_first_and_must_be_among_those_tested():
    last = plan_of("bloodmnist", "demo", variants={"weights": "last"}).runs[0]
    assert last.tested_weights == ("last", "best")
    changes = {"bloodmnist": {"experiments": {"variants": {"test_weights": ["last"]}}}}
    refused("experiments.variants.test_weights: lacks 'best', by which the selection goes", overrides=changes)


def test_one_job_scores_best_and_last_weights_and_tables_read_either(tmp_path):
    source = {"options": {"side": 12, "train": 64, "validation": 32, "test": 32}}
    variant = {"fixed": {"hidden": 4}, "grid": {"pool": ["max"], "head": ["logits"]}}
    changes = {
        "recipes": {"control": {"source": source}},
        "experiments": {
            "variants": {"models": {"cnn": variant}, "budget": {"epochs": 3}, "seeds": 1},
            "softmax": None,
        },
    }
    plan = load(studies=["bloodmnist"], preset="demo", overrides={"bloodmnist": changes}).studies["bloodmnist"]
    recipe = {"name": "control", **plan.recipe("control")}
    about = {"study": "bloodmnist", "implementation": "bloodmnist", "recipe": recipe, "datasets": {}}
    run, data = plan.runs[0], tmp_path / "bloodmnist" / "control"
    place, chosen = tmp_path / run.directory, tmp_path / "bloodmnist" / "selection" / "variants"
    for path, content in ((tmp_path / "recipe.json", about), (tmp_path / "study.json", dict(plan.settings))):
        path.write_text(canonical_json(content))
    prepare.run(tmp_path / "recipe.json", [], data)
    place.mkdir(parents=True)
    (place / "config.json").write_text(run.config)
    train.run(place / "config.json", data, place, 1, 5.0)
    weights = [place / f"{kind}.safetensors" for kind in run.tested_weights]
    evaluate.run(place / "config.json", data, weights, place / "test", 1)

    chosen.mkdir(parents=True)
    (chosen / "study.json").write_text(canonical_json(plan.selection_settings("variants")))
    select.run(chosen / "study.json", "variants", tmp_path, chosen)
    summarise.run(tmp_path / "study.json", tmp_path, tmp_path / "bloodmnist" / "tables")
    curve = pd.read_parquet(place / "history.parquet")["test_accuracy"]
    best = json.loads((place / "validation.json").read_text())["best_epoch"]
    study = StudyResults.open(tmp_path / "study.json", tmp_path)
    (variant,) = variants(study)
    for kind, epoch in (("best", best), ("last", 3)):
        assert final_values(study, variant.at(kind), "accuracy").tolist() == [curve[epoch - 1]]
        accuracy = study.plan.implementation.score("accuracy")
        assert score_on_test(study, variant.at(kind), accuracy).value == pytest.approx(curve[epoch - 1])
        assert item_scores(study, variant.at(kind), accuracy).values == pytest.approx([curve[epoch - 1]])
        assert len(study.predictions(run, kind)) == 32
    assert study.predictions(run).equals(study.predictions(run, "best"))
    table = pd.read_csv(tmp_path / "bloodmnist" / "tables" / "variants.csv").iloc[0]
    assert table["test accuracy (%), last epoch"] == pytest.approx(100 * curve[2], rel=1e-5)
    assert table["test accuracy (%), best epoch"] == pytest.approx(100 * curve[best - 1], rel=1e-5)
    assert table["weights"] == "best epoch"
    assert pd.isna(table["report B, test (%), last epoch"])  # of a control no report speaks

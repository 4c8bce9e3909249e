"""Bad configuration: one message, exit code 1, no traceback, nothing started and nothing written."""

import copy
import subprocess
import sys

import pytest
from conftest import TINY

STUDY = "config/studies/bloodmnist.yaml"
GRID = ("bloodmnist", "experiments", "variants", "models", "cnn", "grid")


def refused(workflow, message, **more):
    done = workflow.run("--dry-run", **more)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    flat = " ".join(done.stdout.split())
    assert message in flat, done.stdout
    assert not list((workflow.root / "results").glob("demo*"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"result_dir": "x"}, "unknown key 'result_dir'; did you mean 'results_dir'?"),
        ({"stand_ins": "maybe"}, "key 'stand_ins': 'maybe' is of type string, expected boolean."),
        ({"preset": "quik"}, f"{STUDY}: no preset 'quik'; did you mean 'quick'?"),
        ({"studies": "[blodmnist]"}, "key 'studies': no study file"),
        ({"studies": "[]"}, "key 'studies': is empty"),
        ({"results_dir": "5"}, "key 'results_dir': 5 is of type integer, expected string."),
        ({"mirror": "/no/such/folder"}, "key 'mirror': no folder /no/such/folder"),
        ({"max_epochs": "0"}, "key 'max_epochs': 0 is less than the minimum of 1"),
    ],
)
def test_the_configuration_is_checked(fresh, config, message):
    refused(fresh, message, **config)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((*GRID, "pool"), [], "key 'experiments.variants.models.cnn.grid.pool': is empty; give at least 1 value."),
        ((*GRID, "lr"), ["fast"], "key 'lr': 'fast' is of type string, expected number."),
        ((*GRID, "lr"), [0.1, 0.1], "has non-unique elements"),
        ((*GRID, "pool"), ["mean"], "model 'cnn', hyperparameter 'pool': 'mean' is not one of: none, max"),
        (
            (*GRID, "lr"),
            [float("nan")],
            "variants.models.cnn.grid.lr': nan is not a finite number",
        ),
        (("bloodmnist", "experiments", "variants", "seeds"), 2.0, "key 'experiments.variants.seeds'"),
        (("bloodmnist", "experiments", "variants", "seeds"), [2**40], "is greater than the maximum of 4294967295"),
        ((*GRID, 7), [1], "keys must be text; put quotes around it"),
        (
            ("bloodmnist", "recipes", "tables"),
            {"source": {}, "split": "a", "encoding": "a", "normalisation": "a", "protocol": "sound"},
            "nothing can be called 'tables'",
        ),
        ((*GRID, "width"), ["x"], "model 'cnn' has no hyperparameter 'width'"),
        (
            ("bloodmnist", "experiments", "variants", "models", "cnn", "fixed", "hidden"),
            "big",
            "'big' is not of type int",
        ),
        ((*GRID, "widths"), [1], "model 'cnn' has no hyperparameter 'widths'"),
        ((*GRID, "hidden"), [4], "'hidden' is both fixed and in the grid"),
        (
            ("bloodmnist", "experiments", "variants", "models"),
            {"cnn": None, "cn": {"grid": {"pool": ["max"]}}},
            "experiments.variants.models.cn: unknown model 'cn'; did you mean 'cnn'?",
        ),
        (("bloodmnist", "experiments", "variants", "epochs"), 3, "unknown key 'experiments.variants.epochs'"),
        (("bloodmnist", "experiments", "variants", "seeds"), "two", "key 'experiments.variants.seeds'"),
        (("bloodmnist", "experiments", "variants", "select", "metric"), "auc", "unknown metric 'auc'"),
        (("bloodmnist", "experiments", "variants", "recipes"), ["contrl"], "did you mean 'control'?"),
        (("bloodmnist", "recipes", "control", "split"), "random", "recipes.control.split': 'random' is not one of"),
        (("bloodmnist", "recipes", "control", "protocol"), "loud", "'loud' is not one of: reported, sound"),
        (("bloodmnist", "recipes", "control", "source", "options", "side"), 1.5, "1.5 is not of type int"),
        (("bloodmnist", "recipes", "control", "source", "control"), "cell", "no control 'cell'; did you mean 'cells'?"),
        (("bloodmnst",), {}, "key 'overrides': no study 'bloodmnst'; did you mean 'bloodmnist'?"),
        (("bloodmnist", "name"), "other", "overrides.bloodmnist': a study keeps its name"),
        (
            ("bloodmnist", "recipes", "control", "source", "options", "sides"),
            3,
            "unknown option 'sides'; did you mean 'side'?",
        ),
        (
            ("bloodmnist", "recipes", "control", "source"),
            {"control": None, "options": None, "dataset": "blood"},
            "'blood' is not in config/datasets.yaml; did you mean 'bloodmnist'?",
        ),
    ],
)
def test_the_study_file_is_checked(fresh, path, value, message):
    overrides = copy.deepcopy(TINY)
    node = overrides
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value
    refused(fresh, message, overrides=overrides)


def test_two_models_of_the_same_slug_are_refused(fresh):
    second = {"description": "again", "recipes": ["control"], "models": {"cnn": {"grid": {"pool": ["max"]}}}}
    second |= {"training": {}, "budget": {"epochs": 1}, "seeds": 1, "select": {"metric": "accuracy"}, "test": "all"}
    overrides = copy.deepcopy(TINY)
    overrides["bloodmnist"]["experiments"] |= {"one": second, "two": {**second, "budget": {"epochs": 2}}}
    refused(
        fresh,
        "experiments 'one' and 'two' both have the run cnn/pool=max (recipe control, seed 0) but with other "
        "budget.epochs. Put what differs into the grid",
        overrides=overrides,
    )


def test_a_key_given_twice_in_a_study_file_is_named_with_its_line(fresh):
    path = fresh.root / STUDY
    path.write_text(path.read_text() + "title: again\n")
    refused(fresh, f"line {len(path.read_text().splitlines())}: key 'title' is given twice")


def test_a_key_given_twice_in_a_configuration_file_is_named_with_its_line(fresh):
    path = fresh.root / "config/demo.yaml"
    path.write_text(path.read_text() + "preset: quick\n")
    refused(fresh, f"line {len(path.read_text().splitlines())}: key 'preset' is given twice")


def test_a_target_that_no_configuration_has_is_a_message(fresh):
    done = fresh.run("--dry-run", "results/demo/bloodmnist/contrl/card.json")
    assert done.returncode == 1
    assert "uses no recipe 'contrl'; did you mean 'control'?" in done.stdout


def test_a_study_named_like_a_target_is_refused(fresh):
    fresh.edit(STUDY, "title: Blood", "name: train\ntitle: Blood")
    refused(fresh, "a study cannot be called 'train', which is a target of the workflow", overrides={})


def test_a_missing_study_key_is_named(fresh):
    fresh.edit(STUDY, "title: ", "name: ")
    refused(fresh, f"{STUDY}: 'title' is a required property; add it.")


def test_a_thousand_runs_are_planned(fresh):
    """How long that takes is measured by the benchmarks, not by a test."""
    overrides = copy.deepcopy(TINY)
    overrides["bloodmnist"]["experiments"]["variants"] |= {"seeds": 500}
    assert fresh.pending(overrides=overrides)["train"] == 1000


def test_caps_shrink_every_experiment_and_the_full_configuration_runs_on_them(fresh):
    assert fresh.pending(preset="full", overrides={})["train"] == 40
    assert fresh.pending(preset="full", overrides={}, max_epochs="1", max_seeds="1")["train"] == 8


def test_numbers_in_exponent_form_are_numbers_whichever_loader_reads_them(fresh):
    (fresh.root / "mine.yaml").write_text(
        "overrides: {bloodmnist: {experiments: {variants: {models: {cnn: {grid: {lr: [1e-4]}}}}}}}"
    )
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1"]
    done = subprocess.run(
        [*command, "--configfile", "config/demo.yaml", "mine.yaml"],
        cwd=fresh.root, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert "lr=0.0001" in done.stdout + done.stderr

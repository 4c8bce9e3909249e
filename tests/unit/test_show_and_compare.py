"""What people see of runs, experiments, recipes and studies, and of two runs side by side."""

import errno
import json
import shutil
import sys

import pytest
from left_by_runs import choose, evaluate, prepared, small_plan, train

from replisome.__main__ import main
from replisome.api.about.many import about
from replisome.api.about.places import find
from replisome.commands import door
from replisome.commands.pages import Page
from replisome.errors import ReplisomeError
from replisome.io import file_hash, write_json

BETTER = "bloodmnist/control/runs/cnn/head=logits+lr=0.03+pool=max"
WORSE = "bloodmnist/control/runs/cnn/head=logits+lr=0.003+pool=max"


@pytest.fixture(scope="module")
def plan():
    return small_plan()


@pytest.fixture(scope="module")
def made(plan, tmp_path_factory):
    """Four runs of two rates, the second better; its first seed tested."""
    root = tmp_path_factory.mktemp("made") / "results" / "demo"
    prepared(root, plan)
    for run in plan.runs:
        train(root, run, (0.6 if "lr=0.03+" in run.slug else 0.3) + 0.01 * run.seed)
    choose(root, plan, "variants")
    evaluate(root, plan.by_key["bloodmnist", "control", "cnn", BETTER.rpartition("/")[2], 0])
    return root


@pytest.fixture
def root(made, tmp_path):
    copy = tmp_path / "results" / "demo"
    shutil.copytree(made, copy)
    return copy


def shown(capsys, *words) -> str:
    """Return what a command prints, runs of spaces made one."""
    code = main([*map(str, words)])
    out, error = capsys.readouterr()
    assert code == 0, error
    return "\n".join(" ".join(line.split()) for line in out.splitlines())


def refusal(capsys, *words) -> str:
    assert main([*map(str, words)]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    return error


def as_json(capsys, *words):
    return json.loads(shown(capsys, *words, "--json"))


def test_a_run_shows_settings_scores_origin_and_how_to_repeat_it(made, capsys):
    folder = made / BETTER / "seed=0"
    said = shown(capsys, "show", folder)
    for line in (
        "bloodmnist/control: cnn head=logits+lr=0.03+pool=max, seed 0", "experiments variants", "budget 3 epochs",
        "seeds beside it 1", "lr 0.03", "accuracy (%) * 60.0 60.0 25.0", "stopped after its whole budget",
        "seconds 2.0", "memory 256 MiB at most", "device cpu on one, 1 of 2 threads",
        "precision 32-true, deterministic", "data as they are today",
    ):  # fmt: skip
        assert line in said, line
    assert "torch 2.13.0" in said
    assert f"replisome train --run again/config.json --data {made}/bloodmnist/control --out again --threads 1" in said
    assert "as they are today" in next(line for line in said.splitlines() if line.startswith("code "))


def test_a_file_of_a_run_means_the_run(made, capsys):
    for file in ("best.safetensors", "test/metrics.json", "test"):
        assert "seed 0" in shown(capsys, "show", made / BETTER / "seed=0" / file).splitlines()[0]


def test_a_run_as_json_has_all_of_it(made, capsys):
    found = as_json(capsys, "show", made / BETTER / "seed=0")
    assert (found["schema"], found["kind"], found["finished"]) == ("replisome/show/1", "run", True)
    assert found.keys() == {
        "schema", "kind", "path", "study", "recipe", "protocol", "model", "slug", "seed", "seeds", "experiments",
        "budget", "reduced", "config", "finished", "remarks", "scores", "called", "ended", "provenance", "current",
        "repeat",
    }  # fmt: skip
    assert found["scores"]["test"]["best"]["accuracy"] == 0.25
    about = {"title": "accuracy", "unit": "%", "scale": 100, "better": "max"}
    assert about.items() <= found["called"]["accuracy"].items()
    assert found["config"]["training"]["lr"] == 0.03
    assert found["provenance"]["inputs"]
    assert found["current"] == {"code": True, "data": True}
    assert found["ended"]["best_epoch"] == 2


def test_a_run_that_is_not_finished_says_so_and_shows_its_settings(root, capsys):
    (root / WORSE / "seed=0" / "provenance.json").unlink()
    said = shown(capsys, "show", root / WORSE / "seed=0")
    assert "! not finished" in said
    assert "lr 0.003" in said
    assert as_json(capsys, "show", root / WORSE / "seed=0")["scores"] == {}


def test_what_changed_since_is_said(root, capsys):
    stats = root / "bloodmnist" / "control" / "provenance.json"
    record = json.loads(stats.read_text())
    record["outputs"]["stats.json"] = "sha256:0"
    write_json(stats, {key: value for key, value in record.items() if key not in ("digest", "outputs")})
    said = shown(capsys, "show", root / BETTER / "seed=0")
    assert "data changed since: the workflow would make it anew" in said


def test_an_experiment_shows_candidates_best_first(made, capsys):
    for words in (("bloodmnist/variants",), ("variants",), ("bloodmnist/selection/variants",)):
        said = shown(capsys, "show", made, *words)
        assert "runs 4 of 4 finished" in said
        first, second = (line for line in said.splitlines() if line.startswith("cnn head"))
        assert first == "cnn head=logits+lr=0.03+pool=max 60.5 2 25.0 25.0"
        assert second.startswith("cnn head=logits+lr=0.003+pool=max 30.5 2")
    assert as_json(capsys, "show", made / "bloodmnist" / "variants")["expected"] == 4


def test_recipes_studies_and_whole_folders_are_shown(made, capsys):
    assert "source the simulation 'cells'" in shown(capsys, "show", made, "bloodmnist/control")
    assert "4 of 4 finished, 1 scored on test" in shown(capsys, "show", made / "bloodmnist")
    assert "bloodmnist 1 1 4/4 1 8" in shown(capsys, "show", made)
    assert "control cnn head=logits+lr=0.03+pool=max 1 61.0" in shown(capsys, "show", made / BETTER)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "results"), ("bloodmnist", "study"), ("bloodmnist/tables", "study"), ("bloodmnist/control", "recipe"),
        ("bloodmnist/control/runs", "recipe"), ("control", "recipe"), ("bloodmnist/selection/variants", "experiment"),
        ("bloodmnist/control/runs/cnn", "runs"), (f"{BETTER}/seed=1", "run"),
        ("bloodmnist/control/card.json", "recipe"), ("bloodmnist/selection/variants/selection.json", "experiment"),
    ],
)  # fmt: skip
def test_a_name_and_a_path_mean_the_same(made, name, kind):
    by_name, by_path = find(made, name), find(made / name)
    assert by_name.kind == by_path.kind == kind
    assert about(by_name)["kind"] == kind


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "study 'nowhere'"),
        (["", "varinats"], "there is no run, experiment, claim, recipe or study 'varinats' (no claims "
         "are judged here yet); did you mean 'variants'?"),
        (["", "bloodmnist/x/runs/cnn"], "'bloodmnist/x/runs/cnn'"),
        (["", f"{BETTER}/seed=7"], "has no run"),
        (["", "zzzzzz"], "lists what there is"),
        (["bloodmnist/control/runs/cnn/lr=9"], "bloodmnist/control/runs/cnn/lr=9"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused_with_what_is_near(made, words, message):
    path, *name = words
    with pytest.raises(ReplisomeError) as caught:
        find(made / path, *name)
    assert message in str(caught.value)


def test_a_run_that_was_accepted_says_so(root, capsys):
    accepted = {"record": file_hash(root / BETTER / "seed=0" / "provenance.json"), "key": "x", "inputs": {}}
    write_json(root / BETTER / "seed=0" / "accepted.json", accepted)
    assert "! accepted though code or data have changed since" in shown(capsys, "show", root / BETTER / "seed=0")


def test_a_name_of_two_things_wants_to_be_said_in_full(root, plan, capsys):
    (root / "bloodmnist" / "variants").mkdir()
    shutil.copy(root / "bloodmnist" / "control" / "recipe.json", root / "bloodmnist" / "variants" / "recipe.json")
    error = refusal(capsys, "show", root, "variants")
    assert "is several things; say which: bloodmnist/selection/variants, bloodmnist/variants/runs" in error


def test_two_seeds_differ_in_nothing_else(made, capsys):
    said = shown(capsys, "compare", made / BETTER / "seed=0", made / BETTER / "seed=1")
    assert "Nothing differs but the seed." in said.splitlines()
    assert "seed 0 1" in said
    assert "accuracy (%) 60.0 61.0 +1 0.71 yes" in said
    assert "Those of the last weights are the same." in said


def test_two_settings_differ_by_more_than_the_seed_does(made, capsys):
    found = as_json(capsys, "compare", made / WORSE / "seed=0", made / BETTER / "seed=0")
    assert found.keys() == {
        "schema", "first", "second", "paths", "finished", "settings", "code", "data", "versions", "machine", "cost",
        "ended", "scores", "same_weights", "called", "differ",
    }  # fmt: skip
    assert found["schema"] == "replisome/compare/1"
    assert found["settings"] == {"training.lr": [0.003, 0.03]}
    assert found["differ"] == ["settings (training.lr)"]
    assert found["code"]["same"] is True
    score = found["scores"]["validation"]["best"]["accuracy"]
    assert score["difference"] == pytest.approx(0.3)
    assert (score["seeds"], score["by_seed_alone"]) == (4, False)
    assert score["seed_sd"] == pytest.approx(0.01 / 2**0.5)
    assert "test" not in found["scores"]  # one of them was not tested
    assert "They differ in: settings (training.lr)." in shown(
        capsys, "compare", made / WORSE / "seed=0", made / BETTER / "seed=0"
    )


def test_a_run_that_was_repeated_elsewhere_is_the_same_to_the_bit(made, tmp_path, capsys):
    again = tmp_path / "again"
    shutil.copytree(made / BETTER / "seed=1", again)
    said = shown(capsys, "compare", made / BETTER / "seed=1", again)
    assert (
        "Nothing differs in settings, code, data, versions or machine, and their weights are equal to the bit." in said
    )
    assert "seed 1" in shown(capsys, "show", again)


def test_other_code_data_versions_and_machines_are_named(root, plan, capsys):
    run = plan.by_key["bloodmnist", "control", "cnn", BETTER.rpartition("/")[2], 0]
    other = root.parent / "other"
    prepared(other, plan)
    write_json(other / "bloodmnist" / "control" / "stats.json", {"mean": 1})
    folder = train(other, run, 0.6, code="0123456789abcdef")
    record = json.loads((folder / "provenance.json").read_text())
    del record["digest"], record["outputs"]
    record |= {"packages": {"torch": "2.12.0", "numpy": "2.4.6"}, "precision": "bf16-mixed"}
    write_json(folder / "provenance.json", record)
    said = shown(capsys, "compare", root / BETTER / "seed=0", folder)
    assert (
        "They differ in: the code of training, the data (stats.json), versions (torch), the machine (precision)."
        in said
    )
    assert "first " in said
    assert "second 0123456789abcdef, not today's code" in said
    assert "torch 2.13.0 2.12.0" in said
    assert "precision 32-true bf16-mixed" in said


def test_of_an_unfinished_run_only_settings_are_compared(root, capsys):
    (root / WORSE / "seed=0" / "provenance.json").unlink()
    said = shown(capsys, "compare", root / WORSE / "seed=0", root / BETTER / "seed=0")
    assert "The first run is not finished: only settings are compared. They differ in: settings (training.lr)." in said


def test_what_is_no_run_is_not_compared(made, capsys):
    error = refusal(capsys, "compare", made / BETTER / "seed=0", made / "bloodmnist")
    assert error.startswith("replisome compare: error:")
    assert "bloodmnist: is not a run's folder" in error
    assert "choose one, such as" in error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x", "--results", "y"], "give the results folder once"),
        (["x", "--lock", "a", "--check", "b"], "either --lock or --check"),
        (["x", "--study", "s", "--lock", "a"], "leave out --study"),
    ],
)
def test_claims_refuses_what_contradicts_itself(words, message, capsys):
    assert main(["claims", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_lock_that_is_not_there_is_named_with_what_writes_it(tmp_path, capsys):
    write_json(tmp_path / "claims.json", {"claims": []})
    said = refusal(capsys, "claims", tmp_path, "--check", tmp_path / "lock.json")
    assert f"no such file; 'replisome claims RESULTS --lock {tmp_path / 'lock.json'}' writes it" in said


def test_claims_without_a_folder_are_those_of_the_full_results(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_json(tmp_path / "results" / "demo" / "claims.json", {"claims": []})
    said = refusal(capsys, "claims")
    assert "results/full: there is no such folder; name the results folder" in said
    assert "replisome claims RESULTS (here are results/demo)" in said
    write_json(tmp_path / "results" / "full" / "claims.json", {"claims": []})
    assert "Claims: 0" in shown(capsys, "claims")


def test_a_page_is_made_where_the_output_is_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    Page().line("nobody reads this")


def test_an_output_that_is_full_is_a_message(monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(door.door, "main", full)
    assert door.main(["show"]) == 1
    assert "cannot write what is printed: the disk is full" in capsys.readouterr().err

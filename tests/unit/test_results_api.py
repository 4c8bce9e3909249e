"""What Python users get of a results folder, and what is said where something lacks."""

import ast
import json
import shutil

import pytest
from left_by_runs import choose, evaluate, prepared, record, small_plan, train

import replisome
from replisome import Run, open_results
from replisome.api.metrics import COLUMNS
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.tracking.introspect import ROOT as LIBRARY
from replisome.tracking.verify import record_digest

GIVEN = {"Runs": "api.run_lists", "Experiment": "api.experiments"}  # what those that are offered give, by module


@pytest.fixture(scope="module")
def plan():
    return small_plan()


@pytest.fixture(scope="module")
def made(plan, tmp_path_factory):
    """Four runs of two rates, the second better; the best one's seeds tested."""
    root = tmp_path_factory.mktemp("made") / "results" / "demo"
    prepared(root, plan)
    for run in plan.runs:
        train(root, run, {"0.003": 0.5, "0.03": 0.6}[f"{run.settings['training']['lr']:g}"] + 0.01 * run.seed)
    choose(root, plan, "variants")
    for run in plan.runs:
        if "lr=0.03+" in run.slug:
            evaluate(root, run, 0.4 + 0.1 * run.seed)
    return root


@pytest.fixture
def root(made, tmp_path):
    """A copy to break."""
    copy = tmp_path / "results" / "demo"
    shutil.copytree(made, copy)
    return copy


def refused(call, *words):
    with pytest.raises(ReplisomeError) as caught:
        call()
    text = str(caught.value)
    assert all(word in text for word in words), text


def test_runs_are_found_and_picked_by_what_they_are(made):
    runs = open_results(made).runs
    assert len(runs) == 4
    assert [run.seed for run in runs.where(lr=0.03)] == [0, 1]
    assert len(runs.where(experiment="variants", seed=1, finished=True)) == 2
    assert len(runs.where(model="other")) == 0
    run = runs.one(lr=0.003, seed=1)
    assert (run.study, run.recipe, run.model, run.protocol) == ("bloodmnist", "control", "cnn", "sound")
    assert run.experiments == ("variants",)
    assert runs[:2][1] == runs[1]
    refused(lambda: runs.where(lrr=1), "no 'lrr'", "did you mean 'lr'")
    refused(lambda: runs.one(lr=0.03), "2 runs have lr=0.03", "seed=1")


def test_a_run_tells_its_scores_by_split_and_weights(made):
    results = open_results(made)
    run = results.runs.one(lr=0.03, seed=1)
    assert run.scores["validation"]["best"]["accuracy"] == pytest.approx(0.61)
    assert run.scores["test"]["best"]["accuracy"] == 0.5
    assert run.tested_weights == ("best",)
    assert (run.stopped, run.diverged, run.remarks) == (None, False, ())
    assert run.history()["epoch"].tolist() == [1, 2, 3]
    assert run.provenance["seconds"] == 2.0
    assert "test" not in results.runs.one(lr=0.003, seed=0).scores
    assert Run.at(run.folder / "test" / "metrics.json") == run
    assert results.run(run.name) == run


def test_predictions_are_of_a_split_and_of_weights_that_were_tested(made):
    results = open_results(made)
    run = results.runs.one(lr=0.03, seed=0)
    assert results.predictions(run)["predicted"].tolist() == [1, 1]
    assert results.predictions(run.name, split="validation")["item"].tolist() == [0, 1]
    refused(lambda: run.predictions(weights="last"), "was tested with best, not 'last'")
    refused(lambda: run.predictions("train"), "validation and test")
    refused(lambda: results.runs.one(lr=0.003, seed=0).predictions(), "has no predictions")


def test_metrics_are_a_row_a_number(made):
    results = open_results(made)
    table = results.metrics()
    assert list(table.columns) == list(COLUMNS)
    rows = table[(table["split"] == "test") & table["selected"] & (table["score"] == "accuracy")]
    assert rows["value"].tolist() == [0.4, 0.5]
    assert rows["weights"].unique().tolist() == ["best"]
    assert rows["experiments"].unique().tolist() == ["variants"]
    assert rows["reduced"].isna().all()  # no table says yet
    assert len(table) == 4 * 2 * 4 + 2 * 4
    curves = results.metrics("curves")
    assert curves[curves["score"] == "accuracy"]["epoch"].tolist() == [1, 2, 3] * 4
    costs = results.metrics("costs")
    assert costs[costs["score"] == "seconds_training"]["value"].tolist() == [3.0] * 4
    refused(lambda: results.metrics("score"), "did you mean 'scores'")


def test_experiments_are_known_where_they_were_chosen_from(made):
    found = open_results(made).experiments["bloodmnist/variants"]
    assert (len(found.runs), found.expected, found.metric) == (4, 4, "accuracy")
    assert "lr=0.03+" in found.candidates["control"][0]["slug"]


def test_an_unfinished_folder_opens_and_says_so(root):
    results = open_results(root)
    run = results.runs.one(lr=0.003, seed=0)
    (run.folder / "provenance.json").unlink()
    shutil.rmtree(root / "bloodmnist" / "selection")
    again = open_results(root)
    assert again.notes == ("1 of 4 runs are not finished",)
    assert "1 of 4 runs" in repr(again)
    assert again.experiments == {}
    assert set(again.metrics()["seed"]) == {0, 1}
    lost = again.run(run.name)
    assert (lost.finished, lost.remarks) == (False, ("not finished",))
    refused(lambda: lost.scores, "is not finished", "replisome watch")
    refused(again.claims, "no claims are judged here yet", "snakemake claims")


def test_results_of_another_version_are_told_once_and_what_cannot_be_read_is_said(root):
    run = open_results(root).runs.one(lr=0.003, seed=0)
    record_file = run.folder / "provenance.json"
    content = {**json.loads(record_file.read_text()), "replisome": "0.1.0"}
    del content["outputs"]["validation.json"]
    write_json(record_file, {**content, "digest": record_digest(content)})
    write_json(run.folder / "validation.json", {"accuracy": 0.5})
    results = open_results(root)
    (note,) = results.notes
    assert "1 of 4 runs were made by replisome 0.1.0" in note
    refused(lambda: results.run(run.name).scores, "written by replisome 0.1.0 in another form", "'best'")
    refused(results.metrics, "written by replisome 0.1.0 in another form")


def test_settings_of_another_version_leave_their_experiment_out(root):
    settings = root / "bloodmnist" / "selection" / "variants" / "study.json"
    write_json(settings, {"name": "bloodmnist"})
    results = open_results(root)
    assert results.experiments == {}
    assert len(results.runs) == 4
    assert "its experiment is left out" in results.notes[0]


def test_test_scores_of_earlier_weights_are_left_out_and_told(root, plan):
    run = open_results(root).runs.one(lr=0.03, seed=0)
    train(root, next(one for one in plan.runs if one.directory == run.name), 0.9)
    anew = open_results(root).run(run.name)
    assert "test" not in anew.scores
    assert anew.remarks == ("its test scores are of earlier weights and left out",)


def test_a_run_that_diverged_has_no_scores_and_says_so(root, plan):
    run = open_results(root).runs.one(lr=0.003, seed=0)
    train(root, next(one for one in plan.runs if one.directory == run.name), diverged=True)
    results = open_results(root)
    lost = results.run(run.name)
    assert lost.diverged
    assert lost.scores["validation"]["best"]["accuracy"] is None
    rows = results.metrics()
    rows = rows[(rows["run"] == run.name) & (rows["score"] == "accuracy")]
    assert rows["value"].isna().all()
    assert set(rows["remarks"]) == {"diverged in epoch 1"}


def test_a_damaged_file_is_named(root):
    run = open_results(root).runs.one(lr=0.03, seed=1)
    path = run.folder / "validation.json"
    path.write_text(path.read_text().replace("0.61", "0.99"))
    refused(lambda: open_results(root).metrics(), str(path), "is not what was written")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere", ("nowhere: there is no such folder", "such as results/demo")),
        ("results", ("results: holds no results", "open one of these", "results/demo")),
        ("results/dmeo", ("there is no such folder", "open one of these", "results/demo")),
        ("", ("holds no results",)),
    ],
)
def test_what_holds_no_results_is_refused_with_what_is_near(root, path, words):
    refused(lambda: open_results(root.parents[1] / path), *words)


def test_any_folder_of_the_results_opens_them(made):
    run = open_results(made).runs[0]
    for path in (made, made / "bloodmnist", run.folder, run.folder / "config.json", made / "bloodmnist" / "selection"):
        assert open_results(path).root == made


def test_claims_are_a_row_a_claim_and_protocol(root):
    verdict = {
        "verdict": "replicated", "reason": "within", "estimate": 1.5, "low": 1, "high": 2, "p": None, "bh": None,
        "caps": [], "flags": ["one"], "decides": None, "look": None, "id": "abcdef",
    }  # fmt: skip
    claim = {"study": "bloodmnist", "id": "ceiling", "role": "detail", "owner": "control", "kind": "value"}
    claim |= {"unit": "%", "plain": "It is.", "reported": None, "verdicts": {"sound": verdict, "reported": verdict}}
    write_json(root / "bloodmnist" / "claims.json", {"claims": [claim]})
    table = open_results(root).claims()
    assert table["protocol"].tolist() == ["reported", "sound"]
    assert table["estimate"].tolist() == [1.5, 1.5]
    assert table["reported"].isna().all()
    assert table["flags"].tolist() == ["one", "one"]


def offered():
    """Yield each class, function and method that ``import replisome`` offers, or gives, without importing torch."""
    for name, module in {**replisome._API, **GIVEN}.items():
        body = ast.parse((LIBRARY / f"{module.replace('.', '/')}.py").read_text()).body
        imported = {alias.name: one.module for one in body if isinstance(one, ast.ImportFrom) for alias in one.names}
        if name in imported:
            body = ast.parse((LIBRARY.parent / f"{imported[name].replace('.', '/')}.py").read_text()).body
        (item,) = (one for one in body if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == name)
        yield name, item
        for member in item.body if isinstance(item, ast.ClassDef) else ():
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                overload = any(isinstance(one, ast.Name) and one.id == "overload" for one in member.decorator_list)
                if not overload:
                    yield f"{name}.{member.name}", member


def test_everything_that_the_library_offers_is_described_with_its_arguments():
    assert (LIBRARY / "py.typed").is_file()  # who imports it may check types
    lacking, found = [], dict(offered())
    for name, item in found.items():
        text = ast.get_docstring(item) or ""
        if not text:
            lacking.append(f"{name}: no docstring")
        if isinstance(item, ast.FunctionDef):
            arguments = [*item.args.posonlyargs, *item.args.args, *item.args.kwonlyargs]
            many = len([one for one in arguments if one.arg not in ("self", "cls")]) >= 2
            lacking += [f"{name}: no {word}" for word in ("Args:", "Returns:") if many and word not in text]
    assert lacking == []
    assert (
        {*replisome.__all__} - {"__version__"} == replisome._API.keys() == {n for n in found if "." not in n} - {*GIVEN}
    )


def test_a_recipe_that_is_no_run_is_not_taken_for_one(made, tmp_path):
    refused(lambda: Run.at(made / "bloodmnist"), "is not a run's folder", "it holds", "choose one, such as")
    refused(lambda: Run.at(made / "bloodmnist" / "seed=9"), "no such folder; a run is results/")
    refused(lambda: Run.at(next(made.glob("bloodmnist/**/seed=0")) / "nowhere"), "nowhere: no such folder")
    write_json(tmp_path / "config.json", {"study": "x"})
    record(tmp_path, "crate", {}, {})
    refused(lambda: Run.at(tmp_path), "is not a run's", "implementation")


def test_a_damaged_record_does_not_keep_the_folder_from_being_described(root):
    run = open_results(root).runs.one(lr=0.03, seed=1)
    path = run.folder / "provenance.json"
    path.write_text(path.read_text()[:100])
    assert "damaged" not in " ".join(open_results(root).notes)

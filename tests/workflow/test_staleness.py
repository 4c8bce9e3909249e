"""Stale means stale, and only that: what a dry run would do after one change to a finished workflow.

One table of edits (code, wording, configuration, ledger, data) and one of places and clocks. Edits that are to run
nothing are made in one copy, all together: where a dry run plans nothing after all of them, each of them plans nothing.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import forking
import pytest
from tiny_workflow import TINY, Workflow

SOURCE = "workflow/src/replisome"
STUDY = f"{SOURCE}/studies/bloodmnist"
MODEL = f"{SOURCE}/models/cnn.py"
RESULTS = "results/demo/bloodmnist"
GROWTH = ("GROWTH = (1, 2, 4)", "GROWTH = (1, 2, 3)")
MORE = ("from __future__ import annotations\n", "from __future__ import annotations\n\nMORE = 1\n")
AFTER_FIGURES = {"figures_bloodmnist": 1, "report": 1}
VERDICTS = {"judge_bloodmnist": 1, "claims": 1, "report": 1}
AFTER_TABLES = {**AFTER_FIGURES, **VERDICTS}
AFTER_SCORES = {"summarise_bloodmnist": 1, **AFTER_TABLES}
AFTER_TRAINING = {"select": 1, **AFTER_SCORES}
TRAINING = {"train": 2, "evaluate": 2, **AFTER_TRAINING}
AHEAD = 4_000_000_000  # the year 2096


def edit(file: str, old: str, new: str) -> Callable[[Workflow], dict]:
    """Return a change of the source, or of a configuration file."""

    def change(workflow):
        workflow.edit(file, old, new)
        return {}

    return change


def configure(path: str, value: object) -> Callable[[Workflow], dict]:
    """Return a change of the study's configuration, by the way to a key."""

    def change(workflow):
        changed = copy.deepcopy(TINY)
        *way, last = path.split("/")
        block = changed["bloodmnist"]
        for key in way:
            block = block.setdefault(key, {})
        block[last] = value
        return {"overrides": changed}

    return change


def results(pattern: str, do: Callable[[Path], object]) -> Callable[[Workflow], dict]:
    """Return a change of the first of some files of the results; its times stay what they were."""

    def change(workflow):
        path = min((workflow.root / RESULTS).glob(pattern))
        before = path.stat()
        do(path)
        if path.exists():
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return {}

    return change


def another_value(path: Path) -> None:
    """Change one number of a JSON file."""
    found = json.loads(path.read_text())
    found["best"]["accuracy"] = 0.5
    path.write_text(json.dumps(found))


def append(path: Path) -> None:
    """Make a file another one."""
    with path.open("ab") as handle:
        handle.write(b" ")


def dated(*changes: Callable[[Workflow], dict], when: float) -> Callable[[Workflow], dict]:
    """Return changes to results whose files all have one time, however odd."""

    def change(workflow):
        for one in changes:
            one(workflow)
        for path in (workflow.root / "results").rglob("*"):
            os.utime(path, (when, when))
        return {}

    return change


NOTHING = {
    "a comment": edit(MODEL, GROWTH[0], f"{GROWTH[0]}  # as the assignment says"),
    "a docstring": edit(MODEL, "Conv-ReLU[-MaxPool] x 3", "Three blocks"),
    "an error message": edit(f"{SOURCE}/io.py", "not a JSON file.", "cannot be read as JSON."),
    "an error message that is raised elsewhere": edit(f"{SOURCE}/io.py", "Free some space", "Make some room"),
    "a line of progress": edit(f"{SOURCE}/training/session.py", "} items", "} things"),
    "which packages a record names": edit(f"{SOURCE}/tracking/versions.py", '"numpy", ', '"numpy", "pip", '),
    "another model": lambda w: shutil.copy(w.root / MODEL, (w.root / MODEL).with_name("other.py")) and {},
    "a download": edit(f"{SOURCE}/stages/download.py", "RETRIES = 3", "RETRIES = 4"),
    "another study's code": edit(f"{SOURCE}/studies/genome/task.py", *MORE),
    "how a run is accepted": edit(f"{SOURCE}/stages/accept.py", "note.strip()", "note.rstrip()"),
    "a citation in the ledger": edit("config/datasets.yaml", "Yang et al. 2023", "Yang et al., 2023"),
    "what a job asks for": configure("experiments/variants/resources", {"mem_mb": 9999, "runtime": 7}),
}

SOMETHING = {
    "a model": (edit(MODEL, *GROWTH), TRAINING),
    "a model, of results dated ahead": (dated(edit(MODEL, *GROWTH), when=AHEAD), TRAINING),
    "a model, of results without a date": (dated(edit(MODEL, *GROWTH), when=0), TRAINING),
    "a model, of results without Snakemake's records": (
        lambda w: shutil.rmtree(w.root / ".snakemake") or edit(MODEL, *GROWTH)(w),
        TRAINING,
    ),
    "how weights are scored": (
        edit(f"{SOURCE}/stages/evaluate.py", '"n": items[SPLIT]', '"n": 1 * items[SPLIT]'),
        {"evaluate": 2, **AFTER_SCORES},
    ),
    "how models are chosen": (edit(f"{SOURCE}/stages/select.py", "np.mean(v)", "np.median(v)"), AFTER_TRAINING),
    "a table": (edit(f"{STUDY}/tables/training.py", *MORE), AFTER_SCORES),
    "a figure": (edit(f"{STUDY}/figures/data.py", "SAMPLES = 8", "SAMPLES = 6"), AFTER_FIGURES),
    "a caption": (edit(f"{STUDY}/figures/data.py", "like:", "like;"), {"report": 1}),
    "a title": (edit(f"{STUDY}/tables/training.py", '@table("How training', '@table("How it'), {"report": 1}),
    "a claim": (edit("config/studies/bloodmnist/claims.yaml", "93.25", "93.26"), AFTER_SCORES),
    "a reading": (edit(f"{SOURCE}/claims/readings.py", *MORE), VERDICTS),
    "a quantity": (edit(f"{STUDY}/quantities.py", *MORE), VERDICTS),
    "a verdict that is lost": (results("claims.json", Path.unlink), VERDICTS),
    "a new value in a grid": (
        configure("experiments/variants/models/cnn/grid/lr", [0.003, 0.001]),
        {"train": 2, "evaluate": 2, **AFTER_TRAINING},
    ),
    "a value less in a grid": (configure("experiments/variants/models/cnn/grid/head", ["logits"]), AFTER_TRAINING),
    "a seed more": (configure("experiments/variants/seeds", 2), {"train": 2, "evaluate": 2, **AFTER_TRAINING}),
    "a setting that no path shows": (configure("experiments/variants/training", {"weight_decay": 0.01}), TRAINING),
    "another budget": (configure("experiments/variants/budget", {"epochs": 3}), TRAINING),
    "a recipe": (configure("recipes/control/source/options/seed", 2), {"prepare": 1, **TRAINING}),
    "prepared data": (results("control/train.parquet", append), TRAINING),
    "statistics of the data": (results("control/stats.json", append), TRAINING),
    "weights": (results("control/runs/cnn/*/seed=0/best.safetensors", append), {"evaluate": 1, **AFTER_SCORES}),
    "scores on validation": (results("control/runs/cnn/*/seed=0/validation.json", another_value), AFTER_TRAINING),
    "a history that is lost": (
        results("control/runs/cnn/*/seed=0/history.parquet", Path.unlink),
        {"train": 1, "evaluate": 1, **AFTER_TRAINING},
    ),
    "predictions": (results("control/runs/cnn/*/seed=0/test/predictions.parquet", append), AFTER_SCORES),
    "a data card": (results("control/card.json", append), AFTER_SCORES),
    "a table's file": (results("tables/metrics.parquet", append), AFTER_TABLES),
    "a figure that is lost": (results("figures/mistakes.png", Path.unlink), AFTER_FIGURES),
    "a record that is damaged": (results("figures/provenance.json", lambda path: path.write_text("{")), AFTER_FIGURES),
}


def clone(workflow: Workflow, to: Path, copied: Callable[..., object]) -> Workflow:
    """Clone the code anew, and copy the results into the clone."""
    left = shutil.ignore_patterns(".snakemake", "results")
    shutil.copytree(workflow.root, to, symlinks=True, ignore=left, copy_function=shutil.copy)
    shutil.copytree(workflow.root / "results", to / "results", copy_function=copied)
    return Workflow(to)


def backwards(workflow: Workflow) -> None:
    """Date all results in an order that has nothing to do with that in which they were made."""
    for number, path in enumerate(sorted((workflow.root / "results").rglob("*"), reverse=True)):
        os.utime(path, (1_000_000_000 + 60 * number,) * 2)


def test_edits_that_change_no_number_run_nothing(workflow):
    options = {}
    for change in NOTHING.values():
        options |= change(workflow)
    assert workflow.pending(**options) == {}


@pytest.mark.parametrize(("change", "jobs"), SOMETHING.values(), ids=SOMETHING)
def test_an_edit_runs_what_depends_on_it(workflow, change, jobs):
    options = change(workflow)
    assert workflow.pending(**options) == jobs


def test_places_and_clocks_run_nothing(workflow, tmp_path):
    assert workflow.pending() == {}, "as it was left"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folders = {"results_dir": str(workflow.root / "results/demo"), "resources_dir": str(tmp_path / "raw")}
    assert workflow.pending(cwd=elsewhere, **folders) == {}, "another working directory, another folder of raw files"
    assert workflow.pending(resources_dir=str(tmp_path / "raw")) == {}, "another folder of raw files"
    assert clone(workflow, tmp_path / "new", shutil.copy).pending() == {}, "copied without times"
    assert clone(workflow, tmp_path / "old", shutil.copy2).pending() == {}, "copied with times"
    backwards(workflow)
    assert workflow.pending() == {}, "dated in another order"
    for when in (AHEAD, 0):
        dated(when=when)(workflow)
        assert workflow.pending() == {}, f"all dated {when}"


def test_an_edit_taken_back_runs_nothing(workflow):
    workflow.edit(MODEL, *GROWTH)
    workflow.pending()
    workflow.edit(MODEL, *reversed(GROWTH))
    assert workflow.pending() == {}


def test_stale_results_dated_ahead_of_the_clock_are_made_once(workflow):
    dated(edit(f"{STUDY}/figures/data.py", "SAMPLES = 8", "SAMPLES = 6"), when=AHEAD)(workflow)
    done = workflow.run()
    assert done.returncode == 0, done.stdout
    assert workflow.pending() == {}


def test_a_report_left_behind_by_an_interruption_is_rendered_again(workflow):
    workflow.edit("config/studies/bloodmnist/study.yaml", "title: Blood-cell", "title: White-cell")
    assert workflow.run("--until", "figures_bloodmnist").returncode == 0
    assert workflow.pending() == VERDICTS


def test_an_accepted_model_runs_what_marks_it_and_trains_nothing(workflow):
    workflow.edit(MODEL, *GROWTH)
    command = [sys.executable, "-m", "replisome", "accept", f"{RESULTS}/control/runs", "--note", "same numbers"]
    source = workflow.root / "workflow/src"
    subprocess.run(command, env=forking.environment(source), cwd=workflow.root, check=True)
    assert workflow.pending() == AFTER_SCORES


def test_explanations_that_changed_are_drawn_again_though_the_call_stopped_after_the_tables(heirs):
    heirs.edit(f"{SOURCE}/studies/rnacompete/explain.py", *MORE)
    jobs = {"summarise_rnacompete": 1, "figures_rnacompete": 1, "judge_rnacompete": 1, "claims": 1, "report": 1}
    assert set(heirs.pending()) == {"explain", *jobs}
    for path in (heirs.root / "results").rglob("explanation.parquet"):
        append(path)
    heirs.edit(f"{SOURCE}/studies/rnacompete/explain.py", *reversed(MORE))
    assert heirs.pending() == jobs

"""Results never mix: what another call left in a folder is refused by name, and one call at a time uses a folder."""

import json
import os
import re

import pytest
from tiny_workflow import Workflow

from replisome.io import canonical_json
from replisome.tracking.in_use import Use
from replisome.tracking.stage_key import text_hash

DEMO = "results/demo"


@pytest.fixture
def mixed(workflow, replisome) -> Workflow:
    """A finished workflow in which another call, of a smaller budget, has trained one run anew."""
    data = workflow.root / DEMO / "bloodmnist/control"
    run = min((data / "runs/cnn").iterdir()) / "seed=0"
    settings = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(canonical_json({**settings, "budget": {"epochs": 1}}))
    done = replisome("train", "--run", run / "config.json", "--data", data, "--out", run)
    assert done.returncode == 0, done.stderr
    return workflow


def test_every_reader_refuses_a_run_of_another_budget_by_name(mixed, replisome, tmp_path):
    results = mixed.root / DEMO
    study = results / "bloodmnist"
    run = min((study / "control/runs/cnn").iterdir()) / "seed=0"
    where, out = ("--results", results), ("--out", tmp_path / "out")
    tables = ("--settings", study / "tables/study.json")
    selected = study / "selection/variants/study.json"
    for stage in (
        ("select", "--settings", selected, "--experiment", "variants", *where, *out),
        ("summarise", *tables, *where, *out),
        ("figures", *tables, *where, *out),
        ("judge", "--settings", study / "claims/settings.json", *where, *out),
        ("report", "--settings", results / "report/report.json", *where, *out),
    ):
        done = replisome(*stage)
        assert done.returncode == 1, stage[0]
        assert "Traceback" not in done.stderr, stage[0]
        assert f"{run}: was made with other settings (budget.epochs: found 1, planned 2)" in done.stderr, stage[0]
    settings = json.loads((run / "config.json").read_text())
    planned = text_hash(canonical_json({**settings, "budget": {"epochs": 2}}))
    read = ("--run", run / "config.json", "--data", study / "control", "--weights", run / "best.safetensors", *out)
    done = replisome("evaluate", *read, "--planned", planned)
    assert done.returncode == 1
    assert "is not what this call of the workflow plans" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_in_use_is_refused_wherever_the_other_call_was_started(workflow):
    workflow.edit("workflow/src/replisome/studies/bloodmnist/figures/data.py", "SAMPLES = 8", "SAMPLES = 6")
    other = Use(workflow.root / DEMO)
    other.take()
    try:
        assert workflow.pending() == {"figures_bloodmnist": 1, "report": 1}  # looking is allowed
        done = workflow.run()
    finally:
        other.release()
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    flat = " ".join(done.stdout.split())
    assert f"{DEMO}: in use by another call of the workflow: host" in flat
    assert f"process {os.getpid()}, since" in flat
    assert not re.search(r"\[ *1/", flat)  # no job has ended
    done = workflow.run()
    assert done.returncode == 0, done.stdout
    assert json.loads((workflow.root / DEMO / ".in-use.json").read_text())["released"]

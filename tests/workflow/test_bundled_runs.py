"""Runs that a job works through together: the same numbers, nothing finished lost, nothing done twice."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tiny_workflow import TINY, Workflow

from replisome.io import file_hash

RESULTS = Path("results", "demo")
TABLES = "results/demo/bloodmnist/tables/metrics.parquet"
TOGETHER = "{runs: 4, parallel: 2}"


def weights_in(workflow: Path) -> dict[str, str]:
    results = workflow / RESULTS
    return {str(path.relative_to(results)): file_hash(path) for path in sorted(results.rglob("*.safetensors"))}


def begun_in(workflow: Path) -> dict[str, str]:
    """Return when the training of each finished run began, by its slug and seed."""
    records = (workflow / RESULTS).glob("*/*/runs/*/*/*/provenance.json")
    return {"/".join(path.parts[-3:-1]): json.loads(path.read_text())["started"] for path in records}


def longer(rates: list[float], epochs: int) -> dict:
    """Return the tiny control with a grid of rates and no variants, trained for so many epochs."""
    changed = copy.deepcopy(TINY)
    variants = changed["bloodmnist"]["experiments"]["variants"]
    variants["models"]["cnn"] |= {"grid": {"head": ["logits"], "lr": rates}}
    variants |= {"budget": {"epochs": epochs}, "claims": None}
    return changed


def test_a_bundle_gives_the_weights_that_jobs_of_their_own_give(fresh, finished):
    done = fresh.run(TABLES, bundle=TOGETHER)
    assert done.returncode == 0, done.stdout
    assert weights_in(fresh.root) == weights_in(finished)
    assert len(weights_in(finished)) == 4
    log = next((fresh.root / RESULTS / "logs" / "train").rglob("0.log"))
    assert "epoch 2/2" in log.read_text()
    assert not (fresh.root / RESULTS / ".bundles").exists()
    # Neither the next call with bundles nor one without has anything to do.
    assert fresh.pending(TABLES, bundle="4") == {}
    assert fresh.pending(TABLES) == {}


def test_a_killed_bundle_keeps_what_is_finished_and_a_changed_grid_value_runs_only_its_runs(fresh):
    chosen = longer([0.001, 0.002, 0.003], 40)
    running = started(fresh, chosen)
    until = time.monotonic() + 240
    while not begun_in(fresh.root) and time.monotonic() < until and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    before = begun_in(fresh.root)
    assert 0 < len(before) < 3, before
    # A value of the grid changes: its run takes the place of the old one; the rest goes on.
    chosen = longer([0.001, 0.002, 0.004], 40)
    fresh.run(TABLES, "--unlock", overrides=chosen, bundle="8")
    done = fresh.run(TABLES, overrides=chosen, bundle="8")
    assert done.returncode == 0, done.stdout
    after = begun_in(fresh.root)
    assert {key: after[key] for key in before} == before
    assert len([key for key in after if "lr=0.004" in key]) == 1
    assert not list((fresh.root / RESULTS).rglob("checkpoint.pt*"))
    # One more value: a bundle of one.
    wanted = longer([0.001, 0.002, 0.004, 0.005], 40)
    assert fresh.pending("results/demo/bloodmnist/selection/variants/selection.json", overrides=wanted,
                         bundle="8") == {"bundle": 1, "select": 1}  # fmt: skip


def started(workflow: Workflow, overrides: dict):
    """Start the workflow with bundles in a process group of its own."""
    command = workflow.command(TABLES, overrides=overrides, bundle="8")
    return subprocess.Popen(
        command, cwd=workflow.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )

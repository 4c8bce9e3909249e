"""A study that searches a grid and looks at its claim in rounds, from a fresh folder on: what runs, what stays."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from subprocess import PIPE, STDOUT

import forking
import pytest
import yaml
from filelock import FileLock
from tiny_workflow import KEPT_OUT, ROOT

SLUG = "hidden=8+lr={}+pool=max"
ARM = "{{experiment: pair, model: cnn, where: {{lr: {0}}}, called: rate {0}}}"
STUDY = f"""
implementation: bloodmnist
title: Rounds and a search
summary: Two rates compared in rounds of seeds, and a grid of which half is dropped.
seeds: {{rounds: [2, 3]}}
recipes:
  cells:
    source: {{control: cells, options: {{side: 12, train: 64, validation: 32, test: 32}}}}
    split: official-deduplicated
    encoding: image
    normalisation: zscore
    protocol: sound
experiments:
  pair:
    description: two rates
    recipes: [cells]
    models: {{cnn: {{fixed: {{filters: 2}}, grid: {{lr: [0.001, 0.002], hidden: [8], pool: [max]}}}}}}
    training: {{batch_size: 16}}
    budget: {{epochs: 1}}
    seeds: 2
    select: {{metric: accuracy}}
    test: all
  grid:
    description: four rates
    recipes: [cells]
    models: {{cnn: {{fixed: {{filters: 2}}, grid: {{lr: [0.003, 0.004, 0.005, 0.006], hidden: [8], pool: [max]}}}}}}
    training: {{batch_size: 16}}
    budget: {{epochs: 3}}
    seeds: 2
    search: {{keep: half, at: a third, finalists: 1}}
    select: {{metric: accuracy}}
    test: selected
claims:
  - id: rates-differ
    owner: control
    plain: The higher rate is better by far.
    ask:
      kind: difference
      first: {ARM.format(0.002)}
      second: {ARM.format(0.001)}
      number: {{score: accuracy, split: test, read: final, scale: points}}
      expect: first_higher
      negligible: {{value: 0.001, from: ours, why: none}}
    recipes: {{reported: null, sound: cells, why: drawn cells have one protocol}}
    items: this_set
    agreed: "2026-11-26"
"""
SHOWN = {"summarise_small": 1, "figures_small": 1, "judge_small": 1, "claims": 1, "report": 1, "rounds": 1}


def command(*arguments):
    """Return a call of snakemake; an argument with an equals sign is a key of the configuration."""
    config = [one for one in arguments if "=" in one]
    found = [sys.executable, "-m", "snakemake", *(one for one in arguments if "=" not in one), "--cores", "2"]
    return [*found, "--config", "studies=[small.yaml]", "results_dir=results/small", *config]


def outcome(root, *arguments):
    own = {"cwd": root, "env": forking.environment()}
    return subprocess.run(command(*arguments), **own, text=True, stdout=PIPE, stderr=STDOUT, check=False)


def call(root, *arguments):
    done = outcome(root, *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


def jobs(text):
    """Return the jobs of a dry run by rule."""
    if "Nothing to be done" in text:
        return {}
    table = text.rpartition("Job stats:")[2]
    found = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
    return {name: count for name, count in found.items() if name not in ("total", "all", "decide")}


def rows(root):
    with (root / "results/small/rounds.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def written(root, path):
    return json.loads((root / "results/small" / path).read_text())


@pytest.fixture(scope="module")
def first_look(shared_folder):
    """The study after its first look, once for all workers."""
    root = shared_folder / "rounds" / "replisome"
    with FileLock(f"{shared_folder}/rounds.lock"):
        if not (root.parent / "done").exists():
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(ROOT, root, ignore=KEPT_OUT, symlinks=True)
            (root / "small.yaml").write_text(STUDY)
            call(root)
            (root.parent / "done").touch()
    return root


@pytest.fixture
def small(first_look, tmp_path):
    shutil.copytree(first_look, tmp_path / "replisome", symlinks=True)
    return tmp_path / "replisome"


def test_the_first_look_trains_of_the_grid_what_its_search_leaves(first_look):
    runs = first_look / "results/small/small/cells/runs/cnn"
    searched = written(first_look, "small/search/grid/halved/search.json")["recipes"]["cells"]["cnn"]
    last = written(first_look, "small/search/grid/finalists/search.json")["recipes"]["cells"]["cnn"]
    assert len(searched["kept"]) == len(searched["dropped"]) == 2
    assert len(list(runs.glob("*/seed=0/pilot/state.pt"))) == 4
    trained = {(path.parts[-3], path.parts[-2]) for path in runs.glob("*/seed=*/best.safetensors")}
    expected = {(slug, "seed=0") for slug in (*searched["kept"], *searched["audited"])}
    expected |= {(last["finalists"][0], "seed=1")}
    expected |= {(SLUG.format(rate), f"seed={seed}") for rate in (0.001, 0.002) for seed in (0, 1)}
    assert trained == expected
    chosen = written(first_look, "small/selection/grid/selection.json")["recipes"]["cells"]
    assert (chosen[0]["slug"], chosen[0]["seeds"]) == (last["finalists"][0], 2)
    table = (first_look / "results/small/small/tables/searches.csv").read_text()
    assert table.count("dropped, finished as an audit") == 2
    assert "How grids were searched" in (first_look / "results/small/report.html").read_text()


def test_the_first_look_has_the_level_and_the_row_of_its_rounds(first_look):
    claims = written(first_look, "claims.json")
    assert claims["level"] == claims["levels"]["small"] == 0.975
    assert claims["claims"][0]["verdicts"]["sound"]["look"] == {"decided": None, "now": 1, "of": 2, "later": None}
    assert [(row["call"], row["round"], row["of"], row["open"]) for row in rows(first_look)] == [("1", "1", "2", "1")]
    page = (first_look / "results/small/report.html").read_text()
    assert "Round 1 of 2" in page
    assert "97.5 %, over seeds" in page
    assert "95 %, over seeds" not in page
    assert jobs(call(first_look, "--dry-run")) == {}


def test_a_dry_run_says_what_the_next_round_takes_and_begins_nothing(small):
    said = call(small, "decide", "--dry-run")
    assert "small, round 2 of 2: 1 open claims; 2 configurations get more seeds, up to 3: 2 runs, about" in said
    assert jobs(said) == {"train": 2, "evaluate": 2, **SHOWN}
    assert not (small / "results/small/rounds.json").exists()
    said = call(small, "decide", "--dry-run", "max_hours=0")
    assert "without more seeds for want of time (max_hours): rates-differ (sound)" in said
    assert jobs(said) == {}


def test_a_round_that_was_killed_is_the_same_round_when_it_is_asked_for_again(small):
    process = subprocess.Popen(
        command("decide"), cwd=small, text=True, stdout=PIPE, stderr=STDOUT, start_new_session=True
    )
    begun = small / "results/small/rounds.json"
    for _ in range(600):
        if begun.exists():
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = begun.read_text()
    call(small, "--unlock")
    assert jobs(call(small, "--dry-run"))["rounds"] == 1  # any call goes on with its seeds
    said = call(small, "decide")
    assert "call 2 of the rounds is not finished: this call finishes it." in said
    assert begun.read_text() == before
    first, second = rows(small)
    assert first["call"] == "1"
    assert {key: second[key] for key in ("call", "round", "seeds", "runs", "served")} == {
        "call": "2", "round": "2", "seeds": "3", "runs": "2", "served": "1",
    }  # fmt: skip
    look = written(small, "claims.json")["claims"][0]["verdicts"]["sound"]["look"]
    assert (look["now"], look["of"]) == (2, 2)
    assert "Round 2 of 2" in (small / "results/small/report.html").read_text()
    assert jobs(call(small, "--dry-run")) == {}
    after = call(small, "decide", "--dry-run")
    assert "small: no open claim gets more seeds." in after
    assert jobs(after) == {}


def test_a_search_that_is_made_again_changes_nothing(small):
    found = small / "results/small/small/search/grid/halved/search.json"
    before = found.read_text()
    found.unlink()
    call(small)
    assert found.read_text() == before
    assert jobs(call(small, "--dry-run")) == {}


def test_adding_a_search_to_a_finished_grid_trains_nothing_of_it_again(small):
    study = yaml.safe_load((small / "small.yaml").read_text())
    del study["experiments"]["grid"]["search"]
    (small / "small.yaml").write_text(yaml.safe_dump(study))
    planned = jobs(call(small, "--dry-run"))
    assert planned["train"] == 8 - 5  # the runs that the search had left out
    assert "pilot" not in planned


def test_what_decide_cannot_do_it_says(small):
    for arguments, message in (
        (["decide", "all", "--dry-run"], "ask for no other target beside it"),
        (["decide", "--dry-run", "max_seeds=1"], "max_seeds holds the number of seeds down"),
    ):
        done = outcome(small, *arguments)
        assert done.returncode == 1
        assert message in done.stdout
    study = yaml.safe_load((small / "small.yaml").read_text())
    del study["seeds"]
    (small / "small.yaml").write_text(yaml.safe_dump(study))
    done = outcome(small, "decide", "--dry-run")
    assert "no study here has rounds of seeds; say so in its study.yaml" in done.stdout

"""Kills, full disks, refused writes and bad raw files: a message, no half output, and the same result afterwards."""

import copy
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, flip_bit
from safetensors.numpy import load_file
from tiny_workflow import TINY

from replisome.errors import ReplisomeError
from replisome.stages import evaluate, summarise

LIMIT = 200_000  # bytes a file


@pytest.fixture
def recipe(finished):
    return finished / "results" / "demo" / "bloodmnist" / "control"


@pytest.fixture
def settings(recipe, tmp_path):
    config = json.loads(next(recipe.glob("runs/cnn/*/seed=0/config.json")).read_text())
    config["budget"]["epochs"] = 30
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    return path


def test_a_run_killed_in_the_middle_ends_with_the_weights_of_an_uninterrupted_one(
    replisome, recipe, settings, tmp_path
):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    arguments = ["--run", settings, "--data", recipe, "--out"]
    assert replisome("train", *arguments, whole).returncode == 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "src")}
    command = [sys.executable, "-m", "replisome", "train", *map(str, arguments), str(cut), "--checkpoint-minutes", "0"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    for line in running.stdout:
        if line.startswith("epoch 5/30"):
            break
    time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()
    assert not (cut / "best.safetensors").exists()
    done = replisome("train", *arguments, cut)
    assert done.returncode == 0, done.stderr
    assert "resuming after epoch" in done.stdout
    for weights in ("best.safetensors", "last.safetensors"):
        one, two = load_file(whole / weights), load_file(cut / weights)
        assert one.keys() == two.keys()
        assert all(np.array_equal(one[name], two[name]) for name in one)
    columns = ["epoch", "step", "train_loss", "validation_loss", "validation_accuracy", "learning_rate"]
    histories = [pd.read_parquet(folder / "history.parquet")[columns] for folder in (whole, cut)]
    pd.testing.assert_frame_equal(*histories)
    assert not (cut / "checkpoint.pt").exists()


def test_a_workflow_killed_in_the_middle_of_training_goes_on_where_it_was(fresh, replisome, tmp_path):
    overrides = copy.deepcopy(TINY)
    overrides["bloodmnist"]["experiments"]["variants"]["budget"] = {"epochs": 60}
    overrides["bloodmnist"]["experiments"]["variants"]["models"]["cnn"]["grid"]["head"] = ["logits"]
    control = fresh.root / "results/demo/bloodmnist/control"
    run = control / "runs/cnn/head=logits+lr=0.003+pool=max/seed=0"
    with fresh.start(str(run.relative_to(fresh.root) / "best.safetensors"), overrides=overrides) as running:
        while not (run / "checkpoint.pt").exists():
            assert running.poll() is None, running.stdout.read()
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGKILL)  # Snakemake and its job
    assert not (run / "best.safetensors").exists()
    assert fresh.run("--unlock", overrides=overrides).returncode == 0
    done = fresh.run(str(run.relative_to(fresh.root) / "best.safetensors"), overrides=overrides)
    assert done.returncode == 0, done.stdout
    log = fresh.root / "results/demo/logs/train/bloodmnist/control/cnn/head=logits+lr=0.003+pool=max/0.log"
    assert "resuming after epoch" in log.read_text()
    whole = tmp_path / "whole"
    assert replisome("train", "--run", run / "config.json", "--data", control, "--out", whole).returncode == 0
    one, two = load_file(whole / "last.safetensors"), load_file(run / "last.safetensors")
    assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize(
    ("stage", "content", "message"),
    [
        ("train", "{}", "has no key 'implementation'; was it made by the workflow?"),
        ("train", "{", "not valid JSON (line 1)"),
        ("prepare", '{"implementation": "bloodmnist"}', "has no key 'recipe'"),
    ],
)
def test_a_stage_called_by_hand_with_bad_settings_says_so(replisome, tmp_path, stage, content, message):
    (tmp_path / "s.json").write_text(content)
    flag, more = ("--run", ["--data", tmp_path]) if stage == "train" else ("--settings", [])
    done = replisome(stage, flag, tmp_path / "s.json", *more, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_weights_that_are_not_are_a_message(replisome, recipe, settings, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"junk")
    arguments = ["evaluate", "--run", settings, "--data", recipe, "--out", tmp_path / "out", "--weights"]
    for weights, message in (("w.safetensors", "not the weights of cnn"), ("none.safetensors", "no such file")):
        done = replisome(*arguments, tmp_path / weights)
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "file", ["recipe.json", "stats.json", "test.parquet", "{run}/config.json", "{run}/best.safetensors"]
)
def test_a_bit_that_flipped_since_a_stage_wrote_it_is_refused_by_the_next(recipe, tmp_path, file):
    shutil.copytree(recipe, tmp_path / "control")
    run = next((tmp_path / "control").glob("runs/cnn/*/seed=0"))
    path = tmp_path / "control" / file.format(run=run)
    flip_bit(path, 4 * path.stat().st_size)
    with pytest.raises(ReplisomeError, match=rf"{path.name}: is not what was written .* Delete it and run"):
        evaluate.run(run / "config.json", tmp_path / "control", [run / "best.safetensors"], tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "file",
    [
        *("control/card.json", "{run}/validation.json", "{run}/history.parquet", "{run}/provenance.json"),
        *("{run}/test/metrics.json", "{run}/test/predictions.parquet"),
    ],
)
def test_no_table_is_made_from_files_in_which_a_bit_flipped(recipe, tmp_path, file):
    shutil.copytree(recipe.parents[0], tmp_path / "bloodmnist")
    run = next((tmp_path / "bloodmnist/control").glob("runs/cnn/*/seed=0"))
    path = tmp_path / "bloodmnist" / file.format(run=run)
    flip_bit(path, 4 * path.stat().st_size)
    shutil.copy(recipe.parents[0] / "tables/study.json", tmp_path / "study.json")
    with pytest.raises(ReplisomeError, match=rf"{path.name}: is not what was written"):
        summarise.run(tmp_path / "study.json", tmp_path, tmp_path / "tables")


def test_a_recipe_on_a_data_set_is_never_prepared_from_something_else(replisome, recipe, tmp_path):
    about = json.loads((recipe / "recipe.json").read_text())
    about["recipe"]["source"] = {"dataset": "x"}
    about["datasets"] = {"x": {"name": "x"}}
    (tmp_path / "recipe.json").write_text(json.dumps(about))
    done = replisome("prepare", "--settings", tmp_path / "recipe.json", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "this recipe needs the raw files: --raw x=FILE" in done.stderr


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def test_a_full_disk_is_a_message_and_leaves_no_half_file(replisome, recipe, settings, tmp_path):
    done = replisome("train", "--run", settings, "--data", recipe, "--out", tmp_path / "out", preexec_fn=small_files)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "cannot write" in done.stderr
    assert [path for path in (tmp_path / "out").glob("*") if path.stat().st_size] == []


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become a user who may not write")
def test_a_read_only_results_folder_is_refused_before_anything_runs(tmp_path):
    base = Path(tempfile.mkdtemp(dir=tmp_path.parents[2].parent))  # pytest's own folders are closed to others
    (base / "results").mkdir(mode=0o555)
    base.chmod(0o755)
    # Only the check itself runs as that user: the interpreter's folder may be closed to others.
    code = (
        "import os, sys; from pathlib import Path; from replisome.io import require_writable; "
        "os.setgid(65534); os.setuid(65534); require_writable(Path(sys.argv[1]), 'results_dir')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "src")}
    command = [sys.executable, "-c", code, str(base / "results" / "demo")]
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
    shutil.rmtree(base)
    assert done.returncode == 1
    assert f"ReplisomeError: {base / 'results'}: cannot be written to; make it writable or choose" in done.stderr


def on_real_layout(fresh, arrays, tmp_path, damage=None):
    """Run the fresh workflow on a small npz in a mirror, as the stand-in of a ledger entry without checksums."""
    mirror = tmp_path / "mirror" / "mine"
    mirror.mkdir(parents=True)
    np.savez(mirror / "mine.npz", **arrays)
    if damage:
        damage(mirror / "mine.npz")
    (fresh.root / "config" / "datasets.yaml").write_text(
        "mine: {study: mine, version: v1, file: mine.npz, addresses: ['http://127.0.0.1:9/mine.npz'], checksum: null, "
        "bytes: null, licence: MIT, citation: none, classes: [a, b, c]}\n"
    )
    models = fresh.root / "workflow/src/replisome/models"
    (models / "other.py").write_text((models / "cnn.py").read_text())  # a model is one file and one config block
    study = fresh.root / "mine.yaml"
    study.write_text(
        """
title: A study of our own
summary: By configuration alone.
name: mine
implementation: bloodmnist
recipes:
  plain:
    source: {dataset: mine}
    split: official-deduplicated
    encoding: image
    normalisation: zscore
    protocol: sound
experiments:
  try:
    description: two models
    recipes: [plain]
    models:
      cnn: {fixed: {hidden: 4}, grid: {pool: [none, max]}}
      other: {fixed: {hidden: 4}, grid: {pool: [max]}}
    training: {optimiser: sgd, momentum: 0.9, schedule: cosine}
    budget: {epochs: 2}
    seeds: [3]
    select: {metric: loss}
    test: selected
"""
    )
    config = {"studies": f"[{study}]", "preset": "full"}
    return lambda *arguments, **more: fresh.run(*arguments, overrides={}, **config, **{"mirror": mirror.parent, **more})


def test_a_study_and_a_model_of_ones_own_need_no_rule(fresh, mnist_arrays, tmp_path):
    grey = {k: v[..., 0] if "images" in k else v for k, v in mnist_arrays.items()}
    run = on_real_layout(fresh, grey, tmp_path)
    done = run("report")
    assert done.returncode == 0, done.stdout
    results = fresh.root / "results" / "demo"

    def best_of_each():
        chosen = json.loads((results / "mine/selection/try/selection.json").read_text())["recipes"]["plain"]
        return {(c["model"], c["slug"]) for c in {c["model"]: c for c in reversed(chosen)}.values()}

    assert "A study of our own" in (results / "report.html").read_text()
    assert "Nothing to be done" in run("report", "--dry-run").stdout
    # Only the best of each model on validation was tested, and models of the same slug are kept apart.
    assert best_of_each() == {path.parts[-5:-3] for path in results.glob("mine/plain/runs/*/*/*/test/metrics.json")}
    table = pd.read_csv(results / "mine/tables/variants.csv")
    assert len(table) == 3
    assert (table["seeds"] == 1).all()
    assert sorted(table["test images"]) == [0, 6, 6]
    # Scores of a run that no selection names any more are not shown, though their files are still there.
    fresh.edit("mine.yaml", "metric: loss", "metric: accuracy")
    assert run("results/demo/mine/tables/metrics.parquet").returncode == 0
    shown = pd.read_parquet(results / "mine/tables/metrics.parquet").query("role == 'final'")
    assert set(zip(shown["model"], shown["hyperparameters"], strict=True)) == best_of_each()
    # Whom to cite, and where else the file lies, change no data.
    fresh.edit("config/datasets.yaml", "citation: none", "citation: them")
    assert "prepare" not in run("report", "--dry-run").stdout


def test_a_file_placed_by_hand_where_the_message_says_is_used_and_kept(fresh, mnist_arrays, tmp_path):
    run = on_real_layout(fresh, mnist_arrays, tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run(mirror=empty)
    assert done.returncode == 1
    place = fresh.root / "resources/by-hand/mine.npz"
    assert "could not be had from" in done.stdout
    assert f"put it at {place.relative_to(fresh.root)}" in " ".join(done.stdout.split())
    assert not list((fresh.root / "resources").rglob("mine.npz"))
    place.parent.mkdir(parents=True)
    shutil.copy(tmp_path / "mirror/mine/mine.npz", place)
    done = run("results/demo/mine/plain/card.json", mirror=empty)
    assert done.returncode == 0, done.stdout
    assert place.exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:300]), "mine.npz: is cut off or damaged"),
        (
            lambda path: np.savez(path, train_images=np.zeros((3, 9, 9), np.uint8)),
            "mine.npz: key 'train_labels' is missing",
        ),
    ],
)
def test_a_bad_raw_file_fails_its_job_with_one_message_and_no_output(fresh, mnist_arrays, tmp_path, damage, message):
    done = on_real_layout(fresh, mnist_arrays, tmp_path, damage)()
    assert done.returncode == 1
    assert message in done.stdout
    assert "Traceback" not in done.stdout
    left = [p for p in (fresh.root / "results/demo/mine").rglob("*") if p.is_file()]
    assert left == []


@pytest.mark.real_data
def test_the_real_images_pass_through_as_a_stand_in(fresh, real_data):
    done = fresh.run("results/t/bloodmnist/sound/card.json", preset="quick", overrides={}, stand_ins="True",
                     mirror=str(real_data), results_dir="results/t")  # fmt: skip
    assert done.returncode == 0, done.stdout
    card = json.loads((fresh.root / "results/t/bloodmnist/sound/card.json").read_text())
    assert "rebuilt from the original images" in card["origin"]["stand_in"]
    assert card["duplicates"]["crossing_groups"] == 11
    assert card["dropped"] == {"train": 8, "validation": 3, "test": 0}
    assert not list((fresh.root / "resources/bloodmnist").glob("zenodo*"))


@pytest.mark.real_data
def test_a_stand_in_is_not_used_unless_the_configuration_says_so(fresh, real_data):
    pending = fresh.run("--dry-run", preset="full", overrides={}, mirror=str(real_data))
    assert "resources/bloodmnist/zenodo-10519652/bloodmnist.npz" in pending.stdout
    assert "stand-in" not in pending.stdout

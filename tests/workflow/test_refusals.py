"""Bad configuration as the workflow shows it: one message, exit code 1, no traceback, nothing started or written.

What is refused, and how, is tested without the workflow: tests/unit/test_configuration.py.
"""

import copy
import subprocess
import sys

import forking
import pytest
from tiny_workflow import TINY

STUDY = "config/studies/bloodmnist"


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
        ({"max_epochs": "0"}, "key 'max_epochs': 0 is less than the minimum of 1"),
        ({"preset": "quik"}, f"{STUDY}: no preset 'quik'; did you mean 'quick'?"),
        ({"studies": "[blodmnist]"}, "key 'studies': no study 'blodmnist'; did you mean 'bloodmnist'?"),
    ],
)
def test_the_command_line_is_checked(fresh, config, message):
    refused(fresh, message, **config)


def test_a_study_is_checked(fresh):
    overrides = copy.deepcopy(TINY)
    overrides["bloodmnist"]["experiments"]["variants"]["models"]["cnn"]["grid"]["pool"] = ["mean"]
    refused(fresh, "hyperparameter 'pool': 'mean' is not one of: none, max", overrides=overrides)


def test_a_key_given_twice_in_a_configuration_file_is_named_with_its_line(fresh):
    path = fresh.root / "config/demo.yaml"
    path.write_text(path.read_text() + "preset: quick\n")
    refused(fresh, f"line {len(path.read_text().splitlines())}: key 'preset' is given twice")


def test_a_target_that_no_configuration_has_is_a_message(fresh):
    done = fresh.run("--dry-run", "results/demo/bloodmnist/contrl/card.json")
    assert done.returncode == 1
    assert "uses no recipe 'contrl'; did you mean 'control'?" in done.stdout


def test_a_study_that_has_no_such_preset_is_left_out_of_all_with_a_line_that_says_so(fresh):
    (fresh.root / STUDY / "presets/demo.yaml").unlink()
    done = fresh.run("--dry-run", "--quiet", "all", overrides={}, studies="all")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(f"study 'bloodmnist' is left out: {STUDY} has no preset 'demo'.") == 1
    assert "figures_genome" in done.stdout
    assert "figures_bloodmnist" not in done.stdout


def test_a_study_of_three_lines_is_a_target(fresh):
    (fresh.root / "config/studies/mine.yaml").write_text("extends: bloodmnist\ntitle: Mine\n")
    pending = fresh.pending("mine", overrides={}, studies="[mine]")
    assert pending["figures_mine"] == 1


def test_a_thousand_runs_are_planned(fresh):
    """How long that takes is measured by the benchmarks, not by a test."""
    overrides = copy.deepcopy(TINY)
    overrides["bloodmnist"]["experiments"]["variants"] |= {"seeds": 500}
    assert fresh.pending(overrides=overrides)["train"] == 1000


def test_numbers_in_exponent_form_are_numbers_whichever_loader_reads_them(fresh):
    (fresh.root / "mine.yaml").write_text(
        "bundle: 0\n"  # a dry run names the jobs of runs, and of bundles their numbers
        "overrides: {bloodmnist: {experiments: {variants: {models: {cnn: {grid: {lr: [1e-4]}}}}}}}"
    )
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1", "--config", "studies=[bloodmnist]"]
    done = subprocess.run(
        [*command, "--configfile", "config/demo.yaml", "mine.yaml"],
        cwd=fresh.root, env=forking.environment(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert "lr=0.0001" in done.stdout + done.stderr

"""Stale means stale, and only that: what a dry run would do after one change to a finished workflow."""

import copy
import os
import shutil

from conftest import TINY, Workflow

MODEL = "workflow/src/replisome/models/cnn.py"
AFTER_TRAINING = {"select": 1, "summarise_bloodmnist": 1, "figures_bloodmnist": 1, "report": 1}


def test_a_second_run_does_nothing(workflow):
    assert workflow.pending() == {}


def test_a_comment_or_a_docstring_re_runs_nothing(workflow):
    workflow.edit(MODEL, "WIDTHS = (32, 64, 128)", "WIDTHS = (32, 64, 128)  # as the assignment says")
    workflow.edit(MODEL, "Conv-ReLU[-MaxPool] x 3", "Three blocks")
    assert workflow.pending() == {}


def test_an_edited_model_re_runs_its_runs_and_what_follows(workflow):
    workflow.edit(MODEL, "WIDTHS = (32, 64, 128)", "WIDTHS = (32, 64, 96)")
    assert workflow.pending() == {"train": 2, "evaluate": 2, **AFTER_TRAINING}


def test_so_it_does_where_snakemake_has_no_record_as_with_copied_results(workflow):
    shutil.rmtree(workflow.root / ".snakemake")
    assert workflow.pending() == {}
    workflow.edit(MODEL, "WIDTHS = (32, 64, 128)", "WIDTHS = (32, 64, 96)")
    assert workflow.pending() == {"train": 2, "evaluate": 2, **AFTER_TRAINING}


def test_a_model_edited_and_restored_re_runs_nothing(workflow):
    workflow.edit(MODEL, "WIDTHS = (32, 64, 128)", "WIDTHS = (32, 64, 96)")
    workflow.pending()
    workflow.edit(MODEL, "WIDTHS = (32, 64, 96)", "WIDTHS = (32, 64, 128)")
    assert workflow.pending() == {}


def test_a_stale_result_is_made_once(workflow):
    workflow.edit(MODEL, "WIDTHS = (32, 64, 128)", "WIDTHS = (8, 8, 8)")
    done = workflow.run()
    assert done.returncode == 0, done.stdout
    assert workflow.pending() == {}


def test_another_model_file_re_runs_nothing(workflow):
    text = (workflow.root / MODEL).read_text()
    (workflow.root / MODEL).with_name("other.py").write_text(text)
    assert workflow.pending() == {}


def test_a_new_grid_value_trains_only_the_new_runs(workflow):
    more = copy.deepcopy(TINY)
    more["bloodmnist"]["experiments"]["variants"]["models"]["cnn"]["grid"]["lr"] = [0.003, 0.001]
    assert workflow.pending(overrides=more) == {"train": 2, "evaluate": 2, **AFTER_TRAINING}


def test_a_grid_value_taken_away_trains_nothing_and_leaves_the_tables(workflow):
    less = copy.deepcopy(TINY)
    less["bloodmnist"]["experiments"]["variants"]["models"]["cnn"]["grid"]["head"] = ["logits"]
    assert workflow.pending(overrides=less) == AFTER_TRAINING


def test_a_new_seed_trains_only_its_runs(workflow):
    more = copy.deepcopy(TINY)
    more["bloodmnist"]["experiments"]["variants"]["seeds"] = 2
    assert workflow.pending(overrides=more) == {"train": 2, "evaluate": 2, **AFTER_TRAINING}


def test_a_changed_constant_that_no_path_shows_re_trains(workflow):
    other = copy.deepcopy(TINY)
    other["bloodmnist"]["experiments"]["variants"]["training"] = {"weight_decay": 0.01}
    assert workflow.pending(overrides=other) == {"train": 2, "evaluate": 2, **AFTER_TRAINING}


def test_a_changed_recipe_prepares_and_trains_again(workflow):
    other = copy.deepcopy(TINY)
    other["bloodmnist"]["recipes"]["control"]["source"]["options"]["seed"] = 2
    assert workflow.pending(overrides=other) == {"prepare": 1, "train": 2, "evaluate": 2, **AFTER_TRAINING}


def test_changed_resources_re_run_nothing(workflow):
    other = copy.deepcopy(TINY)
    other["bloodmnist"]["experiments"]["variants"]["resources"] = {"mem_mb": 9999, "runtime": 7}
    assert workflow.pending(overrides=other) == {}


def test_an_edited_figure_is_drawn_again_and_nothing_is_trained(workflow):
    workflow.edit("workflow/src/replisome/studies/bloodmnist/figures/data.py", "SAMPLES = 8", "SAMPLES = 6")
    assert workflow.pending() == {"figures_bloodmnist": 1, "report": 1}


def test_an_edited_caption_renders_the_report_again(workflow):
    workflow.edit("workflow/src/replisome/studies/bloodmnist/figures/data.py", "like:", "like;")
    assert workflow.pending() == {"report": 1}


def test_an_edited_title_renders_the_report_again(workflow):
    title = '@table("How training went")'
    workflow.edit(
        "workflow/src/replisome/studies/bloodmnist/tables/training.py", title, title.replace("training", "it")
    )
    assert workflow.pending() == {"report": 1}


def test_a_report_left_behind_by_an_interruption_is_rendered_again(workflow):
    workflow.edit("config/studies/bloodmnist/study.yaml", "title: Blood-cell", "title: White-cell")
    assert workflow.run("--until", "figures_bloodmnist").returncode == 0
    assert workflow.pending() == {"report": 1}


def test_a_damaged_record_makes_the_result_again(workflow):
    (workflow.root / "results/demo/bloodmnist/figures/provenance.json").write_text("{")
    assert workflow.pending() == {"figures_bloodmnist": 1, "report": 1}


def test_a_changed_claim_re_trains_nothing(workflow):
    workflow.edit("config/studies/bloodmnist/claims.yaml", "93.25", "93.26")
    assert workflow.pending() == {"summarise_bloodmnist": 1, "figures_bloodmnist": 1, "report": 1}


def test_an_edited_download_re_runs_nothing(workflow):
    workflow.edit("workflow/src/replisome/stages/download.py", "RETRIES = 3", "RETRIES = 4")
    assert workflow.pending() == {}


def test_another_working_directory_re_runs_nothing(workflow, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = str(workflow.root / "results" / "demo")
    assert workflow.pending(cwd=elsewhere, results_dir=folder) == {}


def test_a_fresh_clone_with_copied_results_re_runs_nothing(workflow, tmp_path):
    clone = tmp_path / "clone"
    shutil.copytree(workflow.root, clone, symlinks=True, ignore=shutil.ignore_patterns(".snakemake", "results"))
    for path in clone.rglob("*"):
        if path.is_file():
            os.utime(path)  # a clone's files are all new
    shutil.copytree(workflow.root / "results", clone / "results")
    assert Workflow(clone).pending() == {}


def test_a_lost_output_is_made_again(workflow):
    (workflow.root / "results" / "demo" / "bloodmnist" / "figures" / "mistakes.png").unlink()
    assert workflow.pending() == {"figures_bloodmnist": 1, "report": 1}

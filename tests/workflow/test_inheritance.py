"""Runs that inherit the winner of another experiment: the winner changes, they run again; and only then."""

import copy
import json
import shutil

import pandas as pd
from conftest import recorded_as_written
from tiny_workflow import TINY, Workflow

DEMO = "results/demo/rnacompete"
# What is chosen and tested; tables, figures and pages, which take longer than the tiny runs, other tests make.
CHOSEN = [f"{DEMO}/selection/{name}/selection.json" for name in ("attention", "encodings_sound", "proteins")]
AFTER = {"summarise_rnacompete": 1, "figures_rnacompete": 1, "judge_rnacompete": 1, "claims": 1, "report": 1}


def config_of(workflow, path):
    return json.loads(next(workflow.root.glob(f"{DEMO}/{path}/seed=0/config.json")).read_text())


def test_heirs_have_the_winners_settings_and_their_own(heirs):
    best = json.loads((heirs.root / DEMO / "selection/architectures/selection.json").read_text())["recipes"]["control"]
    winner = next(candidate["slug"] for candidate in best if candidate["model"] == "bilstm")
    settings = config_of(heirs, f"control/runs/bilstm/{winner}")
    heir = config_of(heirs, "control/runs/bilstm_attention/from=architectures+heads=2")
    assert heir["inherits"] == {"experiment": "architectures", "model": "bilstm", "recipe": "control", "slug": winner}
    assert heir["hyperparameters"] == {
        "depth": 1,
        "dropout": 0.0,
        "heads": 2,
        "width": settings["hyperparameters"]["width"],
    }
    assert "readout" in settings["hyperparameters"]  # which attention pooling has no use for
    assert heir["training"] == settings["training"]
    table = pd.read_parquet(heirs.root / DEMO / "tables/metrics.parquet")
    shown = table.query("model == 'bilstm_attention'")["settings"].map(json.loads)
    assert {s["width"] for s in shown} == {settings["hyperparameters"]["width"]}


def test_a_second_run_does_nothing(heirs):
    assert heirs.pending() == {}


def test_a_fresh_clone_with_copied_results_runs_nothing(heirs, tmp_path):
    clone = tmp_path / "clone"
    shutil.copytree(heirs.root, clone, symlinks=True, ignore=shutil.ignore_patterns(".snakemake"))
    assert Workflow(clone, "rnacompete").pending() == {}


def make_win(heirs, other):
    """Give the candidate that lost the validation score of a winner, as if its training had gone that way."""
    for path in heirs.root.glob(f"{DEMO}/control/runs/bilstm/*/seed=0/validation.json"):
        found = json.loads(path.read_text())
        found["best"]["spearman"] = 0.9 if f"width={other}" in str(path) else 0.1
        path.write_text(json.dumps(found))
        recorded_as_written(path)


def test_another_winner_trains_its_heirs_again_and_only_those(heirs):
    old = config_of(heirs, "control/runs/bilstm_attention/from=architectures+heads=2")["hyperparameters"]["width"]
    new = {3: 4, 4: 3}[old]
    make_win(heirs, new)
    done = heirs.run(*CHOSEN, "--printshellcmds")
    assert done.returncode == 0, done.stdout
    trained = [line for line in done.stdout.splitlines() if line.startswith(("rule train", "localrule train"))]
    assert len(trained) == 3  # heads, 2-mers, two proteins; the grid and the baselines stay
    assert (
        config_of(heirs, "control/runs/bilstm_attention/from=architectures+heads=2")["hyperparameters"]["width"] == new
    )
    assert heirs.pending(*CHOSEN) == {}
    assert "train" not in heirs.pending()


def test_the_same_winner_chosen_again_trains_nothing(heirs):
    width = config_of(heirs, "control/runs/bilstm_attention/from=architectures+heads=2")["hyperparameters"]["width"]
    make_win(heirs, width)
    done = heirs.run(*CHOSEN, "--printshellcmds")
    assert done.returncode == 0, done.stdout
    assert "rule train" not in done.stdout
    assert "checkpoint select" in done.stdout
    assert heirs.pending(*CHOSEN) == {}
    assert "train" not in heirs.pending()


def test_an_edited_heir_trains_alone(heirs):
    heirs.edit(
        "workflow/src/replisome/models/bilstm_attention.py",
        "torch.randn(heads, features)",
        "torch.rand(heads, features)",
    )
    pending = heirs.pending()
    assert pending == {"train": 1, "evaluate": 1, "explain": 1, "select": 1, **AFTER}


def test_an_edited_explanation_trains_nothing(heirs):
    heirs.edit("workflow/src/replisome/studies/rnacompete/explain.py", "BACKGROUNDS = 16", "BACKGROUNDS = 8")
    assert heirs.pending() == {"explain": 3, **AFTER}


NEW = {
    "description": "another", "recipes": ["control"], "models": {"cnn1d": {"grid": {"width": [5]}}}, "training": {},
    "budget": {"epochs": 1}, "seeds": 1, "select": {"metric": "spearman"}, "test": "selected", "explain": ["cnn1d"],
}  # fmt: skip


def test_an_experiment_added_to_a_finished_folder_is_run(heirs):
    more = copy.deepcopy(TINY)
    more["rnacompete"]["experiments"]["another"] = NEW
    assert heirs.pending("report", overrides=more)["train"] == 1
    done = heirs.run(f"{DEMO}/selection/another/selection.json", f"{DEMO}/tables/scores.csv", overrides=more)
    assert done.returncode == 0, done.stdout
    table = pd.read_csv(heirs.root / DEMO / "tables" / "scores.csv")
    assert "cnn1d: width 5" in set(table["model"])
    assert heirs.pending("report", overrides=more) == {name: AFTER[name] for name in AFTER if "summarise" not in name}


def test_a_lost_selection_is_made_again_and_hides_nothing(heirs):
    (heirs.root / DEMO / "selection/architectures/selection.json").unlink()
    heirs.edit(
        "workflow/src/replisome/models/bilstm_attention.py",
        "torch.randn(heads, features)",
        "torch.rand(heads, features)",
    )
    done = heirs.run("report", "--until", "train", "--printshellcmds")
    assert done.returncode == 0, done.stdout
    assert sum(line.startswith(("rule train", "localrule train")) for line in done.stdout.splitlines()) == 1


def test_a_table_that_no_run_belongs_in_leaves_the_report_whole(heirs):
    less = copy.deepcopy(TINY)
    less["rnacompete"]["experiments"]["attention"] = None
    done = heirs.run(overrides=less)
    assert done.returncode == 0, done.stdout
    page = (heirs.root / "results/demo/report.html").read_text()
    assert "table “Attention heads”" in page.partition("Left out: ")[2]


def test_a_run_is_not_trained_on_another_recipes_data(heirs, replisome, tmp_path):
    folder = heirs.root / DEMO
    config = next(folder.glob("control/runs/cnn1d/*/seed=0/config.json"))
    done = replisome("train", "--run", config, "--data", folder / "control_kmer2", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "was prepared by another recipe than the run's ('control')" in done.stderr

"""Searching a grid: who goes on, what is never dropped, which runs are left, and that a pilot costs no number."""

import json

import numpy as np
import pytest
import torch
from planning import load, refused
from safetensors.torch import load_file
from test_run_files import CONFIG, recipe  # noqa: F401 (a fixture)

from replisome.config.budget import Budget
from replisome.config.search import SHARES, Search
from replisome.config.search_plan import first_rounds, first_runs, never_dropped, search_settings
from replisome.data.parquet import read_parquet
from replisome.io import write_json
from replisome.stages import pilot, search, train

TRIAL = "tests/trials/grid.yaml"
PAPERS = ("cells", "cnn", "filters=8+hidden=8+lr=0.0005+pool=none")


def trial(**changes):
    overrides = {"grid": {"experiments": {"grid": changes}}} if changes else {}
    return load(studies=[TRIAL], preset="full", overrides=overrides).studies["grid"]


# ---- how much is searched


@pytest.mark.parametrize(
    ("epochs", "at", "rounds"), [(30, "a third", 10), (10, "a third", 4), (1, "a third", 1), (8, "half", 4)]
)
def test_every_candidate_trains_a_part_of_the_rounds(epochs, at, rounds):
    assert Search(SHARES["half"], SHARES[at], 4).first_rounds(Budget(epochs)) == rounds


def test_a_budget_in_steps_stops_after_a_part_of_its_rounds():
    assert Search(SHARES["half"], SHARES["a third"], 4).first_rounds(Budget(250, every=100)) == 1


def test_what_the_full_grid_of_report_a_costs():
    plan = load(studies=["rnacompete"], preset="full").studies["rnacompete"]
    candidates = first_runs(plan, "architectures")
    one = [run for run in candidates if (run.recipe, run.model) == ("sound_onehot", "bilstm")]
    assert len(one) == 16
    rounds = first_rounds(plan)
    assert {rounds[run.key] for run in one} == {10}
    outcome = {"kept": [run.slug for run in one[:8]], "dropped": [run.slug for run in one[8:]], "audited": []}
    finalists = {"finalists": [run.slug for run in one[:4]]}
    left = plan.after_search({"architectures": of_group("sound_onehot", "bilstm", outcome, finalists)})
    runs = [r for r in left.runs_of["architectures"] if (r.recipe, r.model) == ("sound_onehot", "bilstm")]
    assert len(runs) == 4 * 3 + 4  # the finalists with all seeds, the others that were kept with the first
    # All to a third, half to the end, and the finalists' other seeds: 560 epochs of 1,440.
    assert 16 * 10 + 8 * 20 + (len(runs) - 8) * 30 == 560


def of_group(name, model, halved, finalists):
    return {"halved": {name: {model: halved}}, "finalists": {name: {model: finalists}}}


def test_the_schema_says_which_shares_there_are():
    refused(
        "'two' is not one of",
        studies=[TRIAL],
        preset="full",
        overrides={"grid": {"experiments": {"grid": {"search": {"keep": "two", "at": "half"}}}}},
    )


def test_small_grids_are_trained_whole():
    small = trial(models={"cnn": {"grid": {"lr": [0.001], "hidden": [8]}}})
    assert small.searches == {}
    assert trial().searches.keys() == {"grid"}
    assert trial(search=None).searches == {}


# ---- who goes on


def test_what_a_claim_names_is_never_dropped():
    assert never_dropped(trial(), "grid") == [PAPERS]


def test_the_better_half_goes_on_with_those_that_are_spared_and_two_are_audited():
    ranked = [(f"c{place}", 1.0 - place / 10) for place in range(8)]
    found = search._halve(Search(SHARES["half"], SHARES["half"], 4), ranked, ["c6"], "a lot")
    assert found["kept"] == ["c0", "c1", "c2", "c3", "c6"]
    assert found["dropped"] == ["c4", "c5", "c7"]
    assert len(found["audited"]) == 2
    assert set(found["audited"]) < set(found["dropped"])
    assert found == search._halve(Search(SHARES["half"], SHARES["half"], 4), ranked, ["c6"], "a lot")


def test_finalists_are_the_best_at_the_end_and_the_audit_says_what_was_lost(capsys):
    ranked = [("late", 0.9), ("a", 0.8), ("b", 0.7), ("c", 0.6), ("poor", 0.1)]
    found = search._finalists(Search(SHARES["half"], SHARES["half"], 2), ranked, ["c"], ["late", "poor"])
    assert found["finalists"] == ["a", "b", "c"]
    assert [(one["slug"], one["place"], one["finalist"]) for one in found["audit"]] == [
        ("late", 1, True),
        ("poor", 5, False),
    ]
    assert "late, dropped, ends in place 1 of 5; it would have been a finalist" in capsys.readouterr().out


def test_after_the_search_there_are_the_runs_of_those_that_went_on():
    plan = trial()
    slugs = list(dict.fromkeys(run.slug for run in plan.runs))
    halved = {"kept": slugs[:8], "dropped": slugs[8:], "audited": slugs[8:10]}
    half = plan.after_search({"grid": {"halved": {"cells": {"cnn": halved}}}})
    assert sorted({(run.slug, run.seed) for run in half.runs}) == sorted((slug, 0) for slug in slugs[:10])
    done = plan.after_search({"grid": of_group("cells", "cnn", halved, {"finalists": slugs[:2]})})
    assert len(done.runs) == 10 + 2 * 2
    assert plan.after_search({}).runs == plan.runs
    assert done.has_all_seeds({"experiment": "grid", "recipe": "cells", "model": "cnn", "slug": slugs[0]})
    assert not done.has_all_seeds({"experiment": "grid", "recipe": "cells", "model": "cnn", "slug": slugs[5]})


# ---- the first rounds, and the rest


def config_for(folder, **changes):
    write_json(folder / "config.json", {**CONFIG, "budget": {"epochs": 5}, **changes})
    return folder / "config.json"


@pytest.mark.parametrize(
    "training", [{}, {"schedule": "one_cycle", "optimiser": "sgd", "clip_norm": 1.0}, {"patience": 1}]
)
def test_a_run_that_a_search_began_ends_bit_by_bit_as_one_that_nobody_stopped(recipe, tmp_path, training):  # noqa: F811
    training = {"batch_size": 8, **training}
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    model = {"hyperparameters": {"width": 3, "depth": 2, "dropout": 0.5}, "training": training}
    train.run(config_for(whole, **model), recipe, whole, 1, 5.0)
    pilot.run(config_for(pieces / "pilot", **model, until=2), recipe, pieces / "pilot", 1, 5.0)
    assert {path.name for path in (pieces / "pilot").iterdir()} == {
        "config.json",
        "state.pt",
        "validation.json",
        "provenance.json",
    }
    train.run(config_for(pieces, **model), recipe, pieces, 1, 5.0, start=pieces / "pilot" / "state.pt")
    for name in ("best.safetensors", "last.safetensors"):
        one, two = load_file(whole / name), load_file(pieces / name)
        assert all(torch.equal(one[key], two[key]) for key in one)
    timeless = [c for c in read_parquet(whole / "history.parquet")[0].column_names if not c.startswith("seconds")]
    one, two = (read_parquet(folder / "history.parquet")[0].to_pandas()[timeless] for folder in (whole, pieces))
    np.testing.assert_array_equal(one.to_numpy(), two.to_numpy())
    assert json.loads((whole / "validation.json").read_text()) == json.loads((pieces / "validation.json").read_text())


def test_a_pilot_scores_as_a_run_that_ends_there_and_goes_on_after_a_kill(recipe, tmp_path, capsys):  # noqa: F811
    out = tmp_path / "pilot"
    pilot.run(config_for(out, until=2), recipe, out, 1, 5.0)
    first = json.loads((out / "validation.json").read_text())
    assert first["last_epoch"] == 2
    (out / "state.pt").replace(out / "checkpoint.pt")  # as a kill before the last step leaves it
    pilot.run(out / "config.json", recipe, out, 1, 5.0)
    assert json.loads((out / "validation.json").read_text()) == first
    assert "resuming after epoch 2" in capsys.readouterr().out


def test_the_state_of_another_run_is_not_gone_on_from(recipe, tmp_path, capsys):  # noqa: F811
    pilot.run(config_for(tmp_path / "pilot", until=1, seed=1), recipe, tmp_path / "pilot", 1, 5.0)
    train.run(config_for(tmp_path / "run"), recipe, tmp_path / "run", 1, 5.0, start=tmp_path / "pilot" / "state.pt")
    assert "was made with other settings; starting from the first epoch" in capsys.readouterr().out


def test_a_candidate_that_diverged_comes_last(tmp_path):
    plan = trial()
    runs = first_runs(plan, "grid")
    for place, run in enumerate(runs):
        lost = place == 0
        write_json(
            tmp_path / run.directory / "pilot" / "validation.json",
            {"best": {"accuracy": None if lost else place / 100}},
        )
    write_json(tmp_path / "settings.json", search_settings(plan, "grid"))
    search.run(tmp_path / "settings.json", "grid", "halved", tmp_path, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "search.json").read_text())["recipes"]["cells"]["cnn"]
    assert found["kept"][:8] == [run.slug for run in runs[:7:-1]]
    assert (runs[0].slug in found["kept"]) == ((runs[0].recipe, runs[0].model, runs[0].slug) == PAPERS)
    assert found["scores"][runs[0].slug] is None

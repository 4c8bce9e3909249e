"""How diverged and stopped runs, and runs of other versions, show in selections, tables and on the page."""

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from planning import load

from replisome.analysis.common_tables import cost
from replisome.analysis.curves import loss_curves, score_curves, seeds_shown
from replisome.analysis.endings import divergence_notes, remarks
from replisome.analysis.plots import grid
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import item_scores, score_on_test
from replisome.analysis.variants import (
    best_epochs,
    best_on_validation,
    evaluated_variants,
    tabulate,
    validation,
    variants,
)
from replisome.config.declared import tables
from replisome.data.parquet import write_parquet
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.stages import select, summarise
from replisome.studies.bloodmnist.predictions import best_answers
from replisome.tracking.stage_key import stage_key

RATES = ("0.003", "0.03", "0.3")
METRICS = ("loss", "accuracy", "balanced_accuracy", "auc")


@pytest.fixture
def plan():
    """The study on images: three rates, two seeds, and one experiment of one rate."""
    block = {
        "description": "another", "recipes": ["control"], "training": {}, "budget": {"epochs": 3}, "seeds": 1,
        "select": {"metric": "accuracy"}, "test": "selected",
        "models": {"cnn": {"grid": {"lr": [0.7], "pool": ["max"], "head": ["logits"]}}},
    }  # fmt: skip
    grid = {"lr": [float(rate) for rate in RATES], "pool": ["max"], "head": ["logits"]}
    first = {"models": {"cnn": {"grid": grid}}, "budget": {"epochs": 3}, "seeds": 2, "curves": ["test", "train"]}
    overrides = {"bloodmnist": {"experiments": {"variants": first, "alone": block, "softmax": None}}}
    return load(overrides=overrides).studies["bloodmnist"]


def leave(root, run, epochs, diverged=None, stopped=None, torch="2.13.0", tested=True, dead=False):
    """Write what a run leaves, with a score of 0.5 after each epoch; from epoch ``diverged`` on it has none.

    A ``dead`` run has a loss, and no other score at the end.
    """
    folder = root / run.directory
    names = [f"{split}_{metric}" for split in ("validation", "test", "train_sample") for metric in METRICS]
    rows = []
    for epoch in range(1, epochs + 1):
        lost = diverged is not None and epoch >= diverged
        value = np.nan if lost else 0.5
        rows.append(
            {"epoch": epoch, "step": 10 * epoch, "train_loss": value, "train_loss_at_start": 1.0}
            | dict.fromkeys(names, value)
            | {"seconds_training": 1.0, "seconds_evaluation": 1.0, "learning_rate": 0.1}
        )
    write_parquet(folder / "history.parquet", pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False))
    scores = {**dict.fromkeys(METRICS, None if dead else 0.5), "loss": 0.5}
    none = dict.fromkeys(METRICS)
    best = None if diverged == 1 else 1
    stopped = f"diverged in epoch {diverged}" if diverged else stopped
    validation = {"best_epoch": best, "best": scores if best else none, "last_epoch": epochs, "stopped": stopped}
    write_json(folder / "validation.json", {**validation, "last": none if diverged else scores})
    record = {
        "packages": {"torch": torch, "numpy": "2.4.6", "pandas": torch}, "device": "cpu", "precision": "32-true",
        "parameters": {"total": 7, "layers": {}}, "device_memory_bytes": None, "peak_memory_bytes": 5, "items": 100,
    }  # fmt: skip
    write_json(folder / "config.json", run.settings)
    write_json(folder / "provenance.json", record | {"key": stage_key("train", run.settings), "inputs": {}})
    if tested:
        lost = {"best": None if best else stopped, "last": stopped if diverged else None}
        metrics = {"weights": "best", "scores": scores if best else none, "diverged": lost}
        write_json(folder / "test" / "metrics.json", {**metrics, "also": {"last": none if diverged else scores}})
        columns = {"split": (["validation"] * 2 + ["test"] * 2) * 2, "weights": ["best"] * 4 + ["last"] * 4}
        columns |= {"item": [0, 1] * 4, "label": [0, 1] * 4, "predicted": [0] * 8}
        columns |= {"probabilities": [[0.9, 0.1], [0.8, 0.2]] * 4}
        marks = {"diverged": {"validation": lost, "test": lost}}
        write_parquet(folder / "test" / "predictions.parquet", pa.table(columns), marks)
        write_json(folder / "test" / "provenance.json", {"key": stage_key("evaluate", run.evaluation), "inputs": {}})


CARD = {
    "protocol": "sound", "control": "cells", "origin": None, "class_names": ["a", "b"], "dataset": None,
    "split": "official",
    "counts": {"train": [50, 50], "validation": [1, 1], "test": [1, 1]},
    "duplicates": {"groups": 0, "crossing_groups": 0, "conflicting_groups": 0},
    "dropped": {"train": 0, "validation": 0},
    "ceiling": {"metric": "accuracy", "expected": 0.9},
}  # fmt: skip


def gathered(tmp_path, plan, how):
    """Write what runs leave, as ``how`` says of rate and seed, choose, gather, and open the results."""
    root, settings = tmp_path / "results", tmp_path / "study.json"
    write_json(settings, plan.settings)
    write_json(root / plan.name / "control" / "card.json", CARD)
    for split in ("train", "validation", "test"):
        write_parquet(root / plan.name / "control" / f"{split}.parquet", pa.table({"label": [0, 1]}))
    for run in plan.runs:
        rate = run.settings["training"].get("lr")
        leave(root, run, **{"epochs": 3, **how.get((f"{rate:g}", run.seed), {})})
    for experiment in plan.experiments:
        folder = root / plan.name / "selection" / experiment
        write_json(folder / "study.json", plan.selection_settings(experiment))
        select.run(folder / "study.json", experiment, root, folder)
    summarise.run(settings, root, root / plan.name / "tables")
    write_json(root / plan.name / "tables" / "study.json", plan.settings)
    return StudyResults.open(settings, root)


def by_rate(study):
    return {f"{variant.values['lr']:g}": variant for variant in variants(study)}


def test_a_candidate_of_which_a_seed_diverged_is_ranked_last_and_counted(tmp_path, plan):
    study = gathered(tmp_path, plan, {("0.003", 1): {"epochs": 1, "diverged": 1}})
    *others, last = study.selection("variants")["control"]
    assert "lr=0.003" in last["slug"]
    assert (last["mean"], last["seeds"], last["diverged"]) == (None, 2, 1)
    assert [(other["mean"], other["diverged"]) for other in others] == [(0.5, 0), (0.5, 0)]


def test_where_every_candidate_diverged_the_choice_is_marked_and_said(tmp_path, plan, capsys):
    lost = {"epochs": 1, "diverged": 1}
    study = gathered(tmp_path, plan, {(rate, seed): lost for rate in RATES for seed in (0, 1)})
    first, *_ = study.selection("variants")["control"]
    assert (first["mean"], first["diverged"]) == (None, 2)
    assert "no candidate has a score; 3 of 3 diverged" in capsys.readouterr().out
    assert study.best_candidate("control").experiment == "alone"
    notes = divergence_notes(study)
    assert notes[0].startswith("Diverged: training of 3 of 4 models")
    assert "no candidate of experiment variants on recipe control has a score; 3 of 3 diverged" in notes[1]
    assert len(notes) == 2


def test_where_candidates_have_no_score_and_some_diverged_the_sweep_still_has_its_page(tmp_path, plan, capsys):
    """A network that says the same of every item has a loss, but no area under the curve; it comes before the others.

    The first of them stands for the choice, whatever it lacks a score for.
    """
    lost, dead = {"epochs": 1, "diverged": 1}, {"dead": True}
    how = {(rate, seed): lost if rate == "0.03" else dead for rate in RATES for seed in (0, 1)}
    study = gathered(tmp_path, plan, how)
    first, _, last = study.selection("variants")["control"]
    assert [(one["mean"], one["diverged"]) for one in (first, last)] == [(None, 0), (None, 2)]
    assert "no candidate has a score; 1 of 3 diverged" in capsys.readouterr().out
    assert "on recipe control has a score; 1 of 3 diverged" in divergence_notes(study)[1]


def test_scores_that_cannot_be_taken_of_any_candidate_are_still_refused(tmp_path, plan):
    root, settings = tmp_path / "results", tmp_path / "study.json"
    write_json(settings, plan.settings)
    for run in plan.runs:
        leave(root, run, 3)
        path = root / run.directory / "validation.json"
        found = json.loads(path.read_text())
        write_json(path, {**found, "best": {**found["best"], "accuracy": None}})
    with pytest.raises(ReplisomeError, match="no run has a validation accuracy that is a number"):
        select.run(settings, "variants", root, tmp_path / "out")


def test_a_mean_with_a_diverged_seed_is_none_and_its_rows_say_why(tmp_path, plan):
    study = gathered(tmp_path, plan, {("0.03", 0): {"epochs": 1, "diverged": 1}})
    lost, sound = by_rate(study)["0.03"], by_rate(study)["0.3"]
    assert np.isnan(validation(study, lost, "accuracy").value)
    assert validation(study, sound, "accuracy").value == 0.5
    assert np.isnan(best_epochs(study, lost)[0])
    assert remarks(study, lost.key) == "1 of 2: diverged in epoch 1"
    assert remarks(study, sound.key) is None
    assert study.diverged == {lost.key}
    assert all(study.predictions(run) is None for run in lost.runs)
    assert lost.key not in {variant.key for variant in evaluated_variants(study)}
    assert sound.key in {variant.key for variant in evaluated_variants(study)}
    for name in ("variants", "efficiency", "dynamics"):
        table = tables("bloodmnist")[name].function()(study).set_index("model")
        row = table.loc[[name for name in table.index if "0.03" in name]]
        assert row["remarks"].tolist() == ["1 of 2: diverged in epoch 1"]
        scores = row.drop(columns=["recipe", "protocol", "data", "budget", "seeds", "weights", "remarks"])
        assert scores.isna().all(axis=None)


def test_tables_of_tested_models_have_a_row_for_one_that_diverged_which_says_so(tmp_path, plan):
    study = gathered(tmp_path, plan, {("0.03", 0): {"epochs": 1, "diverged": 1}})
    lost, accuracy = by_rate(study)["0.03"], study.plan.implementation.score("accuracy")
    members = evaluated_variants(study, diverged=True)
    assert {variant.key for variant in members} - {v.key for v in evaluated_variants(study)} == {lost.key}
    assert evaluated_variants(study, kinds=["baseline"], diverged=True) == []
    table = tabulate(study, members, lambda variant: {"score": score_on_test(study, variant, accuracy).value})
    assert table["score"].notna().tolist() == [variant.key != lost.key for variant in members]
    assert table.loc[table["score"].isna(), "remarks"].tolist() == ["1 of 2: diverged in epoch 1"]
    assert table["remarks"].notna().sum() == 1


def test_the_best_models_answers_are_found_where_two_experiments_share_its_runs(tmp_path, plan):
    block = plan.experiments["variants"]
    alike = {"variants": {**block, "test_weights": ["best"]}, "alone": {**block, "test_weights": ["best", "last"]}}
    shared = load(overrides={"bloodmnist": {"experiments": alike}}).studies["bloodmnist"]
    study = gathered(tmp_path, shared, {})
    run, *_ = study.best_runs("control")
    assert run not in shared.runs  # though it is one of them
    assert best_answers(study, "control").variant.runs[0].key == run.key


def test_an_epoch_without_a_score_leaves_a_gap_and_moves_no_other(tmp_path, plan):
    study = gathered(tmp_path, plan, {})
    rows, member = study.metrics, by_rate(study)["0.3"]
    own = (rows["split"] == "validation") & (rows["metric"] == "accuracy") & (rows["role"] == "curve")
    own &= (rows["hyperparameters"] == member.slug) & (rows["seed"] == 0)
    rows.loc[own & (rows["epoch"] == 2), "value"] = np.nan
    rows.loc[own & (rows["epoch"] == 3), "value"] = 0.7
    for seeds, mean in ((2, [50, 50, 60]), (1, [50, np.nan, 70])):
        fewer = StudyResults(study.plan, study.root, rows[rows["seed"] < seeds])
        _, (panel,) = grid(1)
        score_curves(panel, fewer, [member], "validation", "accuracy")
        np.testing.assert_allclose(panel.get_lines()[0].get_ydata(), mean)


def test_what_a_diverged_run_cost_is_still_told(tmp_path, plan):
    study = gathered(tmp_path, plan, {("0.03", 0): {"epochs": 1, "diverged": 1}})
    table = cost(study)
    assert table["parameters"].tolist() == [7] * 4


def test_a_run_that_diverged_after_its_best_epoch_keeps_the_scores_of_that_epoch_and_is_remarked(tmp_path, plan):
    study = gathered(tmp_path, plan, {("0.3", 1): {"epochs": 2, "diverged": 2}})
    late = by_rate(study)["0.3"]
    assert study.diverged == frozenset()
    assert validation(study, late, "accuracy").value == 0.5
    assert remarks(study, late.key) == "1 of 2: diverged in epoch 2"
    accuracy = study.plan.implementation.score("accuracy")
    for split in ("validation", "test"):
        assert item_scores(study, late, accuracy, split).values.tolist() == [0.5, 0.5]
        assert item_scores(study, late.at("last"), accuracy, split) is None
    table = tables("bloodmnist")["dynamics"].function()(study).set_index("remarks")
    assert table.loc["1 of 2: diverged in epoch 2", "best epoch by accuracy"] == 1
    assert np.isnan(table.loc["1 of 2: diverged in epoch 2", "training loss, last epoch"])


def test_early_stops_and_other_versions_among_seeds_are_remarked(tmp_path, plan):
    stop = "no better accuracy for 2 epochs"
    study = gathered(
        tmp_path,
        plan,
        {("0.003", 0): {"stopped": stop}, ("0.003", 1): {"stopped": stop}, ("0.3", 1): {"torch": "2.12.1"}},
    )
    assert remarks(study, by_rate(study)["0.003"].key) == stop
    assert remarks(study, by_rate(study)["0.3"].key) == "seeds differ in torch: 2.12.1, 2.13.0"  # not in pandas
    assert remarks(study, by_rate(study)["0.03"].key) is None
    assert divergence_notes(study) == []


def test_the_best_on_validation_is_never_one_without_scores(tmp_path, plan):
    study = gathered(tmp_path, plan, {("0.003", 0): {"epochs": 1, "diverged": 1}})
    members = by_rate(study)
    assert best_on_validation(study, [members["0.003"], members["0.3"]]) == members["0.3"]


def test_figures_say_how_many_seeds_diverged_and_draw_the_training_sample(tmp_path, plan):
    lost = {"epochs": 1, "diverged": 1}
    study = gathered(tmp_path, plan, {("0.003", 0): lost, ("0.003", 1): lost, ("0.3", 1): {"epochs": 2, "diverged": 2}})
    members = by_rate(study)
    assert seeds_shown(study, members["0.3"]) == "n=2, 1 diverged"
    assert seeds_shown(study, members["0.03"]) == "n=2"
    (drawing,) = loss_curves(study, {"control": list(members.values())}, "loss")
    texts = [text.get_text() for text in drawing.legends[0].get_texts()]
    assert "training while it went on" in texts
    assert any(text.endswith("(n=2, 1 diverged)") for text in texts)
    _, (panel,) = grid(1)
    score_curves(panel, study, members.values(), "train", "loss")
    assert len([line for line in panel.get_lines() if line.get_marker() == "None"]) == 4  # samples have no marks
    drawing.savefig(io.BytesIO())
    panel.figure.savefig(io.BytesIO())


def test_the_sample_of_training_is_a_split_of_its_own_in_the_tidy_table(tmp_path, plan):
    study = gathered(tmp_path, plan, {})
    assert set(study.metrics["split"]) == {"train", "train_sample", "validation", "test", "run"}
    assert set(study.pick(split="train", role="curve")["metric"]) == {"loss", "loss_at_start"}
    assert set(study.pick(split="train_sample")["metric"]) == set(METRICS)

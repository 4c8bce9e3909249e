import math
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import ROOT
from tests.points import Points, Signs
from tests.stopping import stop_after
from torch import nn

from replisome.config.budget import Budget
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings, make_optimiser, make_schedule
from replisome.training.precision import Arithmetic
from replisome.training.predict import predict
from replisome.training.rounds import Goal

torch.set_num_threads(1)


ACCURACY = Goal("accuracy", "max")


class Stop(Exception):
    """Stands for a kill."""


def train(path, epochs=4, kill_after=None, identity=None, minutes=5.0, goal=ACCURACY, budget=None, **changes):
    """Train a small network with dropout; ``kill_after`` raises after so many checkpoints were written."""
    settings = TrainingSettings(**{"batch_size": 16, "schedule": "cosine", "clip_norm": 1.0, "lr": 0.01, **changes})
    seeds.start(3)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    checkpoint = Checkpoint(path, identity or {"settings": "a"}, minutes)
    if kill_after is not None:
        stop_after(checkpoint, kill_after, Stop)
    splits = {"train": Points(100, 0), "validation": Points(60, 1)}
    progress = fit(
        model, Signs(), splits, settings, budget or Budget(epochs), 3, goal, Arithmetic.here("32-true"), checkpoint
    )
    return model.state_dict(), progress


def same(one, two):
    return all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["none", "cosine", "one_cycle"])
def test_a_run_killed_between_epochs_ends_like_an_uninterrupted_one(tmp_path, optimiser, schedule):
    settings = {"optimiser": optimiser, "schedule": schedule, "warmup": 0.2}
    whole, history = train(tmp_path / "whole", **settings)
    with pytest.raises(Stop):
        train(tmp_path / "cut", kill_after=2, **settings)
    resumed, again = train(tmp_path / "cut", **settings)
    assert same(whole, resumed)
    assert same(history.best_weights, again.best_weights)
    timeless = [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in history.history]
    assert timeless == [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in again.history]


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_batch_in_pieces_takes_the_step_of_the_whole(tmp_path, optimiser):
    class Undisturbed(Signs):
        def terms(self, targets):
            return (targets + 1).sum()  # pieces of as many items have other numbers of terms

        def loss(self, outputs, targets):
            return (nn.functional.cross_entropy(outputs, targets, reduction="none") * (targets + 1)).sum() / self.terms(
                targets
            )

    def run(name, micro_batch):
        seeds.start(3)
        model = nn.Linear(2, 2).double()
        splits = {"train": Points(50, 0), "validation": Points(60, 1)}
        for split in splits.values():
            split.x = split.x.double()
        settings = TrainingSettings(optimiser=optimiser, batch_size=16, micro_batch=micro_batch, clip_norm=0.5, lr=0.1)
        progress = fit(
            model, Undisturbed(), splits, settings, Budget(3), 3, ACCURACY, Arithmetic.here("32-true"),
            Checkpoint(tmp_path / name, {}, 5.0),
        )  # fmt: skip
        return model.state_dict(), progress.history

    whole, history = run("whole", None)
    for size in (1, 5, 16, 100):
        pieces, again = run(f"pieces of {size}", size)
        for name, weights in whole.items():
            torch.testing.assert_close(pieces[name], weights, rtol=1e-6, atol=1e-8)
        for one, two in zip(history, again, strict=True):
            assert one["step"] == two["step"]
            assert one["train_loss"] == pytest.approx(two["train_loss"], rel=1e-6)
            assert one["train_loss_at_start"] == pytest.approx(two["train_loss_at_start"], rel=1e-6)


@pytest.mark.parametrize("kill_after", [1, 4, 9])
def test_a_run_killed_within_an_epoch_ends_like_an_uninterrupted_one(tmp_path, kill_after):
    whole, history = train(tmp_path / "whole")
    with pytest.raises(Stop):
        train(tmp_path / "cut", kill_after=kill_after, minutes=0)  # a checkpoint after every batch
    resumed, again = train(tmp_path / "cut")
    assert same(whole, resumed)
    assert again.history[-1]["train_loss"] == history.history[-1]["train_loss"]
    assert again.step == history.step


@pytest.mark.parametrize("kill_after", [1, 5, 8])
def test_a_run_of_steps_with_augmentation_resumes_within_a_round_and_across_passes(tmp_path, kill_after):
    budget = Budget(20, every=8)  # an epoch has 7 batches
    whole, history = train(tmp_path / "whole", budget=budget, augment="noise")
    with pytest.raises(Stop):
        train(tmp_path / "cut", kill_after=kill_after, minutes=0, budget=budget, augment="noise")
    resumed, again = train(tmp_path / "cut", budget=budget, augment="noise")
    assert same(whole, resumed)
    assert [row["train_loss_at_start"] for row in again.history] == [r["train_loss_at_start"] for r in history.history]
    plain, _ = train(tmp_path / "plain", budget=budget)
    assert not same(whole, plain)


def test_a_budget_of_steps_is_scored_every_so_many_of_them(tmp_path):
    _, progress = train(tmp_path / "c", budget=Budget(20, every=8))
    assert [row["step"] for row in progress.history] == [8, 16, 20]
    assert [row["epoch"] for row in progress.history] == [1, 2, 3]


def test_as_many_steps_as_epochs_have_train_the_same_weights(tmp_path):
    epochs, _ = train(tmp_path / "a", epochs=3)
    steps, _ = train(tmp_path / "b", budget=Budget(21, every=7))
    assert same(epochs, steps)


def test_the_loss_at_the_start_is_that_of_the_first_batch_before_its_step(tmp_path):
    _, progress = train(tmp_path / "c", budget=Budget(2, every=1), lr=1e-12)
    assert progress.history[0]["train_loss_at_start"] == progress.history[0]["train_loss"]


def test_a_checkpoint_of_other_settings_is_not_resumed(tmp_path, capsys):
    with pytest.raises(Stop):
        train(tmp_path / "cut", kill_after=1)
    whole, _ = train(tmp_path / "whole", identity={"settings": "b"})
    other, _ = train(tmp_path / "cut", identity={"settings": "b"})
    assert same(whole, other)
    assert "other settings; starting from the first epoch" in capsys.readouterr().out


@pytest.mark.parametrize("damage", [b"half a file", b"", b"cabc\ndef\n.", {"identity": None, "state": None}])
def test_a_damaged_checkpoint_is_said_and_not_resumed(tmp_path, capsys, damage):
    if isinstance(damage, bytes):
        (tmp_path / "cut").write_bytes(damage)
    else:
        torch.save(damage, tmp_path / "cut")
    whole, _ = train(tmp_path / "whole")
    other, _ = train(tmp_path / "cut")
    assert same(whole, other)
    assert "not readable" in capsys.readouterr().out


def test_the_seed_decides_everything(tmp_path):
    assert same(train(tmp_path / "a")[0], train(tmp_path / "b")[0])


def test_best_weights_are_those_of_the_best_validation_epoch(tmp_path):
    _, progress = train(tmp_path / "c", epochs=6)
    scores = [row["validation_accuracy"] for row in progress.history]
    assert progress.best_epoch == int(np.argmax(scores)) + 1
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    model.load_state_dict(progress.best_weights)
    found = predict(model, Signs(), Points(60, 1))
    assert (found.outputs.argmax(1) == found.targets).mean() == pytest.approx(max(scores))


def test_a_minimum_is_chosen_where_smaller_is_better(tmp_path):
    _, progress = train(tmp_path / "c", epochs=6, goal=Goal("loss", "min"))
    assert progress.best_epoch == int(np.argmin([row["validation_loss"] for row in progress.history])) + 1


def test_early_stopping_stops_after_the_patience(tmp_path):
    _, progress = train(tmp_path / "c", epochs=60, patience=2, lr=1e-9)
    assert progress.stopped == "no better accuracy for 2 epochs"
    assert progress.epoch == progress.best_epoch + 2


def test_training_loss_is_the_mean_over_items_of_the_batches_as_they_came(tmp_path):
    _, progress = train(tmp_path / "c", epochs=1, lr=1e-12)
    assert progress.history[0]["train_loss"] == pytest.approx(math.log(2), abs=0.3)
    assert progress.step == 7  # 100 items in batches of 16, the last of 4


def test_an_epochs_order_is_a_permutation_that_seed_and_epoch_decide():
    one = seeds.epoch_order(0, 0, 50)
    assert sorted(one.tolist()) == list(range(50))
    assert torch.equal(one, seeds.epoch_order(0, 0, 50))
    assert not torch.equal(one, seeds.epoch_order(0, 1, 50))
    assert not torch.equal(one, seeds.epoch_order(1, 0, 50))


def rates(steps=20, **changes):
    settings = TrainingSettings(lr=0.1, **changes)
    optimiser = make_optimiser([nn.Parameter(torch.zeros(1))], settings)
    schedule = make_schedule(optimiser, settings, steps)
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return np.array(found)


def test_no_schedule_is_constant():
    assert rates() == pytest.approx(np.full(20, 0.1))


def test_cosine_falls_to_nearly_nothing_after_a_linear_rise():
    found = rates(schedule="cosine", warmup=0.25)
    assert found[:5] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])
    assert found[5] == pytest.approx(0.1)
    assert found[5 + 7] == pytest.approx(0.05 * (1 + math.cos(math.pi * 7 / 15)))
    assert (np.diff(found[5:]) < 0).all()
    assert found[-1] < 0.002


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize("warmup", [0.0, 0.25, 0.9])
def test_one_cycle_takes_any_number_of_steps(steps, warmup):
    assert np.isfinite(rates(steps, schedule="one_cycle", warmup=warmup)).all()


def test_one_cycle_rises_for_its_warmup_and_falls():
    found = rates(schedule="one_cycle", warmup=0.5)
    assert found.argmax() == pytest.approx(10, abs=1)
    assert found.max() == pytest.approx(0.1, rel=0.05)
    assert found[0] == pytest.approx(0.1 / 25)
    assert found[-1] < 0.01


@pytest.mark.parametrize("mode", ["max", "min"])
@pytest.mark.parametrize("lost", [float("nan"), float("inf"), float("-inf")])
def test_any_number_beats_a_score_that_is_not_finite_and_such_a_score_beats_nothing(mode, lost):
    goal = Goal("accuracy", mode)
    assert goal.better(0.1, lost)
    assert not goal.better(lost, 0.1)
    assert not goal.better(lost, lost)
    assert not goal.better(lost, None)


@pytest.mark.parametrize("optimiser", ["adam", "adamw"])
def test_adams_epsilon_is_torchs_unless_the_settings_say_otherwise(optimiser):
    for changes, epsilon in (({}, 1e-8), ({"epsilon": 1e-7}, 1e-7)):
        made = make_optimiser([nn.Parameter(torch.zeros(1))], TrainingSettings(optimiser=optimiser, **changes))
        assert made.param_groups[0]["eps"] == epsilon


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
def test_a_training_process_does_not_wait_for_torchs_compiler(tmp_path, optimiser):
    """Its import takes seven seconds; nothing is compiled (docs/decisions/0006)."""
    program = (
        "import sys; from pathlib import Path; from tests.unit.test_training import train\n"
        f"import replisome.stages.train; train(Path('c'), epochs=1, optimiser='{optimiser}')\n"
        "print('torch._dynamo' in sys.modules)"
    )
    paths = [ROOT, ROOT / "tests", ROOT / "workflow/src"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, text=True, capture_output=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "False", done.stderr


def test_an_optimiser_steps_as_torchs_own_does():
    for name, own in (("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)):
        ours, theirs = (nn.Parameter(torch.ones(4)) for _ in range(2))
        settings = TrainingSettings(optimiser=name, lr=0.1, weight_decay=0.01)
        pair = [
            (ours, make_optimiser([ours], settings)),
            (theirs, own([theirs], lr=0.1, weight_decay=0.01, fused=True)),
        ]
        for step in range(3):
            for parameter, optimiser in pair:
                optimiser.zero_grad()
                (parameter**2 * (step + torch.arange(4))).sum().backward()
                optimiser.step()
        assert torch.equal(ours, theirs)
        assert isinstance(pair[0][1], own)


@pytest.mark.parametrize("clip_norm", [None, 0.3])
def test_the_gradients_norms_are_those_before_clipping(tmp_path, clip_norm):
    seeds.start(3)
    model, split = nn.Linear(2, 2), Points(32, 0)
    twin = nn.Linear(2, 2)
    twin.load_state_dict(model.state_dict())
    settings = TrainingSettings(optimiser="sgd", lr=0.5, batch_size=8, clip_norm=clip_norm)
    progress = fit(
        model, Signs(), {"train": split, "validation": Points(9, 1)}, settings, Budget(2), 3, ACCURACY,
        Arithmetic.here("32-true"), Checkpoint(tmp_path / "c", {}, 5.0),
    )  # fmt: skip
    norms = []
    for epoch in range(2):
        for items in torch.split(seeds.epoch_order(3, epoch, 32), 8):
            inputs, targets = split.batch(items)
            grads = torch.autograd.grad(nn.functional.cross_entropy(twin(inputs), targets), list(twin.parameters()))
            norm = math.sqrt(sum(float((g**2).sum()) for g in grads))
            norms.append(norm)
            share = 1 if clip_norm is None else min(1, clip_norm / (norm + 1e-6))
            with torch.no_grad():
                for weights, gradient in zip(twin.parameters(), grads, strict=True):
                    weights.sub_(0.5 * share * gradient)
    for row, own in zip(progress.history, (norms[:4], norms[4:]), strict=True):
        assert row["train_gradient_norm"] == pytest.approx(np.mean(own), rel=1e-4)
        assert row["train_gradient_norm_max"] == pytest.approx(max(own), rel=1e-4)
        clipped = 0 if clip_norm is None else np.mean([norm > clip_norm for norm in own])
        assert row["train_gradient_clipped"] == clipped

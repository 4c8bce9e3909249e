"""Not a number never scores: in the loop, in solved models, and in the scores of each study."""

import json
import math

import numpy as np
import pytest
import torch
from tests.points import Points, Signs
from torch import nn

from replisome.config.budget import Budget
from replisome.config.catalogue import part
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.closed_form import estimate
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings
from replisome.training.precision import Arithmetic
from replisome.training.predict import predict, score
from replisome.training.rounds import Goal, Progress, close_round, score_round
from replisome.training.task import Sample

torch.set_num_threads(1)
CPU = torch.device("cpu")


def splits():
    return {"train": Points(100, 0), "validation": Points(60, 1), "test": Points(40, 2)}


def train(path, goal=Goal("accuracy", "max"), task=None, model=None, parts=None, **changes):  # noqa: B008
    seeds.start(3)
    model = model or nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    settings = TrainingSettings(**{"optimiser": "sgd", "batch_size": 16, "lr": 0.01, **changes})
    return fit(
        model, task or Signs(), parts or splits(), settings, Budget(5), 3, goal, Arithmetic.here("32-true"),
        Checkpoint(path, {}, 5.0),
    )  # fmt: skip


def scores_of(row):
    return {name: value for name, value in row.items() if name.startswith(("validation_", "test_"))}


@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_a_run_that_diverges_in_its_first_round_ends_there_without_scores_and_without_a_best_round(tmp_path, clip_norm):
    progress = train(tmp_path / "c", lr=3e38, clip_norm=clip_norm)
    assert (progress.stopped, progress.diverged, progress.epoch) == ("diverged in epoch 1", True, 1)
    assert progress.best_epoch is None
    assert progress.best_weights == {}
    assert np.isnan(list(scores_of(progress.history[0]).values())).all()
    assert {"validation_loss", "validation_accuracy", "test_accuracy"} <= progress.history[0].keys()
    assert math.isnan(progress.history[0]["train_loss"])


def test_a_round_that_no_target_counts_in_has_no_loss_and_ends_the_run(tmp_path):
    class Nothing(Signs):
        def terms(self, targets):
            return torch.tensor(0)

    progress = train(tmp_path / "c", task=Nothing())
    assert (progress.stopped, progress.best_epoch) == ("diverged in epoch 1", None)
    assert math.isnan(progress.history[0]["train_loss"])


class Failing(nn.Module):
    """Learns like any other, and breaks in a given round: its weights, or what it says when it is scored."""

    def __init__(self, rounds, how):
        super().__init__()
        self.layer, self.rounds, self.how, self.step = nn.Linear(2, 2), rounds, how, 0
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, inputs):
        if self.training:
            self.step += 1
        outputs = self.layer(inputs)
        if self.step <= 7 * (self.rounds - 1):
            return outputs
        if self.how == "weights":
            self.seen.fill_(math.nan)
        if self.how in ("outputs", "infinite outputs") and not self.training:
            outputs = outputs.clone()
            outputs[0, 0] = math.nan if self.how == "outputs" else math.inf
        if self.how == "loss" and self.training and self.step == 7 * self.rounds:
            outputs = outputs * torch.tensor([1e30, -1e30]) * 1e30  # this batch only, and no gradient is followed
        return outputs


@pytest.mark.parametrize("how", ["weights", "outputs", "infinite outputs", "loss"])
@pytest.mark.parametrize("goal", [Goal("accuracy", "max"), Goal("loss", "min"), Goal("loss", "max")])
def test_a_later_round_that_is_not_finite_is_never_the_best_and_is_the_last(tmp_path, how, goal):
    progress = train(tmp_path / "c", goal, model=Failing(3, how))
    assert progress.stopped == "diverged in epoch 3"
    assert progress.epoch == 3
    assert progress.best_epoch in (1, 2)
    assert all(tensor.isfinite().all() for tensor in progress.best_weights.values())
    assert np.isnan(list(scores_of(progress.history[2]).values())).all()
    assert np.isfinite(list(scores_of(progress.history[1]).values())).all()


def test_early_stopping_does_not_speak_for_a_run_that_diverged(tmp_path):
    progress = train(tmp_path / "c", Goal("loss", "max"), model=Failing(3, "outputs"), patience=2)
    assert progress.stopped == "diverged in epoch 3"


def test_a_curve_whose_outputs_are_not_finite_has_no_scores_and_no_say(tmp_path):
    parts = splits()
    parts["test"].x[3, 1] = math.nan
    progress = train(tmp_path / "c", parts=parts)
    assert (progress.stopped, progress.epoch) == (None, 5)
    for row in progress.history:
        assert math.isnan(row["test_loss"])
        assert math.isnan(row["test_accuracy"])
        assert math.isfinite(row["validation_accuracy"])


def test_a_score_that_cannot_be_taken_is_not_a_divergence(tmp_path):
    class Constant(Signs):
        def scores(self, outputs, targets):
            return {"accuracy": math.nan}

    progress = train(tmp_path / "c", task=Constant())
    assert (progress.stopped, progress.best_epoch) == (None, 1)
    assert progress.best_weights


class Solved(nn.Module):
    """Solved for: a table that may come out as nothing."""

    def __init__(self, found):
        super().__init__()
        self.weight, self.found = nn.Parameter(torch.zeros(2, 2), requires_grad=False), found

    def forward(self, inputs):
        return inputs @ self.weight

    def estimate(self, batches):
        if self.found is None:
            torch.linalg.cholesky(torch.zeros(2, 2))
        self.weight.data = torch.full((2, 2), self.found)


@pytest.mark.parametrize("found", [math.nan, math.inf, None])
def test_a_solution_that_is_not_finite_has_no_scores(found, capsys):
    progress = estimate(Solved(found), Signs(), splits(), Goal("accuracy", "max"), CPU)
    assert (progress.stopped, progress.best_epoch) == ("diverged: the solution is not finite", None)
    assert np.isnan(list(scores_of(progress.history[0]).values())).all()
    assert "diverged" in capsys.readouterr().out


def test_a_sound_solution_is_scored():
    progress = estimate(Solved(0.5), Signs(), splits(), Goal("accuracy", "max"), CPU)
    assert (progress.stopped, progress.best_epoch) == (None, 1)
    assert math.isfinite(progress.history[0]["validation_accuracy"])


# ---- each study


class Fixed:
    """A split that always gives these inputs and targets."""

    def __init__(self, inputs, targets):
        self.inputs, self.targets = inputs, targets

    def __len__(self):
        return len(self.inputs)

    def batch(self, items):
        return self.inputs[items], self.targets[items]


class Says(nn.Module):
    """Gives outputs of a shape, one of them (or all) ``value``."""

    def __init__(self, shape, value, everywhere):
        super().__init__()
        self.weight, self.shape, self.value, self.everywhere = nn.Parameter(torch.zeros(1)), shape, value, everywhere

    def forward(self, inputs):
        generator = torch.Generator().manual_seed(len(inputs))
        outputs = torch.randn(len(inputs), *self.shape, generator=generator)
        if self.everywhere:
            return torch.full_like(outputs, self.value)
        outputs[0].view(-1)[0] = self.value
        return outputs


CROP = 12
RESIDUES = torch.rand(6, CROP, 3, generator=torch.Generator().manual_seed(0)) * 20
DISTANCES = torch.cdist(RESIDUES, RESIDUES).masked_fill(torch.eye(CROP, dtype=torch.bool), math.nan)
PROTEINS = [{"experiment": name, "name": name, "features": []} for name in ("E1", "E2")]
STUDIES = {
    "_template": (
        {"mean": [0.0, 0.0], "std": [1.0, 1.0], "classes": 3},
        lambda: (torch.zeros(9, 2), torch.arange(9) % 3), (3,),
    ),
    "bloodmnist": (
        {"shape": [4, 4, 3], "channel_mean": [0, 0, 0], "channel_std": [1, 1, 1], "classes": 3},
        lambda: (torch.zeros(9, 3, 4, 4), torch.arange(9) % 3), (3,),
    ),
    "rnacompete": (
        {"encoding": "onehot", "tokens": 0, "scale": 1.0, "outputs": PROTEINS, "shape": [8, 4]},
        lambda: (torch.zeros(9, 8, 4), torch.arange(18).view(9, 2) / 7), (2,),
    ),
    "genome": (
        {"length": 5, "k": 1, "stride": 1, "tokens": 4},
        lambda: (torch.zeros(9, 5, dtype=torch.int64), torch.arange(45).view(9, 5) % 4), (5, 4),
    ),
    "proteinnet": (
        {"crop": CROP, "protocol": "sound"},
        lambda: (torch.zeros(6, 2, CROP, 21), DISTANCES), (CROP, CROP),
    ),
    "proteinnet, coordinates, reported": (
        {"crop": CROP, "protocol": "reported"},
        lambda: (torch.zeros(6, 2, CROP, 21), 100 * DISTANCES), (CROP, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("study", STUDIES)
def test_no_study_scores_outputs_that_are_not_finite(tmp_path, study, value, everywhere):
    statistics, draw, shape = STUDIES[study]
    (tmp_path / "stats.json").write_text(json.dumps(statistics))
    task, split = part(study.partition(",")[0], "task").open_task(tmp_path), Fixed(*draw())
    sound = score(task, predict(Says(shape, 0.5, False), task, split))
    lost = score(task, predict(Says(shape, value, everywhere), task, split))
    assert lost.keys() == sound.keys()
    assert np.isfinite(list(sound.values())).all()
    assert np.isnan(list(lost.values())).all()


# ---- curves of training in evaluation mode


def test_a_sample_is_the_same_for_every_seed_and_no_larger_than_asked_for():
    split = Points(100, 0)
    one, two = Sample(split, 30, CPU), Sample(split, 30, CPU)
    seeds.start(9)
    assert len(one) == 30
    assert torch.equal(one.items, two.items)
    assert len(set(one.items.tolist())) == 30
    assert len(Sample(split, 500, CPU)) == 100
    assert torch.equal(one.batch(torch.tensor([4, 7]))[0], split.x[one.items[[4, 7]]])


def test_the_training_curve_in_evaluation_mode_is_without_dropout_and_changes_no_weight(tmp_path):
    def network():
        seeds.start(0)
        return nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Dropout(0.9), nn.Linear(64, 2))

    plain, sampled = network(), network()
    train(tmp_path / "a", model=plain, lr=0.1)
    parts = splits()
    parts["train_sample"] = Sample(parts["train"], 60, CPU)
    progress = train(tmp_path / "b", model=sampled, parts=parts, lr=0.1)
    assert all(torch.equal(value, sampled.state_dict()[name]) for name, value in plain.state_dict().items())
    last = progress.history[-1]
    assert last["train_sample_loss"] == predict(sampled, Signs(), parts["train_sample"]).loss
    assert last["train_sample_loss"] < last["train_loss"]  # which is noisy, and older by half an epoch
    assert 0 <= last["train_sample_accuracy"] <= 1


def test_a_round_scores_validation_first(tmp_path):
    parts = {"test": Points(40, 2), **{k: v for k, v in splits().items() if k != "test"}}
    progress = Progress()
    model = nn.Linear(2, 2)
    close_round(progress, model, score_round(model, Signs(), parts, 0.5), Goal("loss", "min"), 0.1)
    names = [name for name in progress.history[0] if name.endswith("_loss")]
    assert names == ["train_loss", "validation_loss", "test_loss"]

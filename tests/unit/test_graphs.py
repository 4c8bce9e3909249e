"""Recorded steps, their bookkeeping: here a recording is the function itself, played again; tests/gpu has CUDA's."""

import pytest
import torch
from tests.points import Points, Signs
from tests.stopping import stop_after
from torch import nn

from replisome.config.budget import Budget
from replisome.training import graphs, seeds, steps
from replisome.training.checkpoint import Checkpoint
from replisome.training.graphs import WARM_UP, Recording, WithGraphs
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings
from replisome.training.precision import Arithmetic
from replisome.training.rounds import Goal

torch.set_num_threads(1)
CPU = Arithmetic(torch.device("cpu"), "32-true")


class Played(WithGraphs):
    """Recordings without CUDA: results and gradients are found in the tensors of the first time, as a graph's are."""

    made: list[torch.Size]

    def warm_up(self, inputs, targets):
        return self.gradient(inputs, targets)

    def record(self, inputs, targets):
        self.made.append(inputs.shape)
        inputs, targets, drawn = inputs.clone(), targets.clone(), torch.get_rng_state()
        buffers = [weights.clone() for weights in self.weights]
        for weights in self.weights:
            weights.grad = None
        results = tuple(result.clone() for result in self.gradient(inputs, targets))
        gradients = [weights.grad for weights in self.weights]
        torch.set_rng_state(drawn)  # recording draws nothing
        assert all(torch.equal(now, before) for now, before in zip(self.weights, buffers, strict=True))

        def play():
            for weights in self.weights:
                weights.grad = None
            again = self.gradient(inputs, targets)
            for kept, found in zip(results, again, strict=True):
                kept.copy_(found)
            for kept, weights in zip(gradients, self.weights, strict=True):
                kept.copy_(weights.grad)

        return Recording(inputs, targets, results, gradients, play)


@pytest.fixture
def recorded(monkeypatch):
    """Let steps on the CPU be recorded where settings ask for it; returns the shapes that were."""
    monkeypatch.setattr(Played, "made", [], raising=False)
    monkeypatch.setattr(steps, "WithGraphs", Played)
    monkeypatch.setattr(steps, "RECORDS", "cpu")
    return Played.made


def train(path, kill_after=None, epochs=5, **changes):
    settings = TrainingSettings(**{"batch_size": 16, "schedule": "cosine", "clip_norm": 0.5, "lr": 0.01, **changes})
    seeds.start(3)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    checkpoint = Checkpoint(path, {"settings": "a"}, 0.0 if kill_after else 5.0)
    if kill_after:
        stop_after(checkpoint, kill_after, KeyboardInterrupt)
    splits = {"train": Points(100, 0), "validation": Points(60, 1)}
    progress = fit(model, Signs(), splits, settings, Budget(epochs), 3, Goal("accuracy", "max"), CPU, checkpoint)
    return model.state_dict(), progress


def same(one, two):
    return all(torch.equal(one[name], two[name]) for name in one)


def without_times(progress):
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in progress.history]


@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize(
    "changes", [{}, {"clip_norm": None, "schedule": "one_cycle"}, {"micro_batch": 5}, {"augment": "noise"}]
)
def test_recorded_steps_train_the_same_weights_and_history(tmp_path, recorded, optimiser, changes):
    plain, before = train(tmp_path / "a", optimiser=optimiser, **changes)
    assert recorded == []
    played, after = train(tmp_path / "b", optimiser=optimiser, graphs=True, **changes)
    assert same(plain, played)
    assert without_times(before) == without_times(after)
    # Batches of 16, and the last of an epoch, of 4, once it has come often enough.
    assert [shape[0] for shape in recorded] == [16, 4]


def test_a_shape_is_recorded_only_after_it_has_come_a_few_times(recorded):
    seen = []
    weights = nn.Parameter(torch.ones(2))

    def gradient(inputs, targets):
        seen.append(len(inputs))
        loss = (weights * inputs).sum()
        loss.backward()
        return (loss.detach(),)

    played = Played(gradient, [weights])
    for number in range(WARM_UP + 2):
        weights.grad = None
        (loss,) = played(torch.full((3, 2), float(number)), torch.zeros(3))
        assert loss == 6 * number
        assert torch.equal(weights.grad, torch.full((2,), 3.0 * number))
        assert len(recorded) == (number >= WARM_UP)


@pytest.mark.parametrize("kill_after", [2, 9, 20])
def test_a_run_with_recorded_steps_that_is_killed_ends_like_one_that_was_not(tmp_path, recorded, kill_after):
    whole, history = train(tmp_path / "whole", graphs=True)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", kill_after=kill_after, graphs=True)
    resumed, again = train(tmp_path / "cut", graphs=True)
    assert same(whole, resumed)
    assert without_times(history) == without_times(again)
    assert again.step == history.step


def test_on_a_cpu_the_setting_does_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(graphs.WithGraphs, "__init__", None)
    assert same(train(tmp_path / "a", epochs=1)[0], train(tmp_path / "b", epochs=1, graphs=True)[0])

"""A run that is told to stop saves its state at once, says so, and goes on to the same weights."""

import os
import signal

import numpy as np
import pytest
import torch
from tests.points import Points, Signs
from torch import nn

from replisome.config.budget import Budget
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings
from replisome.training.precision import Arithmetic
from replisome.training.rounds import Goal
from replisome.training.termination import TerminatedError, Termination

torch.set_num_threads(1)


class Told(Points):
    """A split at whose ``at``-th batch the process is told to stop."""

    def __init__(self, size, seed, at):
        super().__init__(size, seed)
        self.left = at

    def batch(self, items):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().batch(items)


def train(path, *, train_at=0, validation_at=0):
    """Train for three epochs of seven steps; a checkpoint is due only where the process is told to stop."""
    seeds.start(3)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    checkpoint = Checkpoint(path, {}, minutes=5.0)
    checkpoint.due_after_epoch = lambda: False
    splits = {"train": Told(100, 0, train_at), "validation": Told(60, 1, validation_at)}
    settings = TrainingSettings(batch_size=16, lr=0.01, schedule="cosine")
    goal = Goal("accuracy", "max")
    progress = fit(model, Signs(), splits, settings, Budget(3), 3, goal, Arithmetic.here("32-true"), checkpoint)
    return model.state_dict(), [{k: v for k, v in row.items() if "seconds" not in k} for row in progress.history]


@pytest.mark.parametrize(
    "told",
    [{"train_at": 1}, {"train_at": 10}, {"train_at": 14}, {"validation_at": 1}, {"validation_at": 2}],
    ids=["first step", "within an epoch", "last step of an epoch", "first scoring", "second scoring"],
)
def test_a_run_told_to_stop_goes_on_to_the_same_weights(tmp_path, told):
    whole, history = train(tmp_path / "whole")
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TerminatedError, match=r"told to stop \(SIGTERM\).*the same command goes on from there"):
        train(tmp_path / "cut", **told)
    assert signal.getsignal(signal.SIGTERM) is before
    assert (tmp_path / "cut").exists()
    resumed, again = train(tmp_path / "cut")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert history == again


def test_scoring_is_cut_short_and_nothing_of_it_kept():
    done = []

    def work():
        os.kill(os.getpid(), signal.SIGTERM)
        done.extend(np.sqrt(number) for number in range(1000))
        return done

    with Termination() as termination:
        assert termination.cut_short(work) is None
        assert termination.requested
    assert not done


def test_work_that_nothing_cuts_short_is_done():
    with Termination() as termination:
        assert termination.cut_short(lambda: 3) == 3
        assert not termination.requested


def test_being_told_to_stop_leaves_as_a_death_by_that_signal_does():
    assert TerminatedError.exit_code == 143

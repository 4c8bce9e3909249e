"""Steps that a GPU takes from a recording: the same weights as without, for all networks, also after a kill."""

import warnings

import pytest
import torch
from tests.gpu_models import NETWORKS
from tests.stopping import stop_after

from replisome.config.budget import Budget
from replisome.models import build
from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings
from replisome.training.precision import Arithmetic, forbid_tf32
from replisome.training.predict import to_device
from replisome.training.rounds import Goal
from replisome.training.signature import RandomSplit

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine"),
]


class AnyTask:
    """A task for whatever a network gives: its mean square is to be small."""

    max_items = 1024
    memory_format = torch.contiguous_format

    def loss(self, outputs, targets):
        return outputs.float().square().mean() + 0 * targets.float().mean()

    def terms(self, targets):
        return torch.full((), len(targets), device=targets.device)

    def reduce_outputs(self, outputs, targets):
        return outputs.flatten(1)[:, :1]

    def scores(self, outputs, targets):
        return {}


def train(case, path, precision="32-true", kill_after=None, **changes):
    """Train a network for four passes of 3 batches, the last of which is not full."""
    warnings.simplefilter("ignore")  # torch names kernels that are not deterministic
    name, values, data, draw = case
    forbid_tf32()
    settings = TrainingSettings(**{"batch_size": 8, "schedule": "one_cycle", "clip_norm": 1.0, "lr": 0.003, **changes})
    seeds.start(1)
    model = to_device(build(name, data, values), torch.device("cuda"), torch.contiguous_format)
    inputs = draw(20).cuda()
    splits = {name: RandomSplit(inputs, torch.zeros(20, device="cuda"), 20) for name in ("train", "validation")}
    checkpoint = Checkpoint(path, {"settings": "a"}, 0.0 if kill_after else 5.0)
    if kill_after:
        stop_after(checkpoint, kill_after, KeyboardInterrupt)
    arithmetic = Arithmetic(torch.device("cuda", 0), precision)
    progress = fit(model, AnyTask(), splits, settings, Budget(6), 1, Goal("loss", "min"), arithmetic, checkpoint)
    losses = [(row["train_loss"], row["train_gradient_norm"], row["validation_loss"]) for row in progress.history]
    return {key: value.cpu() for key, value in model.state_dict().items()}, losses


def assert_same(first, second):
    for key, expected in first[0].items():
        torch.testing.assert_close(second[0][key], expected, rtol=0, atol=0, msg=lambda said, k=key: f"{k}: {said}")
    assert first[1] == second[1]


def names():
    return [f"{name}-{'-'.join(map(str, values.values()))}" for name, values, *_ in NETWORKS]


@pytest.mark.parametrize("case", NETWORKS, ids=names())
def test_the_same_run_twice_gives_the_same_weights(case, tmp_path):
    assert_same(train(case, tmp_path / "a"), train(case, tmp_path / "b"))


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("case", NETWORKS, ids=names())
def test_recorded_steps_train_the_same_weights(case, precision, tmp_path):
    plain = train(case, tmp_path / "a", precision)
    assert_same(plain, train(case, tmp_path / "b", precision, graphs=True))


@pytest.mark.parametrize("changes", [{"clip_norm": None}, {"micro_batch": 3}, {"optimiser": "sgd", "schedule": "none"}])
def test_recorded_steps_are_those_of_any_settings(changes, tmp_path):
    plain = train(NETWORKS[0], tmp_path / "a", **changes)
    assert_same(plain, train(NETWORKS[0], tmp_path / "b", graphs=True, **changes))


@pytest.mark.parametrize("kill_after", [2, 9, 16])
@pytest.mark.parametrize("case", [NETWORKS[0], ("bilstm", {"dropout": 0.3, "depth": 2}, *NETWORKS[1][2:])])
def test_a_recorded_run_that_is_killed_ends_like_one_that_was_not(case, kill_after, tmp_path):
    whole = train(case, tmp_path / "whole", graphs=True)
    with pytest.raises(KeyboardInterrupt):
        train(case, tmp_path / "cut", kill_after=kill_after, graphs=True)
    assert_same(whole, train(case, tmp_path / "cut", graphs=True))


def test_dropout_draws_the_same_numbers_from_a_recording(tmp_path):
    case = ("cnn1d", {"depth": 2, "dropout": 0.4}, *NETWORKS[4][2:])
    assert_same(train(case, tmp_path / "a"), train(case, tmp_path / "b", graphs=True))

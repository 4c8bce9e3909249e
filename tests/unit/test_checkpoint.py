"""What a checkpoint holds, and what is done with one that is damaged, foreign or from a machine with more devices."""

import os
import pickle
import platform
import random
from collections import OrderedDict

import numpy as np
import pytest
import torch

from replisome.training import seeds
from replisome.training.checkpoint import Checkpoint

STATE = {
    "progress": {"epoch": 2, "history": [{"loss": 0.5, "accuracy": float("nan")}], "stopped": None},
    "model": OrderedDict(weight=torch.arange(6.0).reshape(2, 3)),
    "optimiser": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999)}]},
}


def checkpoint(path):
    return Checkpoint(path, {"settings": "a"}, minutes=5.0)


class Evil:
    """Unpickling one makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_what_was_saved_comes_back(tmp_path):
    checkpoint(tmp_path / "c").save({**STATE, "generators": seeds.capture()})
    found = checkpoint(tmp_path / "c").load()
    assert torch.equal(found["model"]["weight"], STATE["model"]["weight"])
    assert found["optimiser"]["state"][0]["step"] == 3
    assert found["progress"]["epoch"] == 2
    assert np.isnan(found["progress"]["history"][0]["accuracy"])


def test_what_is_being_written_says_on_which_host_by_which_process(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(torch, "save", lambda content, handle: seen.extend(path.name for path in tmp_path.iterdir()))
    checkpoint(tmp_path / "checkpoint.pt").save({})
    assert len(seen) == 1
    assert seen[0].startswith(f".checkpoint.pt@{platform.node()}@{os.getpid()}.")


def test_an_identity_of_any_kind_of_text_is_read_again(tmp_path):
    identity = {"settings": "a", "torch": torch.__version__}  # a class of its own
    Checkpoint(tmp_path / "c", identity, minutes=5.0).save(STATE)
    assert Checkpoint(tmp_path / "c", identity, minutes=5.0).load() is not None
    assert Checkpoint(tmp_path / "c", {**identity, "torch": "1.0"}, minutes=5.0).load() is None


def test_memory_that_runs_out_is_not_taken_for_damage(tmp_path, monkeypatch):
    checkpoint(tmp_path / "c").save(STATE)

    def fail(*_, **__):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(RuntimeError, match="allocate"):
        checkpoint(tmp_path / "c").load()


@pytest.mark.parametrize("how", ["pickle", "torch"])
def test_a_checkpoint_that_would_run_code_is_not_read(tmp_path, capsys, how):
    state = {"identity": {"settings": "a"}, "state": {"model": Evil(tmp_path / "made")}}
    if how == "torch":
        torch.save(state, tmp_path / "c")
    else:
        (tmp_path / "c").write_bytes(pickle.dumps(state))
    assert checkpoint(tmp_path / "c").load() is None
    assert not (tmp_path / "made").exists()
    assert "starting from the first epoch" in capsys.readouterr().out


def test_a_bit_that_flipped_is_seen_or_changes_nothing(tmp_path):
    path = tmp_path / "c"
    checkpoint(path).save(STATE)
    whole, rng, seen = path.read_bytes(), np.random.default_rng(0), 0
    for _ in range(200):
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        found = checkpoint(path).load()
        seen += found is None
        if found is not None:
            assert torch.equal(found["model"]["weight"], STATE["model"]["weight"])
            assert found["progress"]["history"][0]["loss"] == 0.5
    assert seen > 20


def test_every_generator_goes_on_where_it_was(tmp_path):
    seeds.start(5)
    checkpoint(tmp_path / "c").save({"generators": seeds.capture()})
    first = (random.random(), np.random.rand(), torch.rand(3).tolist())
    seeds.restore(checkpoint(tmp_path / "c").load()["generators"])
    assert (random.random(), np.random.rand(), torch.rand(3).tolist()) == first


def test_a_run_goes_on_where_fewer_gpus_are_visible(monkeypatch):
    one = torch.Generator()
    state = seeds.capture() | {"cuda": [torch.Generator().manual_seed(7).get_state(), one.get_state()]}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "default_generators", (one,))
    monkeypatch.setattr(torch.cuda.random, "_lazy_call", lambda call, **_: call())
    seeds.restore(state)
    assert one.initial_seed() == 7

"""Memory that runs out is a message that names the keys that help."""

import errno
import json

import numpy as np
import pyarrow as pa
import pytest
import torch

from replisome.commands import stage as door

RUN = {
    **{key: {} for key in ("recipe", "hyperparameters", "budget", "select", "curves")},
    **{"implementation": "bloodmnist", "model": "cnn", "training": {"batch_size": 64}, "seed": 0},
}


def too_much_of_torch():
    torch.empty(2**60, dtype=torch.uint8)


def too_much_of_numpy():
    np.empty(2**60, dtype=np.uint8)


def too_much_of_a_gpu():
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 1 GiB.")


def too_much_of_arrow():
    raise pa.ArrowMemoryError("malloc of size 64 failed")


def too_much_of_the_system():
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


TOO_MUCH = [too_much_of_torch, too_much_of_numpy, too_much_of_a_gpu, too_much_of_arrow, too_much_of_the_system]


@pytest.mark.parametrize("fail", TOO_MUCH)
@pytest.mark.parametrize("stage", ["train", "evaluate", "prepare"])
def test_memory_that_runs_out_is_a_message_with_the_keys_that_help(tmp_path, monkeypatch, capsys, fail, stage):
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(RUN | {"datasets": {}, "study": "bloodmnist"}))
    monkeypatch.setattr(door, "_call", lambda *_: fail())
    arguments = [stage, "--settings" if stage == "prepare" else "--run", str(settings), "--out", str(tmp_path / "out")]
    arguments += [] if stage == "prepare" else ["--data", str(tmp_path)]
    arguments += ["--weights", "w"] if stage == "evaluate" else []
    assert door.main(arguments) == 1
    said = capsys.readouterr().err
    assert "memory ran out" in said
    assert "mem_mb" in said
    assert len(said.splitlines()) == 1
    if stage == "train":
        assert all(key in said for key in ("micro_batch", "batch_size", "64", "pool", "hidden"))


def test_another_error_of_torch_keeps_its_traceback(tmp_path, monkeypatch):
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(RUN))

    def fail(*_):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(door, "_call", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        door.main(["train", "--run", str(settings), "--data", str(tmp_path), "--out", str(tmp_path / "out")])

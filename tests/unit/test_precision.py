"""What ``precision: auto`` means, who decides it, and what a machine that cannot do it says."""

import json
import os

import pytest
import torch
from tests.planning import load
from torch import nn

from replisome.config.precision import settle_precision
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.stages import probe
from replisome.tracking.failures import why
from replisome.tracking.verify import read_verified
from replisome.training import bf16_speed, precision
from replisome.training.precision import Arithmetic, choose_precision, job_device, require_able

CPU = torch.device("cpu")


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Ask the probe on a machine that says of itself what a test wants; returns the answer's file."""

    def ask(able, seconds):
        monkeypatch.setattr(probe, "has_bf16", lambda device: able)
        monkeypatch.setattr(probe, "measure", lambda device: seconds)
        folder = tmp_path / "precision" / "cpu"
        write_json(folder / "settings.json", {"kind": "cpu"})
        probe.run(folder / "settings.json", folder, 1)
        return tmp_path / "precision" / "cpu.json"

    return ask


KINDS = ("convolution", "recurrence", "attention")


def steps(*ratios):
    return {kind: {"fp32": ratio, "bf16": 1.0} for kind, ratio in zip(KINDS, ratios, strict=True)}


def answers(*names):
    return dict(zip(KINDS, names, strict=True))


@pytest.mark.parametrize(
    ("able", "seconds", "answer"),
    [
        (True, steps(1.9, 2.0, 1.3), answers("bf16", "bf16", "bf16")),
        (True, steps(1.9, 2.0, 0.3), answers("bf16", "bf16", "fp32")),  # as on one with AMX
        (True, steps(1.1, 1.1, 1.1), answers("fp32", "fp32", "fp32")),  # it would cost digits for little
        (False, steps(9.0, 9.0, 9.0), answers("fp32", "fp32", "fp32")),
    ],
)
def test_bf16_is_the_answer_only_where_it_is_in_hardware_and_steps_of_that_kind_are_clearly_faster(
    asked, able, seconds, answer
):
    assert read_verified(asked(able, seconds)) == answer


def test_the_answer_holds_nothing_that_another_look_at_the_clock_would_change(asked):
    first = asked(True, steps(1.5, 1.5, 1.5)).read_bytes()
    again = asked(True, steps(1.7, 1.6, 1.5))
    assert again.read_bytes() == first
    timings = json.loads((again.with_suffix("") / "timings.json").read_text())
    assert timings["seconds_a_step"] == steps(1.7, 1.6, 1.5)


def test_steps_of_each_kind_are_measured_in_both_precisions(monkeypatch):
    for name, little in (("LEAST", 0.0), ("ROUNDS", 1)):
        monkeypatch.setattr(bf16_speed, name, little)
    small = {kind: (build, (1, *shape[1:])) for kind, (build, shape) in bf16_speed.KINDS.items()}
    monkeypatch.setattr(bf16_speed, "KINDS", small)
    found = bf16_speed.measure(CPU)
    assert tuple(found) == KINDS
    assert {frozenset(one) for one in found.values()} == {frozenset({"fp32", "bf16"})}
    assert min(second for one in found.values() for second in one.values()) > 0


def test_auto_is_what_was_recorded_for_the_layers_of_a_network_and_fp32_where_nothing_was(asked):
    answer = asked(True, steps(2.0, 2.0, 0.9))
    convolution, recurrence, attention = nn.Conv2d(1, 1, 1), nn.LSTM(1, 1), nn.TransformerEncoderLayer(2, 1)
    for model in (convolution, nn.Sequential(nn.Linear(1, 1), recurrence), nn.ModuleList([convolution, recurrence])):
        assert choose_precision("auto", answer, model) == "bf16-mixed"
        assert choose_precision("fp32", answer, model) == "32-true"
        assert choose_precision("auto", None, model) == "32-true"
    for model in (attention, nn.ModuleList([convolution, attention]), nn.Linear(1, 1)):
        assert choose_precision("auto", answer, model) == "32-true"
        assert choose_precision("bf16", answer, model) == "bf16-mixed"


def test_an_answer_that_was_edited_is_refused(asked):
    answer = asked(False, {})
    write_json(answer, answers("bf16", "bf16", "bf16"))
    with pytest.raises(ReplisomeError, match="is not what was written"):
        choose_precision("auto", answer, nn.Conv1d(1, 1, 1))


def test_a_file_that_is_no_answer_is_refused(tmp_path):
    write_json(tmp_path / "cpu.json", {"precision": "bf16"})
    with pytest.raises(ReplisomeError, match="no answer of the probe"):
        choose_precision("auto", tmp_path / "cpu.json", nn.Conv1d(1, 1, 1))


def test_a_machine_without_bf16_refuses_runs_that_train_in_it_and_says_what_to_do(asked, monkeypatch):
    answer = asked(True, steps(2.0, 2.0, 0.9))
    monkeypatch.setattr(precision, "has_bf16", lambda device: False)
    with pytest.raises(ReplisomeError) as refused:
        require_able(Arithmetic(CPU, "bf16-mixed"), answer)
    said = str(refused.value)
    assert str(answer) in said
    assert "--config precision=fp32" in said
    assert "delete" in said
    require_able(Arithmetic(CPU, "32-true"), answer)


@pytest.mark.parametrize(("built", "given"), [("13.0", None), ("13.0", ""), ("13.0", "-1"), (None, "0")])
def test_a_job_without_a_gpu_uses_the_cpu(built, given, monkeypatch):
    machine(monkeypatch, built, given)
    assert job_device() == CPU


@pytest.mark.parametrize("given", ["0", "1,2", "GPU-5ca0"])
def test_a_gpu_that_torch_cannot_use_is_not_passed_over_in_silence(given, monkeypatch):
    machine(monkeypatch, "13.0", given)
    with pytest.raises(ReplisomeError) as refused:
        job_device()
    said = f"replisome train: error: {refused.value}"
    assert f"CUDA_VISIBLE_DEVICES={given}" in said
    assert "driver" in said
    assert not why("train", "", [said]).hopeless  # another node may do better


def machine(monkeypatch, built, given):
    """Pretend that CUDA does not work here, with a torch built for a version of it or for none."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", built)
    if given is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)


def precisions(**changes):
    plan = load(studies=["proteinnet"], **changes)
    return {
        (study.recipes[run.recipe]["protocol"], run.settings["training"].get("precision", "auto"))
        for study in plan.studies.values()
        for run in study.runs
    }


def test_one_key_of_the_configuration_decides_every_auto_and_reported_stays_fp32():
    assert precisions(precision="auto") == {("sound", "auto"), ("reported", "fp32")}
    assert precisions(precision="bf16") == {("sound", "bf16"), ("reported", "fp32")}
    assert precisions() == {("sound", "fp32"), ("reported", "fp32")}  # of the demo, on any machine


def test_what_an_experiment_says_of_its_precision_stays():
    block = {
        "training": {"precision": "bf16"},
        "models": {"a": {"fixed": {"precision": "auto"}}, "b": {"grid": {"precision": ["fp32", "auto", "bf16"]}}},
    }
    settle_precision(block, "fp32")
    assert block["training"] == {"precision": "bf16"}
    assert block["models"]["a"]["fixed"] == {"precision": "fp32"}
    assert block["models"]["b"]["grid"] == {"precision": ["fp32", "bf16"]}


def test_the_kernel_is_asked_whether_a_cpu_has_bf16():
    assert precision.has_bf16(CPU) in ({True, False} if os.path.exists("/proc/cpuinfo") else {False})

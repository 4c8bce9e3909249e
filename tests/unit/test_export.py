"""A finished run can be written for other programs, and says no where it cannot."""

import importlib.util
import json
import re

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from exported_runs import described, finished_run

from replisome.__main__ import main
from replisome.api.exporting import finished, networks
from replisome.commands.export import export
from replisome.errors import ReplisomeError

SMALL = {
    "bloodmnist": ("cnn", {"filters": 2, "hidden": 4}),
    "rnacompete": ("cnn1d", {"width": 3, "depth": 1}),
    "genome": ("char_lstm", {"embedding": 2, "hidden": 3, "layers": 1, "dropout": 0.0}),
    "proteinnet": ("conv_simple", {}),
}


def call(*words: object):
    """Call the command."""
    return CliRunner().invoke(export, [str(word) for word in words])


def refused(*words: object) -> str:
    result = call(*words)
    assert isinstance(result.exception, ReplisomeError), result.output
    return " ".join(str(result.exception).split())


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    results = tmp_path_factory.mktemp("export") / "results"
    return {study: finished_run(results, study, model, **values) for study, (model, values) in SMALL.items()}


@pytest.mark.parametrize("study", SMALL)
def test_a_network_of_each_study_is_written_as_onnx_and_gives_the_same(runs, study, tmp_path):
    reference = pytest.importorskip("onnx.reference")
    pytest.importorskip("onnxscript")
    out = tmp_path / "network.onnx"
    done = call(runs[study], "--to", "onnx", "-o", out)
    assert done.exit_code == 0, done.exception
    opened = finished.open_network(finished.open_finished(runs[study]))
    inputs = torch.cat([opened.example, opened.example[:2]])  # another number of items than any that it was made with
    found = reference.ReferenceEvaluator(str(out)).run(None, {"input": inputs.numpy()})[0]
    with torch.no_grad():
        expected = opened.network(inputs).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1, abs(expected).max()))
    about = described(out)
    assert about["inputs"][0]["shape"] == ["batch", *opened.example.shape[1:]]
    assert about["inputs"][0]["scaling"]
    assert about["outputs"][0]["unit"]
    assert about["run"].startswith(f"{study}/control/runs/")


def test_torch_reads_an_exported_program(runs, tmp_path):
    out = tmp_path / "network.pt2"
    assert call(runs["bloodmnist"], "--to", "pt2", "-o", out).exit_code == 0
    opened = finished.open_network(finished.open_finished(runs["bloodmnist"]))
    found = torch.export.load(out).module()(opened.example[:3])
    torch.testing.assert_close(found, opened.network(opened.example[:3]))
    assert ".pt2" in refused(runs["bloodmnist"], "--to", "pt2", "-o", tmp_path / "network.pt")


def test_torchscript_takes_any_number_of_items_or_says_that_it_takes_one(runs, tmp_path):
    recurrent = finished_run(tmp_path / "results", "rnacompete", "bilstm", width=2)
    for run, batch, size in ((runs["bloodmnist"], "any", 3), (recurrent, 1, 1)):
        out = tmp_path / f"{size}.pt"
        assert call(run, "--to", "torchscript", "-o", out).exit_code == 0
        opened = finished.open_network(finished.open_finished(run))
        torch.testing.assert_close(torch.jit.load(out)(opened.example[:size]), opened.network(opened.example[:size]))
        assert described(out)["exported"]["batch"] == batch


def test_tensorboard_shows_the_history(runs, tmp_path, capsys):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    done = call(runs["genome"], "--to", "tensorboard", "-o", tmp_path)
    assert done.exit_code == 0, done.exception
    folder = tmp_path / "genome/control/char_lstm/default/seed=0"
    events = EventAccumulator(str(folder)).Reload()
    assert [(one.step, one.value) for one in events.Scalars("loss/train")] == [(5, 1.0), (10, 0.5)]
    assert len(events.Scalars("loss/validation")) == 1  # one of the two is no number
    assert "is there already" in refused(runs["genome"], "--to", "tensorboard", "-o", tmp_path)
    assert [path.name for path in folder.parent.iterdir()] == ["seed=0"]
    (tmp_path / "file").touch()
    assert main(["export", str(runs["genome"]), "--to", "tensorboard", "-o", str(tmp_path / "file")]) == 1
    assert "correct the path, or see to the rights there" in capsys.readouterr().err


def test_mlflow_has_settings_scores_and_files(runs, tmp_path):
    pytest.importorskip("mlflow")
    done = call(runs["bloodmnist"], runs["genome"], "--to", "mlflow", "-o", tmp_path)
    assert done.exit_code == 0, done.exception
    losses = [path.read_text().splitlines() for path in tmp_path.glob("*/*/metrics/train_loss")]
    assert [[line.split()[1:] for line in lines] for lines in losses] == [[["1.0", "5"], ["0.5", "10"]]] * 2
    assert {path.read_text() for path in tmp_path.glob("*/*/params/training.lr")} == {"0.01"}
    assert len(list(tmp_path.glob("*/*/artifacts/best.safetensors"))) == 2
    assert "already" in refused(runs["genome"], "--to", "mlflow", "-o", tmp_path)


def test_a_missing_package_is_named(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install onnx" in refused(runs["genome"], "--to", "onnx", "-o", tmp_path / "x.onnx")
    assert "pip install mlflow-skinny" in refused(runs["genome"], "--to", "mlflow", "-o", tmp_path)


def test_what_is_no_finished_run_is_refused(runs, tmp_path, capsys):
    words = ("--to", "onnx", "-o", tmp_path / "x.onnx")
    assert "no such folder" in refused(tmp_path / "nothing", *words)
    assert "is not a run's folder" in refused(tmp_path, *words)
    assert "one network a file" in call(runs["genome"], runs["bloodmnist"], *words).output
    assert "is a folder" in refused(runs["genome"], "--to", "onnx", "-o", tmp_path)
    assert main(["export", str(tmp_path), "--to", "onnx", "-o", str(tmp_path / "x.onnx")]) == 1
    assert capsys.readouterr().err.startswith("replisome export: error: ")
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_other_programs_cannot_hold_is_refused_with_the_reason(runs, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no operator for what it does\nmore")

    monkeypatch.setattr(torch.export, "export", fail)
    message = refused(runs["genome"], "--to", "pt2", "-o", tmp_path / "x.pt2")
    assert re.search(r"model 'char_lstm' cannot be written .*no operator for what it does", message)
    assert list(tmp_path.iterdir()) == []


def test_other_numbers_are_never_written(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "_traced", lambda network, example: lambda inputs: network(inputs) + 1)
    assert "other numbers" in refused(runs["bloodmnist"], "--to", "torchscript", "-o", tmp_path / "x.pt")
    assert list(tmp_path.iterdir()) == []


def test_weights_that_changed_are_refused(tmp_path):
    run = finished_run(tmp_path / "results", "genome", "context_counts", k=2)
    record = json.loads((run / "provenance.json").read_text())
    assert "best.safetensors" in record["outputs"]
    (run / "best.safetensors").write_bytes((run / "best.safetensors").read_bytes() + b" ")
    assert "not what was written" in refused(run, "--to", "pt2", "-o", tmp_path / "x.pt2")

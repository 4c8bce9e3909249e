"""What the stages of a run leave when training diverges, and in what arithmetic they compute."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from safetensors import safe_open
from torch import nn

from replisome.config.budget import Budget
from replisome.config.catalogue import part
from replisome.data.parquet import array_column, read_parquet, write_parquet
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.stages import evaluate, explain, train
from replisome.training import precision, seeds
from replisome.training.checkpoint import Checkpoint
from replisome.training.loop import fit
from replisome.training.optim import TrainingSettings
from replisome.training.precision import Arithmetic
from replisome.training.predict import predict
from replisome.training.restore import divergence
from replisome.training.rounds import Goal
from replisome.training.session import load_splits

torch.set_num_threads(1)
PROTEINS = [{"experiment": name, "name": name, "features": []} for name in ("E1", "E2")]
CONFIG = {
    "study": "rnacompete", "implementation": "rnacompete", "recipe": {"name": "r"}, "model": "bilstm",
    "hyperparameters": {"width": 3, "depth": 1}, "training": {"batch_size": 8}, "budget": {"epochs": 2},
    "select": {"metric": "spearman_mean", "mode": "max"}, "curves": ["test", "train"], "seed": 0,
}  # fmt: skip


@pytest.fixture
def recipe(tmp_path):
    """A prepared recipe: probes of eight bases, two proteins."""
    rng, folder = np.random.default_rng(0), tmp_path / "recipe"
    statistics = {"encoding": "onehot", "tokens": 0, "scale": 1.0, "outputs": PROTEINS, "shape": [8, 4]}
    write_json(folder / "stats.json", statistics)
    for split, size in (("train", 40), ("validation", 12), ("test", 10)):
        inputs = np.eye(4, dtype=np.uint8)[rng.integers(0, 4, (size, 8))]
        targets = rng.normal(size=(size, 2)).astype(np.float32)
        table = pa.table({"input": array_column(inputs), "target": array_column(targets)})
        write_parquet(folder / f"{split}.parquet", table, {"shape": [8, 4]})
    return folder


def run(recipe, out, **training):
    """Train and test a run; returns its folder."""
    write_json(out / "config.json", {**CONFIG, "training": {**CONFIG["training"], **training}})
    train.run(out / "config.json", recipe, out, 1, 5.0)
    evaluate.run(out / "config.json", recipe, [out / "best.safetensors"], out / "test", 1)
    return out


def read(path):
    return json.loads(path.read_text())


def test_a_run_that_diverges_at_once_leaves_all_its_files_marked_and_nothing_in_them_is_a_score(recipe, tmp_path):
    out, sound = run(recipe, tmp_path / "lost", lr=1e30), run(recipe, tmp_path / "sound")
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert files == {str(path.relative_to(sound)) for path in sound.rglob("*") if path.is_file()}
    validation = read(out / "validation.json")
    assert (validation["stopped"], validation["best_epoch"], validation["last_epoch"]) == (
        "diverged in epoch 1",
        None,
        1,
    )
    assert validation["best"].keys() == read(sound / "validation.json")["best"].keys()
    assert {*validation["best"].values(), *validation["last"].values()} == {None}
    metrics = read(out / "test" / "metrics.json")
    assert metrics["diverged"] == {"best": "diverged in epoch 1"}
    assert metrics["scores"].keys() == read(sound / "test" / "metrics.json")["scores"].keys()
    assert set(metrics["scores"].values()) == {None}
    predictions, metadata = read_parquet(out / "test" / "predictions.parquet")
    assert metadata["diverged"] == {split: {"best": "diverged in epoch 1"} for split in ("validation", "test")}
    assert predictions.column_names == ["split", "weights", "item"]
    assert predictions["split"].to_pylist() == ["validation"] * 12 + ["test"] * 10
    assert divergence(out / "best.safetensors") == divergence(out / "last.safetensors") == "diverged in epoch 1"


def test_nothing_is_explained_of_weights_that_diverged(recipe, tmp_path):
    out = run(recipe, tmp_path / "lost", lr=1e30)
    explain.run(out / "config.json", recipe, out / "best.safetensors", out / "explanation", 1)
    table, metadata = read_parquet(out / "explanation" / "explanation.parquet")
    assert (len(table), metadata["diverged"]) == (0, "diverged in epoch 1")


def test_a_sound_run_is_not_marked(recipe, tmp_path):
    out = run(recipe, tmp_path / "sound")
    assert divergence(out / "best.safetensors") is None
    assert read(out / "test" / "metrics.json")["diverged"] == {"best": None}
    assert read(out / "validation.json")["stopped"] is None
    with safe_open(out / "best.safetensors", framework="pt") as weights:
        assert not weights.metadata()


def test_training_is_scored_on_a_sample_no_larger_than_validation_where_the_experiment_asks_for_it(recipe, tmp_path):
    history = pd.read_parquet(run(recipe, tmp_path / "out") / "history.parquet")
    assert {"train_sample_loss", "train_sample_spearman_mean", "test_loss", "train_loss"} <= {*history}
    task = part("rnacompete", "task").open_task(recipe)
    splits = load_splits(task, recipe, ["train", "validation"], ["train"], torch.device("cpu"))
    assert len(splits["train_sample"]) == len(splits["validation"]) == 12
    assert "train_sample" not in load_splits(task, recipe, ["train", "validation"], [], torch.device("cpu"))


def test_fp32_is_never_rounded_to_tf32_and_the_record_says_what_was_computed_in(recipe, tmp_path):
    torch.backends.cudnn.allow_tf32 = True  # torch's default
    torch.backends.cuda.matmul.allow_tf32 = True
    out = run(recipe, tmp_path / "out")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"
    trained, tested = read(out / "provenance.json"), read(out / "test" / "provenance.json")
    assert (trained["precision"], trained["evaluation_precision"], trained["tf32"]) == ("32-true", "32-true", False)
    assert (tested["precision"], tested["tf32"]) == ("32-true", False)


def test_a_checkpoint_belongs_to_a_precision_a_kind_of_device_and_a_version_of_torch(recipe, tmp_path, monkeypatch):
    made = []

    def spy(path, identity, minutes, start):
        made.append(identity)
        return Checkpoint(path, identity, minutes, start)

    monkeypatch.setattr(train, "Checkpoint", spy)
    run(recipe, tmp_path / "out")
    (identity,) = made
    assert identity["precision"] == "32-true"
    assert identity["device"] == ("cuda" if torch.cuda.is_available() else "cpu")
    assert identity["torch"] == torch.__version__


def probed(tmp_path, found):
    """Write an answer of the probe."""
    write_json(tmp_path / "precision" / "cpu.json", dict.fromkeys(precision.LAYERS, found))
    return tmp_path / "precision" / "cpu.json"


def train_probed(recipe, out, answer):
    write_json(out / "config.json", CONFIG)
    train.run(out / "config.json", recipe, out, 1, 5.0, precision=answer)
    return read(out / "provenance.json")


def test_the_answer_of_the_probe_is_among_the_inputs_of_the_runs_that_it_decides(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    records = {}
    for found in ("fp32", "bf16"):
        record = train_probed(recipe, tmp_path / found, probed(tmp_path, found))
        records[found] = (record["precision"], record["inputs"]["../precision/cpu.json"])
    assert records["fp32"][0] == "32-true"
    assert records["bf16"][0] == "bf16-mixed"
    assert records["fp32"][1] != records["bf16"][1]  # so the runs are stale where the answer is another
    assert (
        "../precision/cpu.json"
        not in read(run(recipe, tmp_path / "own", precision="fp32") / "provenance.json")["inputs"]
    )


def test_a_state_of_another_precision_is_not_gone_on_from(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    made = []

    def spy(path, identity, minutes, start):
        made.append(identity)
        return Checkpoint(path, identity, minutes, start)

    monkeypatch.setattr(train, "Checkpoint", spy)
    for found in ("fp32", "bf16"):
        train_probed(recipe, tmp_path / found, probed(tmp_path, found))
    assert {key for key in made[0] if made[0][key] != made[1][key]} == {"precision", "data cpu.json"}


def test_a_node_without_bf16_refuses_the_run_before_it_begins(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "has_bf16", lambda device: False)
    with pytest.raises(ReplisomeError, match="trains in bf16"):
        train_probed(recipe, tmp_path / "out", probed(tmp_path, "bf16"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"config.json"}


def test_the_same_configuration_twice_gives_the_same_files_to_the_bit(recipe, tmp_path):
    first, second = (run(recipe, tmp_path / name) for name in ("first", "second"))
    for name in ("best.safetensors", "last.safetensors", "validation.json", "test/metrics.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    timeless = [
        {key: row for key, row in pd.read_parquet(out / "history.parquet").items() if not key.startswith("seconds")}
        for out in (first, second)
    ]
    assert pd.DataFrame(timeless[0]).equals(pd.DataFrame(timeless[1]))


def test_validation_in_the_loop_is_in_fp32_as_the_test_is_though_training_is_in_bf16(tmp_path):
    class Points:
        def __init__(self, size, seed):
            self.x = torch.randn(size, 2, generator=torch.Generator().manual_seed(seed))
            self.y = self.x.sum(dim=1, keepdim=True)

        def __len__(self):
            return len(self.x)

        def batch(self, items):
            return self.x[items], self.y[items]

    class Sums:
        max_items = 1024

        def loss(self, outputs, targets):
            return nn.functional.mse_loss(outputs.float(), targets)

        def reduce_outputs(self, outputs, targets):
            return outputs

        def terms(self, targets):
            return torch.tensor(len(targets))

        def scores(self, outputs, targets):
            return {}

    seeds.start(0)
    model, splits = nn.Linear(2, 1), {"train": Points(32, 0), "validation": Points(32, 1)}
    progress = fit(
        model, Sums(), splits, TrainingSettings(batch_size=8), Budget(2), 0, Goal("loss", "min"),
        Arithmetic.here("bf16-mixed"), Checkpoint(tmp_path / "c", {}, 5.0),
    )  # fmt: skip
    assert progress.history[-1]["validation_loss"] == predict(model.cpu(), Sums(), splits["validation"]).loss


def test_a_run_whose_settings_were_replaced_meanwhile_records_nothing(recipe, tmp_path, monkeypatch):
    # As by a call with another configuration, while a job of one that was killed trains on.
    scores = train.validation_scores

    def replaced(*arguments):
        write_json(tmp_path / "run" / "config.json", {**CONFIG, "seed": 1})
        return scores(*arguments)

    monkeypatch.setattr(train, "validation_scores", replaced)
    with pytest.raises(ReplisomeError, match=r"config\.json: another call wrote other settings"):
        run(recipe, tmp_path / "run")
    assert not (tmp_path / "run" / "provenance.json").exists()
    monkeypatch.undo()
    run(recipe, tmp_path / "run")
    assert (tmp_path / "run" / "provenance.json").exists()

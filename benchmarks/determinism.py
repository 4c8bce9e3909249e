"""What the same run gives twice, and how far threads, precision, pieces of a batch and the device move it.

    python -m benchmarks.determinism [STUDY ...]

trains one network of each study on a small control and prints a table: how far any weight is from that of the run
as it is, at most, and how far the score that chooses.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor

from replisome.config import loader
from replisome.config.catalogue import model_traits
from replisome.config.schema import read_yaml
from replisome.io import write_json
from replisome.stages import prepare
from replisome.tracking.record import Record, processor
from replisome.training.checkpoint import Checkpoint
from replisome.training.precision import Arithmetic, Precision
from replisome.training.session import open_session

ROOT = Path(__file__).resolve().parents[1]
ENDLESS = 60.0  # minutes between checkpoints: none within these runs
# Small, and still enough to learn something from.
CONTROLS: dict[str, dict[str, Any]] = {
    "bloodmnist": {"source": {"options": {"side": 16, "train": 640, "validation": 200, "test": 50}}},
    "rnacompete": {"source": {"options": {"train": 640, "test": 50}}},
    "proteinnet": {"crop": 64, "source": {"options": {"train": 96, "validation": 30, "test": 10}}},
    "genome": {"source": {"options": {"bases": 30_000}}},
}


class Trained(NamedTuple):
    """What a run came to: its last weights, and the score that chooses, after each round."""

    weights: dict[str, Tensor]
    scores: list[float]


class Difference(NamedTuple):
    """How far a change moves a run: of weights the largest difference, of scores that after the last round."""

    study: str
    model: str
    change: str
    weight: float
    score: float
    metric: str


def small_runs(studies: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the configuration of one run a study: the demo's first network, on less data and for less long."""
    config = {**read_yaml(ROOT / "config" / "config.yaml"), **read_yaml(ROOT / "config" / "demo.yaml")}
    overrides = {study: {"recipes": {"control": CONTROLS[study]}} for study in studies}
    plan = loader.load({**config, "studies": studies, "max_epochs": 2, "max_steps": 40, "overrides": overrides}, ROOT)
    for study in plan.studies.values():
        runs = (run for run in study.runs if run.recipe == "control" and model_traits(run.model).kind == "network")
        settings = next(run.settings for run in runs if run.parent is None)
        settings["training"] |= {"batch_size": 32, "precision": "fp32"}
        yield settings


def alone(folder: Path, data: Path, config: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Trained:
    """Train a run in a process of its own, on one thread, as the workflow does.

    Args:
        folder: of the run; it is made.
        data: of its recipe.
        config: of the run.
        environment: variables to set besides those there are.
    """
    write_json(folder / "config.json", config)
    command = [sys.executable, "-m", "replisome", "train", "--run", str(folder / "config.json"), "--threads", "1"]
    command += ["--data", str(data), "--out", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
    metric = f"validation_{config['select']['metric']}"
    import pandas as pd  # noqa: PLC0415 -- of this function alone

    history = pd.read_parquet(folder / "history.parquet")
    return Trained(load_file(folder / "last.safetensors"), history[metric].tolist())


def here(
    folder: Path, data: Path, config: Mapping[str, Any], threads: int = 1, precision: Precision = "32-true"
) -> Trained:
    """Train a run in this process, which has trained others before."""
    write_json(folder / "config.json", config)
    with contextlib.redirect_stdout(io.StringIO()):
        record = Record("train", dict(config))
        session = open_session(dict(config), folder / "config.json", data, record, threads)
        # Whether this machine emulates bf16 or has it: here it is numbers that count, not speed.
        session = session._replace(arithmetic=Arithmetic(session.arithmetic.device, precision))
        progress = session.train(Checkpoint(folder / "checkpoint.pt", session.identity, ENDLESS))
    torch.set_num_threads(1)
    metric = f"validation_{config['select']['metric']}"
    weights = {name: weight.detach().cpu().clone() for name, weight in session.model.state_dict().items()}
    return Trained(weights, [row[metric] for row in progress.history])


def differences(config: dict[str, Any], folder: Path) -> Iterator[Difference]:
    """Yield what each change does to a run."""
    data = folder / "data"
    recipe = {key: config[key] for key in ("study", "implementation", "recipe")}
    write_json(data / "recipe.json", {**recipe, "datasets": {}})
    with contextlib.redirect_stdout(io.StringIO()):
        prepare.run(data / "recipe.json", [], data)
    whole = alone(folder / "alone", data, config)
    pieces = {**config, "training": {**config["training"], "micro_batch": 8}}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    changes: dict[str, Callable[[Path], Trained]] = {
        "none: again, in a process of its own": lambda to: alone(to, data, config),
        "none: after other runs in one process": lambda to: here(to, data, config),
        f"{max(2, cores)} threads": lambda to: here(to, data, config, threads=max(2, cores)),
        "batches in pieces of 8": lambda to: here(to, data, pieces),
        "bf16": lambda to: here(to, data, config, precision="bf16-mixed"),
    }
    if torch.cuda.is_available():
        changes |= {
            "on a CPU": lambda to: alone(to, data, config, {"CUDA_VISIBLE_DEVICES": ""}),
            "recorded steps": lambda to: here(to, data, _recorded(config)),
        }
    for number, (change, train) in enumerate(changes.items()):
        try:
            found = train(folder / str(number))
        except RuntimeError as error:  # an LSTM in bf16 on some processors that lack it
            print(f"{change} cannot be computed here: {error}", file=sys.stderr)
            continue
        weight = max(float((found.weights[k].double() - whole.weights[k].double()).abs().max()) for k in whole.weights)
        score = abs(found.scores[-1] - whole.scores[-1])
        yield Difference(config["study"], config["model"], change, weight, score, config["select"]["metric"])


def _recorded(config: Mapping[str, Any]) -> dict[str, Any]:
    return {**config, "training": {**config["training"], "graphs": True}}


def main() -> None:
    """Print the table as Markdown, a line as soon as it is known."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else processor()
    print(f"{device}, torch {torch.__version__}\n")
    print("| study | network | what is changed | weights | score |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as root:
        for config in small_runs(sys.argv[1:] or list(CONTROLS)):
            for row in differences(json.loads(json.dumps(config)), Path(root) / config["study"]):
                moved = [f"{value:.1g}" if value else "0" for value in (row.weight, row.score)]
                shown = f"{moved[1]} ({row.metric})"
                print(f"| {row.study} | {row.model} | {row.change} | {moved[0]} | {shown} |", flush=True)


if __name__ == "__main__":
    main()

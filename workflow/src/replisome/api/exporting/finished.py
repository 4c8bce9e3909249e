"""A finished run as an export needs it: its record, its network on the CPU, and what goes in and comes out in words."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from replisome import __version__
from replisome.api.run_folders import finished_run, read_weights, recipe_of
from replisome.api.runs import Run
from replisome.config.catalogue import model_traits, part
from replisome.errors import ReplisomeError
from replisome.tracking.verify import read_verified
from replisome.training.signature import Signature, class_names, plain_signature, signature_module
from replisome.training.task import Task

Weights = Literal["best", "last"]
EXAMPLES = 5  # items that a written network is checked with, beside one and two of them


class Opened(NamedTuple):
    """The network of a run, ready to be written.

    Attributes:
        run: whose it is.
        task: of its recipe.
        network: on the CPU, in evaluation mode.
        weights: which of the run's weights it has.
        sha256: of their file, hexadecimal.
        example: inputs (5, ...), as it takes them.
    """

    run: Run
    task: Task
    network: nn.Module
    weights: Weights
    sha256: str
    example: Tensor


def open_finished(path: Path) -> Run:
    """Open a run's folder, or that of a file in it.

    Raises:
        ReplisomeError: it is no finished run, or was made by other settings or code.
    """
    folder, _ = finished_run(path)
    return Run.at(folder)


def name_of(run: Run) -> str:
    """Return a run's path within results, wherever its folder lies now: study, recipe, runs, model, slug, seed."""
    return "/".join([run.study, run.recipe, "runs", run.model, run.folder.parent.name, run.folder.name])


def title_of(run: Run) -> str:
    """Return a run's name for people, without the folder that all runs have in common."""
    return name_of(run).replace("/runs/", "/")


def open_network(run: Run, weights: Weights = "best") -> Opened:
    """Load a run's network.

    Args:
        run: whose network.
        weights: those that were best on validation, or the last.

    Raises:
        ReplisomeError: the weights are missing, damaged, of other code, or of a run that diverged.
    """
    task: Task = part(run.config["implementation"], "task").open_task(recipe_of(run.folder, dict(run.config)))
    network, sha256 = read_weights(run.folder, dict(run.config), task, weights, torch.device("cpu"))
    return Opened(run, task, network, weights, sha256, _example(run, task))


def _example(run: Run, task: Task) -> Tensor:
    """Return a few inputs: drawn by the study, or the first of the recipe's validation split."""
    if signature := signature_module(run.config["implementation"]):
        inputs: Tensor = signature.random_items(task, EXAMPLES, torch.Generator().manual_seed(0))[0]
        return inputs
    split = task.load("validation", torch.device("cpu"))
    return split.batch(torch.arange(EXAMPLES) % len(split))[0]


def describe(opened: Opened) -> dict[str, Any]:
    """Return what goes in, what comes out, and where the network is from, for a JSON file beside it."""
    run, example = opened.run, opened.example
    gives = model_traits(run.config["model"]).output(run.config["hyperparameters"])
    module = signature_module(run.config["implementation"])
    found: Signature = module.signature(opened.task, gives) if module else plain_signature(opened.task)
    with torch.inference_mode():
        outputs = opened.network(example)
    return {
        "run": name_of(run),
        "study": run.config["implementation"],
        "recipe": run.config["recipe"],
        "model": run.config["model"],
        "hyperparameters": run.config["hyperparameters"],
        "weights": {"kind": opened.weights, "sha256": opened.sha256},
        "inputs": [{"name": "input", "dtype": _dtype(example), "shape": _shape(example), **found.input}],
        "outputs": [
            {"name": "output", "dtype": _dtype(outputs), "shape": _shape(outputs), "gives": gives, **found.output}
        ],
        "class_names": class_names(run.data),
        "statistics": read_verified(run.data / "stats.json"),
        "made_with": {"replisome": __version__, "torch": torch.__version__},
    }


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _shape(tensor: Tensor) -> list[str | int]:
    return ["batch", *tensor.shape[1:]]


def optional(module: str, install: str) -> Any:
    """Import a module of a package that not everybody has.

    Args:
        module: its full name.
        install: the package, as pip calls it.

    Raises:
        ReplisomeError: says what to install.
    """
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        raise ReplisomeError(
            f"this export needs the package '{install}', which is not installed: pip install {install}"
        )
    return importlib.import_module(module)


@contextmanager
def plain_attention() -> Iterator[None]:
    """Let attention run as written within the block: its fused form, one operation of torch's own, exports nowhere."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)

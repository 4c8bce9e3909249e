"""A finished run's model, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from replisome import models
from replisome.config.catalogue import part, study
from replisome.data.prepared import check_recipe
from replisome.errors import ReplisomeError, out_of_memory
from replisome.tracking.expected import require_trained
from replisome.tracking.verify import read_verified, verified
from replisome.training.precision import EVALUATION, forbid_tf32, job_device, tf32_allowed
from replisome.training.predict import to_device
from replisome.training.task import Task

DIVERGED = "diverged"  # in the metadata of weights that are not to be used: why


class OpenRun(NamedTuple):
    """A finished run and its prepared recipe, ready to be asked about some splits.

    Attributes:
        config: the run's config.json.
        task: of the recipe.
        device: where the model goes.
        files: what of the recipe is read.
        about: what a record says of how the answer is computed.
    """

    config: dict[str, Any]
    task: Task
    device: torch.device
    files: list[Path]
    about: dict[str, Any]


def open_run(settings: Path, data: Path, splits: Sequence[str], threads: int) -> OpenRun:
    """Open a finished run to ask it about some splits, in fp32.

    Args:
        settings: the run's config.json.
        data: folder of the prepared recipe.
        splits: what it will be asked about.
        threads: of torch.

    Raises:
        ReplisomeError: the folders are of other settings than the run's, a file is missing or damaged, or this job has
            a GPU that does not work.
    """
    config: dict[str, Any] = read_verified(settings)
    check_recipe(config, data)
    require_trained(settings.parent, config)
    torch.set_num_threads(threads)
    forbid_tf32()
    device = job_device()
    names = [*splits, *study(config["implementation"]).shared]
    return OpenRun(
        config,
        part(config["implementation"], "task").open_task(data),
        device,
        [*(data / f"{name}.parquet" for name in names), data / "stats.json"],
        {"device": str(device), "threads": threads, "precision": EVALUATION, "tf32": tf32_allowed()},
    )


def restore(config: Mapping[str, Any], task: Task, weights: Path, device: torch.device) -> nn.Module:
    """Build the model of a run's ``config`` with the weights in a file, on ``device``, in evaluation mode.

    Args:
        config: the run's config.json.
        task: what the model must know of the data.
        weights: a safetensors file.
        device: where the model goes.

    Returns:
        The model in evaluation mode.

    Raises:
        ReplisomeError: there is no such file, or the weights are not those of this model.
    """
    model = models.build(config["model"], task.data, config["hyperparameters"])
    try:
        model.load_state_dict(load_file(verified(weights)))
    except FileNotFoundError:
        raise ReplisomeError(f"{weights}: no such file; train the run first.") from None
    except (SafetensorError, RuntimeError, OSError, ValueError) as error:
        if out_of_memory(error):
            raise
        raise ReplisomeError(
            f"{weights}: not the weights of {config['model']} ({error}); delete and retrain."
        ) from None
    return to_device(model, device, task.memory_format).eval()


def divergence(weights: Path) -> str | None:
    """Return why nothing may be read from a file's weights, as the train stage marked them; None where all is well."""
    with safe_open(weights, framework="pt") as file:
        return (file.metadata() or {}).get(DIVERGED)

"""A finished run's model, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from replisome import models
from replisome.errors import ReplisomeError, out_of_memory
from replisome.tracking.verify import verified
from replisome.training.predict import to_device
from replisome.training.task import Task

DIVERGED = "diverged"  # in the metadata of weights that are not to be used: why


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

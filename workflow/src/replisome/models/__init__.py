"""The models, one file each: ``models/<name>.py`` defines ``build(data, *, ...)``, its keywords the hyperparameters.

Names and options are read from the source, so that the workflow can check a grid without importing torch, and a run
imports its own model only.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from replisome.errors import ReplisomeError, did_you_mean
from replisome.source import Option, keyword_options

if TYPE_CHECKING:
    from torch import nn

SMALLEST = {"int": 1, "float": 0}  # of hyperparameters of each type: sizes and counts, rates and penalties
SHARES = ("dropout",)
IGNORED = -100  # a target that does not count, as torch's cross-entropy has it
FOLDER = Path(__file__).resolve().parent


class DataSpec(NamedTuple):
    """What a model must know of its data.

    ``shape`` is that of one input without the batch, ``outputs`` the number of outputs. Inputs are whole numbers below
    ``tokens`` where that is not 0. ``features`` describes each output by the same number of values, where the data do.
    """

    shape: tuple[int, ...]
    outputs: int
    tokens: int = 0
    features: tuple[tuple[float, ...], ...] = ()


def available() -> list[str]:
    """Return the names of all models."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def options(name: str) -> dict[str, Option]:
    """Return a model's hyperparameters.

    Raises:
        ReplisomeError: no such model.
    """
    if name not in available():
        raise ReplisomeError(f"unknown model '{name}'{did_you_mean(name, available())}")
    return keyword_options(FOLDER / f"{name}.py", "build")


def check(name: str, values: Mapping[str, Any]) -> None:
    """Check that a model exists and takes these hyperparameters.

    Raises:
        ReplisomeError: unknown model, unknown or missing hyperparameter, or a value outside its choices.
    """
    known = options(name)
    for key, value in values.items():
        if key not in known:
            raise ReplisomeError(f"model '{name}' has no hyperparameter '{key}'{did_you_mean(key, known)}")
        where = f"model '{name}', hyperparameter '{key}'"
        known[key].check(value, where)
        least = SMALLEST.get(known[key].kind or "")
        if least is not None and value is not None and value < least:
            raise ReplisomeError(f"{where}: {value!r} is less than the minimum of {least}")
        if key in SHARES and value >= 1:
            raise ReplisomeError(f"{where}: {value!r} is not a share below 1")
    missing = [key for key, option in known.items() if option.required and key not in values]
    if missing:
        raise ReplisomeError(f"model '{name}' needs a value for: {', '.join(missing)}")


def build(name: str, data: DataSpec, values: Mapping[str, Any]) -> nn.Module:
    """Build a model with fresh weights; only the module asked for is imported."""
    check(name, values)
    module = importlib.import_module(f"replisome.models.{name}")
    model: nn.Module = module.build(data, **values)
    return model

"""The models, one file each: ``models/<name>.py`` defines ``build(data, *, ...)``, its keywords the hyperparameters.

Beside ``build`` a file says under ``TRAITS`` what the model is and gives (:class:`replisome.config.catalogue.Traits`).
A run imports its own model only.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from replisome.config.catalogue import check_hyperparameters

if TYPE_CHECKING:
    from torch import nn

IGNORED = -100  # a target that does not count, as torch's cross-entropy has it


class DataSpec(NamedTuple):
    """What a model must know of its data.

    Attributes:
        shape: of one input, without the batch.
        outputs: the number of outputs.
        tokens: inputs are whole numbers below it; 0 where they are not tokens.
        features: describes each output by the same number of values, where the data do.
    """

    shape: tuple[int, ...]
    outputs: int
    tokens: int = 0
    features: tuple[tuple[float, ...], ...] = ()


def build(name: str, data: DataSpec, hyperparameters: Mapping[str, Any]) -> nn.Module:
    """Build a model with fresh weights; only the module asked for is imported.

    Raises:
        ReplisomeError: no such model, a hyperparameter that it does not have, or data that it cannot take.
    """
    check_hyperparameters(name, hyperparameters)
    module = importlib.import_module(f"replisome.models.{name}")
    model: nn.Module = module.build(data, **hyperparameters)
    return model

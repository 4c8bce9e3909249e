"""What a study says of its networks' inputs and outputs, for programs and people that know nothing of the study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from torch import Tensor

from replisome.config.catalogue import STUDIES, part
from replisome.tracking.verify import read_verified
from replisome.training.task import Task


class Signature(NamedTuple):
    """What goes into a network and what comes out, in words and numbers that JSON can hold.

    Attributes:
        input: ``meaning`` (what an item is, axis by axis), ``scaling`` (how raw values become what the network reads),
            and what these need: an alphabet, means, ...
        output: ``meaning`` (axis by axis), ``unit``, and what these need: names of classes, ...
    """

    input: Mapping[str, Any]
    output: Mapping[str, Any]


class Sketch(NamedTuple):
    """A recipe before its data are there: enough to build its networks and to tell how long they train.

    Attributes:
        statistics: what stats.json would hold, as far as shapes depend on it.
        items: about how many items each split has, by the official data or the control's options.
        bytes: about how large the prepared recipe is on disk.
        counted: how many training items a model that is solved goes through, where items overlap; None: all of them.
    """

    statistics: Mapping[str, Any]
    items: Mapping[str, int]
    bytes: int
    counted: int | None = None


class RandomSplit:
    """A split of random items, to find out how long a step takes where there are no data yet.

    Args:
        inputs: what models take, (n, ...).
        targets: what the task's loss takes, (n, ...).
        size: how many items the split claims to have; they repeat.
    """

    def __init__(self, inputs: Tensor, targets: Tensor, size: int) -> None:
        self.inputs, self.targets, self.size = inputs, targets, size

    def __len__(self) -> int:
        return self.size

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs (batch, ...) and targets (batch, ...) of items (batch,)."""
        chosen = items % len(self.inputs)
        return self.inputs[chosen], self.targets[chosen]

    def augmented(self, items: Tensor, how: str) -> tuple[Tensor, Tensor]:
        """Return what ``batch`` does: random items need no variation."""
        return self.batch(items)


def plain_signature(task: Task) -> Signature:
    """Return what can be said of a network whose study says nothing of it."""
    kind = f"whole numbers below {task.data.tokens}" if task.data.tokens else "numbers, scaled as the recipe says"
    return Signature(
        {"meaning": kind, "scaling": "see statistics"},
        {"meaning": f"{task.data.outputs} outputs", "unit": "see the study"},
    )


def signature_module(study: str) -> ModuleType | None:
    """Return a study's ``signature.py``, or None where it has none."""
    return part(study, "signature") if (STUDIES / study / "signature.py").is_file() else None


def class_names(recipe: Path) -> list[str] | None:
    """Return the names of a recipe's classes in the order of the outputs; None where it has none, or no data card."""
    path = recipe / "card.json"
    return read_verified(path).get("class_names") if path.is_file() else None

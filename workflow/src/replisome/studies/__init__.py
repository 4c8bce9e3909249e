"""The studies, one package each. It exports one light ``STUDY`` object; its parts are imported when used.

A study package holds: ``data.py`` (raw files to arrays), ``control.py`` (simulated data with a known ceiling),
``task.py`` (tensors, loss, scores), ``tables.py`` and ``figures.py``, and, where it explains its models,
``explain.py``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

from replisome.errors import ReplisomeError, did_you_mean
from replisome.source import Option, keyword_options

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Study:
    """What the workflow must know of a study before it runs anything.

    ``metrics`` maps each score of a run to the direction that is better; ``recipe_values`` lists what the recipe keys
    split, encoding and normalisation may be and ``recipe_extras`` which further keys a recipe may have; ``controls``
    names the simulated data; ``tables`` and ``figures`` are file stems with their titles; a study that ``explains`` has
    a part of that name. ``shared`` names the tables that all splits of a recipe need, beside their own, and
    ``augmentations`` what the training key ``augment`` may be.
    """

    name: str
    metrics: Mapping[str, Literal["max", "min"]]
    recipe_values: Mapping[str, tuple[str, ...]]
    controls: tuple[str, ...]
    tables: Mapping[str, str]
    figures: Mapping[str, str]
    recipe_extras: tuple[str, ...] = ()
    explains: bool = False
    shared: tuple[str, ...] = ()
    augmentations: tuple[str, ...] = ()

    def part(self, name: Literal["data", "control", "task", "explain", "tables", "figures"]) -> ModuleType:
        """Import one part of the study."""
        return importlib.import_module(f"replisome.studies.{self.name}.{name}")

    def source_options(self, control: str | None) -> dict[str, Option]:
        """Return the options of a recipe's source: of the control's ``draw_<name>``, or of the data set's ``read``."""
        part, function = ("control", f"draw_{control}") if control else ("data", "read")
        return keyword_options(FOLDER / self.name / f"{part}.py", function)


def available() -> list[str]:
    """Return the names of all study implementations."""
    return sorted(path.parent.name for path in FOLDER.glob("*/__init__.py"))


def get(name: str) -> Study:
    """Return a study by the name of its package.

    Raises:
        ReplisomeError: no such implementation.
    """
    if name not in available():
        raise ReplisomeError(f"unknown study implementation '{name}'{did_you_mean(name, available())}")
    study: Study = importlib.import_module(f"replisome.studies.{name}").STUDY
    return study

"""The studies, one package each. It exports one light ``STUDY`` object; its parts are imported when used.

A study package holds: ``data.py`` (raw files to arrays), ``control.py`` (simulated data with a known ceiling),
``task.py`` (tensors, loss, scores), ``tables.py`` and ``figures.py``.
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
    split, encoding and normalisation may be; ``controls`` names the simulated data; ``tables`` and ``figures`` are file
    stems with their titles.
    """

    name: str
    metrics: Mapping[str, Literal["max", "min"]]
    recipe_values: Mapping[str, tuple[str, ...]]
    controls: tuple[str, ...]
    tables: Mapping[str, str]
    figures: Mapping[str, str]

    def part(self, name: Literal["data", "control", "task", "tables", "figures"]) -> ModuleType:
        """Import one part of the study."""
        return importlib.import_module(f"replisome.studies.{self.name}.{name}")

    def control_options(self) -> dict[str, Option]:
        """Return the options of the study's control, read from the source."""
        return keyword_options(FOLDER / self.name / "control.py", "draw")


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

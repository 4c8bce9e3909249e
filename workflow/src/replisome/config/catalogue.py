"""Which models and studies there are, and what each says of itself.

Both are looked up by name, so that a new one is a new file and no list. A model's options and traits are read from its
source as a syntax tree: planning must not import torch. A study's ``__init__.py`` is light and is imported.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

from replisome.config.study import Study
from replisome.errors import ReplisomeError, did_you_mean
from replisome.tracking.introspect import (
    ROOT,
    Option,
    attribute_defaults,
    call_arguments,
    keyword_defaults,
    keyword_options,
)

MODELS, STUDIES = ROOT / "models", ROOT / "studies"
_options = cache(keyword_options)  # as often asked as there are runs
SMALLEST = {"int": 1, "float": 0}  # of hyperparameters of each type: sizes and counts, rates and penalties
SHARES = ("dropout",)

Kind = Literal["network", "counts", "mixture", "regression", "scan", "baseline"]
Output = Literal["logits", "probabilities", "coordinates", "distances", "affinity"]


@dataclass(frozen=True)
class Traits:
    """What a model is and gives, so that nothing else needs to know its name.

    Attributes:
        kind: ``network`` (trained by gradient), ``counts`` (frequencies of what was seen), ``mixture`` (of counts),
            ``regression`` and ``scan`` (solved in closed form) or ``baseline`` (a number to beat).
        gives: what the forward pass returns: ``logits`` or ``probabilities`` of classes or tokens, ``coordinates`` of
            residues, ``distances`` between them, or ``affinity``.
        gives_by: where a hyperparameter decides, its name and what each of its values gives.
    """

    kind: Kind
    gives: Output
    gives_by: tuple[str, Mapping[str, Output]] | None = None

    def output(self, hyperparameters: Mapping[str, Any]) -> Output:
        """Return what a model with these hyperparameters gives."""
        if self.gives_by is None:
            return self.gives
        name, by_value = self.gives_by
        return by_value.get(hyperparameters.get(name, ""), self.gives)


def model_names() -> list[str]:
    """Return the names of all models."""
    return sorted(path.stem for path in MODELS.glob("*.py") if not path.stem.startswith("_"))


def model_options(name: str) -> dict[str, Option]:
    """Return a model's hyperparameters: the keyword arguments of its ``build``.

    Raises:
        ReplisomeError: no such model, or its file defines no ``build``.
    """
    return _model_options(MODELS, name)


@cache  # asked for every run and every possible winner: one look at the file a model, not one an answer
def _model_options(models: Path, name: str) -> dict[str, Option]:
    path = _model_file(models, name)
    try:
        return _options(path, "build")
    except LookupError:
        raise ReplisomeError(f"model '{name}': {path} defines no function 'build'; see docs/architecture.md.") from None


def model_defaults(name: str) -> dict[str, Any]:
    """Return the hyperparameters that a model has where the configuration says nothing of them."""
    return keyword_defaults(_model_file(MODELS, name), "build")


def training_defaults() -> dict[str, Any]:
    """Return the training settings that a run has where the configuration says nothing of them."""
    return attribute_defaults(ROOT / "training" / "optim.py", "TrainingSettings")


def model_traits(name: str) -> Traits:
    """Return what a model says of itself under the name ``TRAITS``.

    Raises:
        ReplisomeError: no such model, or its file says nothing that can be read without running it.
    """
    path = _model_file(MODELS, name)
    arguments = call_arguments(path, "TRAITS", "Traits")
    if arguments is None:
        raise ReplisomeError(
            f'model \'{name}\': {path} has no line such as TRAITS = Traits(kind="network", gives="logits"), written '
            "out in plain values."
        )
    try:
        traits = Traits(**arguments)
    except TypeError as error:
        raise ReplisomeError(f"model '{name}': {path}: TRAITS: {error}.") from None
    values = [("kind", traits.kind, get_args(Kind)), ("gives", traits.gives, get_args(Output))]
    values += [("gives_by", output, get_args(Output)) for output in (traits.gives_by or ("", {}))[1].values()]
    for key, value, known in values:
        if value not in known:
            raise ReplisomeError(f"model '{name}': {path}: TRAITS: no {key} '{value}'{did_you_mean(value, known)}")
    return traits


def check_hyperparameters(name: str, values: Mapping[str, Any]) -> None:
    """Check that a model exists and takes these hyperparameters.

    Raises:
        ReplisomeError: unknown model, unknown or missing hyperparameter, or a value outside its choices.
    """
    known = model_options(name)
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


def study_names() -> list[str]:
    """Return the names of all study implementations; folders that begin with an underscore are templates."""
    return sorted(path.parent.name for path in STUDIES.glob("[!_]*/__init__.py"))


@cache
def study(name: str) -> Study:
    """Return a study by the name of its package.

    Raises:
        ReplisomeError: no such implementation, or its package declares no ``STUDY``.
    """
    if name not in study_names():
        raise ReplisomeError(f"unknown study implementation '{name}'{did_you_mean(name, study_names())}")
    found = getattr(importlib.import_module(f"replisome.studies.{name}"), "STUDY", None)
    if not isinstance(found, Study) or found.name != name:
        raise ReplisomeError(f'{STUDIES / name / "__init__.py"}: declares no STUDY = Study(name="{name}", ...).')
    return found


def part(study_name: str, module: str) -> ModuleType:
    """Import a study's module by its name: ``data``, ``task``, ``predictions``, ``explain``."""
    return importlib.import_module(f"replisome.studies.{study_name}.{module}")


def source_options(name: str, control: str | None) -> dict[str, Option]:
    """Return the options of a recipe's source: of the control's ``draw_<name>``, or of the data set's ``read``.

    Raises:
        ReplisomeError: the study defines no such function.
    """
    part, function = ("control", f"draw_{control}") if control else ("data", "read")
    path = STUDIES / name / f"{part}.py"
    try:
        return _options(path, function)
    except (LookupError, FileNotFoundError):
        raise ReplisomeError(f"study '{name}': {path} defines no function '{function}'.") from None


def explains(name: str) -> bool:
    """Say whether a study explains its models: whether it has a module ``explain``."""
    return (STUDIES / name / "explain.py").is_file()


def _model_file(models: Path, name: str) -> Path:
    path = models / f"{name}.py"
    if name.startswith("_") or not path.is_file():
        raise ReplisomeError(f"unknown model '{name}'{did_you_mean(name, model_names())}")
    return path

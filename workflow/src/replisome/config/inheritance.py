"""Experiments that take the training settings and hyperparameters of another experiment's winner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

from replisome.config.catalogue import model_options
from replisome.config.grid import Parent, Run
from replisome.errors import ReplisomeError, did_you_mean
from replisome.io import canonical_json


@cache
def inherit(run: Run, winner: Run) -> Run:
    """Return ``run`` with the winner's training settings and those hyperparameters that its model has.

    What the model's own fixed values and grid say stays; the experiment's training settings are under the winner's.
    """
    own, theirs = dict(run.settings), winner.settings
    shared = {name: value for name, value in theirs["hyperparameters"].items() if name in model_options(run.model)}
    own["hyperparameters"] = {**shared, **own["hyperparameters"]}
    stays = {"precision", *own["inherits"]["own"]}  # precision follows the recipe's protocol
    own["training"] = {**own["training"], **{k: v for k, v in theirs["training"].items() if k not in stays}}
    own["inherits"] = {key: value for key, value in own["inherits"].items() if key != "own"} | {"slug": winner.slug}
    return replace(run, config=canonical_json(own), parent=None, variant=None)


def check_circles(experiments: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse experiments that inherit from themselves, directly or through others."""
    above = {
        name: {choice["from"]["experiment"] for choice in block["models"].values() if "from" in choice}
        for name, block in experiments.items()
    }
    try:
        TopologicalSorter(above).prepare()
    except CycleError as error:
        circle = " <- ".join(error.args[1])
        raise ReplisomeError(f"experiments inherit in a circle: {circle}; one of them must not say 'from'.") from None


def parent_of(settings: Mapping[str, Any], experiment: str, model: str, recipe: str) -> Parent | None:
    """Return where a model's runs under a recipe inherit from.

    Args:
        settings: the study's settings.
        experiment: the experiment that the runs are part of.
        model: their model.
        recipe: their recipe.

    Returns:
        The experiment, model and recipe whose winner they take their settings from; None where they take none.

    Raises:
        ReplisomeError: there is no such experiment, model or recipe to inherit from.
    """
    inherits = settings["experiments"][experiment]["models"][model].get("from")
    if inherits is None:
        return None
    at = f"experiments.{experiment}.models.{model}.from"
    experiments = settings["experiments"]
    name = inherits["experiment"]
    if name not in experiments:
        raise ReplisomeError(f"{at}.experiment: no experiment '{name}'{did_you_mean(name, experiments)}")
    block = experiments[name]
    parent = Parent(name, inherits.get("model", model), inherits.get("recipe", recipe))
    for key, value, known in (("model", parent.model, block["models"]), ("recipe", parent.recipe, block["recipes"])):
        if value not in known:
            raise ReplisomeError(f"{at}.{key}: experiment '{name}' has no {key} '{value}'{did_you_mean(value, known)}")
    return parent

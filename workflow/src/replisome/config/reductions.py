"""In what the runs that a claim speaks of are less, or other, than those of the full settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from replisome.config.arms import Place, runs_at
from replisome.config.budget import KEYS as BUDGET_KEYS
from replisome.config.expansion import TRAINING_KEYS
from replisome.config.plan import StudyPlan, limits_of
from replisome.tracking.expected import differences

MOST_NAMED = 4  # differences that a cap lists


def reductions(
    plan: StudyPlan, full: StudyPlan, ours: Sequence[Place], theirs: Sequence[Place]
) -> tuple[tuple[str, ...], bool]:
    """Return in what the runs of a claim's arms are less, or other, than those of the full settings.

    Args:
        plan: the one that runs.
        full: the same study without a preset.
        ours: the arms in ``plan``.
        theirs: the same arms in ``full``; none where it does not have them.

    Returns:
        A line each, such as ``epochs 3, not 200``; the number of seeds is not among them: intervals know it. And
        whether models or data differ, not only their training and how much of the data there is.
    """
    if ours and not theirs:
        return ("the full settings have no such run",), True
    found: dict[str, None] = {}
    resized = False
    for mine, whole in zip(ours, theirs, strict=True):
        before, now = _settings(full, whole), _settings(plan, mine)
        for key, (one, two) in differences(before, now).items():
            found[f"{key} {_written(two)}, not {_written(one)}"] = None
            amount = key.startswith("source.max_")  # fewer items make no model smaller
            resized = resized or not (amount or key.partition(".")[0] in TRAINING_KEYS | BUDGET_KEYS)
    lines = list(found)
    return tuple(lines[:MOST_NAMED] + (["and more"] if len(lines) > MOST_NAMED else [])), resized


def _written(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(map(str, value))
    return "none" if value is None else str(value)


def _settings(plan: StudyPlan, place: Place) -> dict[str, Any]:
    """Return what decides how large and how long a run is, and on what data; of one that inherits, what it may be."""
    run = runs_at(plan, place)[0]
    settings = run.settings
    choices = plan.experiments[place.experiment]["models"][place.model].get("grid", {})
    chosen = {key for key in choices if place.slug is None}
    if place.slug is None or run.parent:
        hyperparameters: dict[str, Any] = {
            name: sorted(set(values), key=str)
            for name, values in plan.hyperparameters(place.experiment, place.model, place.recipe).items()
        }
    else:
        hyperparameters = {name: [value] for name, value in settings["hyperparameters"].items()}
    recipe = {key: value for key, value in plan.recipes[place.recipe].items() if key not in ("resources", "name")}
    return {
        **hyperparameters,
        **{key: value for key, value in settings["training"].items() if key not in {"precision", *chosen}},
        **{key: value for key, value in settings["budget"].items() if key in ("epochs", "steps")},
        **{key: recipe.get(key) for key in ("windows", "crop", "label_fraction", "targets") if key in recipe},
        "data": recipe["source"].get("dataset") or recipe["source"].get("control"),
        "source": {**recipe["source"].get("options", {}), **limits_of(recipe)},
    }

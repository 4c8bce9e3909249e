"""In which numbers runs train: what experiments say, and what the configuration says for all of them."""

from __future__ import annotations

from typing import Any

KEY = "precision"
AUTO = "auto"  # the default of every run: what a probe finds, once a results folder


def settle_precision(block: dict[str, Any], precision: str) -> None:
    """Put the configuration's precision in the place of every ``auto`` of an experiment; ``auto`` changes nothing."""
    if precision == AUTO:
        return
    training = block["training"]
    if training.get(KEY, AUTO) == AUTO:
        training[KEY] = precision
    for choice in block["models"].values():
        fixed, grid = choice.get("fixed", {}), choice.get("grid", {})
        if fixed.get(KEY) == AUTO:
            fixed[KEY] = precision
        if KEY in grid:
            grid[KEY] = list(dict.fromkeys(precision if value == AUTO else value for value in grid[KEY]))


def is_auto(run: dict[str, Any]) -> bool:
    """Say whether the precision of a run, given its configuration, is what a probe finds."""
    return bool(run["training"].get(KEY, AUTO) == AUTO)

"""How times and settings are put for people, wherever a command says them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def duration(seconds: float) -> str:
    """Write a time as people say it, as roughly as it is known: ``12 s``, ``3 min``, ``2 h 05 min``, ``3 d 4 h``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def leaves(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Return the leaves of a mapping, each with the way to it: ``source.options.bases``; empty branches have none."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        found += leaves(value, f"{before}{key}.") if isinstance(value, Mapping) else [(f"{before}{key}", value)]
    return found

"""A study that is another one with something else in its place: another protein, genome or data set."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from replisome.config.schema import overlay
from replisome.errors import ReplisomeError, did_you_mean

DATA = ("recipes", "experiments")  # where values are replaced: not in titles and summaries


def extend(
    settings: Mapping[str, Any],
    presets: Mapping[str, Any],
    changes: Mapping[str, Any],
    preset_changes: Mapping[str, Any],
    origin: str,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings and presets of a study that extends another.

    Args:
        settings: those of the extended study, in full.
        presets: its presets.
        changes: what the extending study says, ``replace`` and ``only`` among it.
        preset_changes: its own presets, which come after those of the same names.
        origin: the extending study's file, for messages.

    Returns:
        The settings in full, without what belongs to extending, and the presets.

    Raises:
        ReplisomeError: a value to replace, or an experiment that is to stay, is not in the extended study.
    """
    own = {key: value for key, value in changes.items() if key not in ("extends", "replace", "only")}
    if "only" in changes:
        settings, presets = _narrowed(settings, presets, changes["only"], origin)
    new: Mapping[str, Any] = changes.get("replace", {})
    met: set[str] = set()
    replaced = _replace_data(settings, new, met)
    layers = {name: _replace_data(layer, new, met) for name, layer in presets.items()}
    for old in new:
        if old not in met:
            texts = _texts([layer.get(part, {}) for layer in (settings, *presets.values()) for part in DATA])
            near = difflib.get_close_matches(old, sorted(texts), n=1)
            remedy = f"; did you mean '{near[0]}'?" if near else "; remove it."
            raise ReplisomeError(
                f"{origin}: key 'replace.{old}': '{changes['extends']}' has no such value in its recipes and "
                f"experiments{remedy}"
            )
    stacked = _stack(layers, preset_changes)
    return overlay(replaced, own), {name: layer for name, layer in stacked.items() if layer is not None}


def _narrowed(
    settings: Mapping[str, Any], presets: Mapping[str, Any], only: Sequence[str], origin: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return settings and presets with these experiments and the recipes that they use; presets left empty go."""
    layers = {"": settings, **presets}
    known = {name for layer in layers.values() for name in layer.get("experiments", {})}
    for name in only:
        if name not in known:
            raise ReplisomeError(f"{origin}: key 'only': no experiment '{name}'{did_you_mean(name, known)}")
    kept = {name: _with_experiments(layer, only) for name, layer in layers.items()}
    blocks = [block or {} for layer in kept.values() for block in layer.get("experiments", {}).values()]
    used = {recipe for block in blocks for recipe in block.get("recipes", [])}
    for layer in kept.values():
        if "recipes" in layer:
            layer["recipes"] = {name: recipe for name, recipe in layer["recipes"].items() if name in used}
    whole = kept.pop("")
    return whole, {name: layer for name, layer in kept.items() if layer.get("only") != []}


def _with_experiments(layer: Mapping[str, Any], only: Sequence[str]) -> dict[str, Any]:
    kept = dict(layer)
    if "experiments" in layer:
        kept["experiments"] = {name: block for name, block in layer["experiments"].items() if name in only}
    if "only" in layer:
        kept["only"] = [name for name in layer["only"] if name in only]
    return kept


def _replace_data(layer: Mapping[str, Any], new: Mapping[str, Any], met: set[str]) -> dict[str, Any]:
    return {key: _replace(value, new, met) if key in DATA else value for key, value in layer.items()}


def _replace(value: Any, new: Mapping[str, Any], met: set[str]) -> Any:
    """Return ``value`` with old values replaced, also where they are keys, and note in ``met`` which were there."""
    if isinstance(value, Mapping):
        keys = [str(_replace(key, new, met)) for key in value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise ReplisomeError(f"key 'replace': '{twice}' would stand twice in one mapping; choose another name.")
        return dict(zip(keys, (_replace(item, new, met) for item in value.values()), strict=True))
    if isinstance(value, list):
        return [_replace(item, new, met) for item in value]
    if isinstance(value, str) and value in new:
        met.add(value)
        return new[value]
    return value


def _texts(value: Any) -> set[str]:
    """Return all text that could be replaced."""
    if isinstance(value, Mapping):
        return {*map(str, value)} | _texts(list(value.values()))
    if isinstance(value, list):
        return {text for item in value for text in _texts(item)}
    return {value} if isinstance(value, str) else set()


def _stack(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Put one set of changes on another: what the result does is what both do in turn, so nulls stay."""
    stacked = dict(lower)
    for key, value in upper.items():
        below = stacked.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        stacked[key] = _stack(below, value) if both else value  # type: ignore[arg-type]
    return stacked

"""A configuration as Snakemake reads it, without Snakemake: files laid over one another, then the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from replisome.config.schema import read_yaml
from replisome.errors import ReplisomeError


def read_configuration(root: Path, files: Sequence[Path], values: Sequence[str]) -> dict[str, Any]:
    """Return the configuration that a call of the workflow would have.

    Args:
        root: the clone.
        files: as for ``snakemake --configfile``.
        values: ``key=value``, as for ``snakemake --config``.

    Raises:
        ReplisomeError: a file cannot be read, or a value is not ``key=value``.
    """
    found = dict(read_yaml(root / "config" / "config.yaml"))
    for file in files:
        if not file.is_file():
            raise ReplisomeError(f"{file}: no such file; --configfile names one, such as config/demo.yaml.")
        found = _merged(found, read_yaml(file))
    for text in values:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ReplisomeError(f"--config {text}: write key=value, such as --config results_dir=results/mine.")
        try:
            found = _merged(found, {key: yaml.safe_load(value)})
        except yaml.YAMLError:
            raise ReplisomeError(f"--config {text}: what stands after '=' is no YAML; put quotes around it.") from None
    return found


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another as Snakemake does: mappings merge, anything else replaces."""
    merged = deepcopy(dict(base))
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else deepcopy(value)
    return merged

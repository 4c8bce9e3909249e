"""Names of earlier versions that are gone, each with what it is called now, so that an old file gets an answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from replisome.errors import ReplisomeError

# By the schema that refuses a key: what has become of it.
KEYS: Mapping[str, Mapping[str, str]] = {
    "claims": {
        "source": "stands in 'paper' now, as 'report'",
        "report": "stands in 'paper' now, with where it is said and in which words",
        "statement": "is called 'plain' now",
        "quantity": "is a 'number' in 'ask' now",
        "value": "stands in 'ask' now, as 'reported'",
        "tolerance": "is a limit in 'ask' now, with whose it is",
        "study": "is gone: claims stand in the folder of their study, config/studies/<study>/claims.yaml",
    },
}
# Scores to select by.
METRICS: Mapping[str, str] = {"source_loss": "paper_loss"}
# Files below the root of the repository.
FILES: Mapping[str, str] = {
    "config/claims.yaml": "claims now stand in config/studies/<study>/claims.yaml, one file a study, without the key "
    "'study'; move them and remove this file",
}


def renamed_key(schema: str, key: str) -> str | None:
    """Return what has become of a key that a schema refuses, or None where it never was one."""
    return KEYS.get(schema, {}).get(key)


def renamed_metric(quantity: str) -> str | None:
    """Return what a score, or a claim's ``metric@split``, is called now, or None where its name has not changed."""
    metric, at, split = quantity.partition("@")
    return f"{METRICS[metric]}{at}{split}" if metric in METRICS else None


def check_files(root: Path) -> None:
    """Refuse files that are no longer read.

    Raises:
        ReplisomeError: there is one; the message says where its content belongs.
    """
    for file, advice in FILES.items():
        if (root / file).exists():
            raise ReplisomeError(f"{file}: {advice}.")

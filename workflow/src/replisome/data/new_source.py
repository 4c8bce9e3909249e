"""What a study says of a file that a user brings: what is in it, and what a study on it says instead of this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Recipes = Mapping[str, Mapping[str, Any]]


def _nothing(recipes: Recipes) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Examined:
    """What was found in a user's file, and what follows from it.

    Attributes:
        found: what is in it, as pairs of a label and a text.
        notes: what the user should know before training: nothing that stops the work.
        says: what the study of the new data says beside ``extends`` and ``title``: ``replace``, ``only``, ...
        entry: what the new data set's entry in the ledger has beside what every entry has, such as ``classes``.
        fit: given the recipes of the planned study that read the file, by name, returns what each must say otherwise
            for this file, by name; empty where they fit as they are.
    """

    found: list[tuple[str, str]]
    says: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    entry: dict[str, Any] = field(default_factory=dict)
    fit: Callable[[Recipes], dict[str, Any]] = _nothing


@dataclass(frozen=True)
class NewSource:
    """What ``replisome new <kind> NAME FILE`` needs of a study: ``SOURCE`` in its ``new_source.py``.

    Attributes:
        kind: what the command calls it: "genome".
        takes: what kind of file it takes, for the help.
        suffixes: endings that the file may have, the longest first; it keeps its own in the downloads folder.
        options: by name, an option of the command and its line in the help.
        examine: from the new name, the file and the options given, what was found. The file is None where the user
            gives none.
        dataset: the data set of this study that the user's file stands for.
        file_needed: whether a study can be had without a file, with other settings alone.
    """

    kind: str
    takes: str
    suffixes: tuple[str, ...]
    options: Mapping[str, str]
    examine: Callable[[str, Path | None, Mapping[str, str]], Examined]
    dataset: str
    file_needed: bool = True


def counted(number: int, what: str) -> str:
    """Return a count for people: ``1 contig``, ``1,204 contigs``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def listed(names: list[str], most: int = 6) -> str:
    """Return names in a row, the first so many of them."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")

"""The rounds that were begun in a results folder: which configurations have more seeds than their experiments say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import read_json, write_json

FORM = "replisome/rounds/1"
FILE = "rounds.json"  # what was begun
TABLE = "rounds.csv"  # what was finished


def begun(results: Path) -> list[dict[str, Mapping[str, Any]]]:
    """Return the rounds that were begun, in their order: by study what :class:`claims.next_round.NextRound` holds.

    Raises:
        ReplisomeError: the file is damaged.
    """
    path = results / FILE
    if not path.exists():
        return []
    found = read_json(path)
    if not isinstance(found, dict) or found.get("schema") != FORM or not isinstance(found.get("rounds"), list):
        raise ReplisomeError(
            f"{path}: is not a list of rounds. Delete it to start with the first round again: no run is lost, and the "
            "same rounds follow."
        )
    rounds: list[dict[str, Mapping[str, Any]]] = found["rounds"]
    return rounds


def begin(results: Path, rounds: Sequence[Mapping[str, Mapping[str, Any]]]) -> None:
    """Write the rounds that were begun."""
    write_json(results / FILE, {"schema": FORM, "rounds": list(rounds)})


def raises_of(rounds: Sequence[Mapping[str, Mapping[str, Any]]], study: str) -> list[dict[str, Any]]:
    """Return the configurations of a study that got more seeds, in any of these rounds."""
    kept = ("recipe", "model", "slug", "seeds")
    return [{key: one[key] for key in kept} for of in rounds if study in of for one in of[study]["raises"]]


def finished(results: Path) -> int:
    """Return how many rounds are finished, the first look among them: those that the table was made of."""
    settings = results / Path(TABLE).stem / "settings.json"
    if not settings.exists() or not (results / TABLE).exists():
        return 0
    return len(read_json(settings)["begun"]) + 1

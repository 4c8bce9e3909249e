"""What a person means by a path, or by a name below one: a run, an experiment, a claim, a recipe, a study, or all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from replisome.api.results import CLAIMS, Results, open_results
from replisome.api.run_paths import folder_at
from replisome.api.runs import Run
from replisome.errors import ReplisomeError, did_you_mean

Kind = Literal["results", "study", "recipe", "experiment", "runs", "run", "claim", "claims"]
SEED = re.compile(r"seed=[0-9]+")


@dataclass(frozen=True)
class Place:
    """What was found.

    Attributes:
        kind: of thing.
        results: that it is part of; None of a run that lies elsewhere.
        study: the study's name; empty of all results and of all claims.
        name: of the experiment, claim or recipe.
        runs: the run, or the runs that differ in their seed.
    """

    kind: Kind
    results: Results | None
    study: str = ""
    name: str = ""
    runs: Sequence[Run] = ()


def find(path: Path, name: str = "") -> Place:
    """Return what a path means, or a name below it.

    Args:
        path: a folder or file of the results; what does not exist at its end counts as a name.
        name: of a study, ``<study>/<thing>``, or a thing alone where one study has it: an experiment, claim or recipe.

    Returns:
        The place.

    Raises:
        ReplisomeError: there is nothing of that name, or several things; the message names them.
    """
    there, rest = _existing(path)
    if not rest and not name and (run := _run_at(there)) is not None:
        results = Results(run.root) if run.root else None
        return Place("run", results, run.study, runs=[results.run(run.name) if results else run])
    results = _opened(path, there)
    inside = there.absolute().relative_to(results.root.absolute()).parts
    return _below(results, [*inside, *rest, *Path(name).parts])


def _existing(path: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the part of a path that exists, and what is left."""
    for count in range(len(path.parts), 0, -1):
        there = Path(*path.parts[:count])
        if there.exists():
            return there, path.parts[count:]
    return Path(), path.parts


def _opened(path: Path, there: Path) -> Results:
    """Return the results that the existing part of a path lies in."""
    try:
        return open_results(there)
    except ReplisomeError:
        if there == path:
            raise
    return open_results(path)  # which says that there is no such folder


def _run_at(path: Path) -> Run | None:
    """Return the run that a folder is, or that a file in it or in its test folder is of."""
    folder = folder_at(path)
    return None if folder is None or (folder / "recipe.json").exists() else Run.at(folder)


def _below(results: Results, parts: Sequence[str]) -> Place:
    """Return what the parts of a path below the results folder mean."""
    found: Iterable[Place]
    match list(parts):
        case []:
            found = [Place("results", results)]
        case ["claims" | "claims.json" | "claims.csv", *_]:
            found = [Place("claims", results)]
        case [file] if (results.root / file).is_file():  # such as report.html
            found = [Place("results", results)]
        case [name] if name not in results.studies:
            found = [one for study in results.studies for one in _named(results, study, name)]
        case [study, *inside] if study in results.studies:
            found = _in_study(results, study, inside)
        case _:
            found = []
    return _only(results, "/".join(parts), list(found))


def _in_study(results: Results, study: str, parts: Sequence[str]) -> Iterable[Place]:
    """Return what the parts of a path below a study's folder may mean."""
    found: Iterable[Place] = []
    match list(parts):
        case [] | [("tables" | "figures" | "selection" | "search")] | ["tables" | "figures", *_]:
            found = [Place("study", results, study)]
        case ["claims", name]:
            found = _named(results, study, name, "claim")
        case [file] if Path(file).stem == Path(CLAIMS).stem:
            found = [Place("claims", results, study)]
        case ["selection" | "search", name, *_]:
            found = _named(results, study, name, "experiment")
        case [recipe, "runs", model, *more]:
            found = _runs(results, study, [recipe, "runs", model, *more])
        case [name] | [name, "runs"]:
            found = _named(results, study, name, "" if len(parts) == 1 else "recipe")
        case [recipe, file] if (results.root / study / recipe / file).exists():
            found = _named(results, study, recipe, "recipe")
    return found


def _runs(results: Results, study: str, parts: Sequence[str]) -> Iterable[Place]:
    """Return the run, or the runs of a model or of one of its settings, below ``<recipe>/runs``."""
    at = [study, *parts]
    seed = next((number for number, part in enumerate(at) if SEED.fullmatch(part)), None)
    if seed is not None:
        return [Place("run", results, study, runs=[results.run("/".join(at[: seed + 1]))])]
    prefix = "/".join(at) + "/"
    found = [run for run in results.runs if run.name.startswith(prefix)]
    return [Place("runs", results, study, "/".join(parts), found)] if found else []


def _named(results: Results, study: str, name: str, kind: str = "") -> Iterator[Place]:
    """Yield what a study calls by a name, of one kind or of any."""
    if kind in ("", "experiment") and f"{study}/{name}" in results.experiments:
        yield Place("experiment", results, study, name)
    if kind in ("", "claim") and name in _claims(results, study):
        yield Place("claim", results, study, name)
    if kind in ("", "recipe") and (results.root / study / name / "recipe.json").exists():
        yield Place("recipe", results, study, name)


def _claims(results: Results, study: str) -> list[str]:
    if not (results.root / study / CLAIMS).exists():
        return []
    return [claim["id"] for claim in results.verdicts() if claim["study"] == study]


def _only(results: Results, asked: str, found: Sequence[Place]) -> Place:
    """Return the one thing that was found.

    Raises:
        ReplisomeError: none was, or several.
    """
    if len(found) == 1:
        return found[0]
    if not found:
        raise _nothing(results, asked)
    ways = {"experiment": "{0.study}/selection/{0.name}", "claim": "{0.study}/claims/{0.name}"}
    full = [ways.get(place.kind, "{0.study}/{0.name}/runs").format(place) for place in found]
    raise ReplisomeError(f"{results.root}: '{asked}' is several things; say which: {', '.join(full)}.")


def _nothing(results: Results, asked: str) -> ReplisomeError:
    """Return the error that says that there is no such thing, with what is near."""
    recipes = [path.parent.relative_to(results.root).as_posix() for path in results.root.glob("*/*/recipe.json")]
    claims = [f"{study}/{name}" for study in results.studies for name in _claims(results, study)]
    known = {*results.studies, *results.experiments, *recipes, *claims}
    known |= {one.partition("/")[2] for one in known if "/" in one and "/" not in asked}
    near = did_you_mean(asked, known)
    if not near.startswith("; did"):
        near = f"; 'replisome show {results.root}' lists what there is"
    unjudged = "" if claims else " (no claims are judged here yet)"
    return ReplisomeError(
        f"{results.root}: there is no run, experiment, claim, recipe or study '{asked}'{unjudged}{near}"
    )

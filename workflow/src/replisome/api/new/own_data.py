"""``replisome new genome|protein|dataset NAME FILE``: a study of one's own data that extends the one they are for."""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replisome.api.new import check as new_check
from replisome.api.new.edits import Edits
from replisome.api.new.proposal import Proposal, check_file, check_name, check_study_name, read
from replisome.api.new.yaml_text import block
from replisome.config.catalogue import STUDIES, study_names
from replisome.config.plan import StudyPlan
from replisome.config.schema import read_yaml
from replisome.config.study_files import read_study
from replisome.data.new_source import Examined, NewSource
from replisome.data.raw_files import by_hand
from replisome.errors import ReplisomeError
from replisome.io import file_hash

LEDGER = "config/datasets.yaml"
UNSAID = "not stated"


def sources() -> dict[str, tuple[str, NewSource]]:
    """Return by kind the study that such files are for, and what it says of them.

    Raises:
        ReplisomeError: a module ``new_source`` is not as it should be, or two are of one kind.
    """
    found: dict[str, tuple[str, NewSource]] = {}
    for name in study_names():
        if not (STUDIES / name / "new_source.py").is_file():
            continue
        source = getattr(importlib.import_module(f"replisome.studies.{name}.new_source"), "SOURCE", None)
        if not isinstance(source, NewSource):
            raise ReplisomeError(f"{STUDIES / name / 'new_source.py'}: declares no SOURCE = NewSource(kind=..., ...).")
        if source.kind in found:
            raise ReplisomeError(f"studies '{found[source.kind][0]}' and '{name}' both take a '{source.kind}'.")
        found[source.kind] = (name, source)
    return found


def propose(
    kind: str,
    name: str,
    file: Path | None,
    options: Mapping[str, str],
    root: Path,
    *,
    title: str | None = None,
    licence: str | None = None,
    citation: str | None = None,
    link: bool = False,
) -> Proposal:
    """Examine a user's file and return what would be written for it; nothing is.

    Args:
        kind: one of :func:`sources`.
        name: of the new study and of its data set.
        file: the user's file; None where the kind can do without.
        options: those that the kind declares.
        root: the repository.
        title: the study's heading in the report.
        licence: of the file, for the report.
        citation: of the file, for the report.
        link: whether the file is linked to, and not copied.

    Returns:
        What was found, the checked changes, and the commands to run next.

    Raises:
        ReplisomeError: the name is taken, the file is none of that kind, or no study can be made from it.
    """
    study, source = sources()[kind]
    check_name(name, kind)
    check_study_name(name, root)
    edits = Edits(root)
    if file is None and source.file_needed:
        raise ReplisomeError(f"new {kind}: give the file as well: {source.takes}.")
    if file is not None:
        check_file(file)
    examined = source.examine(name, file, options)
    if file is not None:
        about = {"licence": licence or UNSAID, "citation": citation or f"{file.name}, a file of our own"}
        add_file(edits, name, study, file, source, examined, about, link)
    says = dict(examined.says)
    heading = title or says.pop("title", f"{name}: a {kind} of our own")
    edits.write(f"config/studies/{name}.yaml", _study_text(study, says, heading, examined, file, root))
    notes = [*examined.notes]
    changes, planned = _fitted(edits, name, examined)
    if changes:
        notes.append("Recipes were set to fit the file: see 'recipes' in the new study.")
        says["recipes"] = changes
        edits.texts.pop()
        edits.write(f"config/studies/{name}.yaml", _study_text(study, says, heading, examined, file, root))
        changes, planned = _fitted(edits, name, examined)
        if changes:
            raise ReplisomeError(f"no way was found to fit the recipes of '{study}' to {file}.")
    runs = {preset: len(plan.runs) for preset, plan in planned.items()}
    return Proposal(f"{kind} '{name}', by study '{study}'", edits, examined.found, notes, commands(name, runs))


def add_file(
    edits: Edits,
    name: str,
    study: str,
    file: Path,
    source: NewSource,
    examined: Examined,
    about: Mapping[str, str],
    link: bool,
) -> None:
    """Add the file and its row of the ledger to the changes.

    Args:
        edits: the changes.
        name: of the data set.
        study: the folder in a mirror.
        file: the user's file.
        source: what says which endings it may have.
        examined: what its entry has of its own.
        about: its licence and citation.
        link: whether it is linked to, and not copied.

    Raises:
        ReplisomeError: the ledger has such an entry, or there is a file in the way.
    """
    ending = next((s for s in source.suffixes if file.name.lower().endswith(s)), source.suffixes[-1])
    digest = file_hash(file)
    kept = f"{name}{ending}"
    entry: dict[str, Any] = {
        "study": study,
        "version": f"own-{digest[:8]}",
        "file": kept,
        "addresses": [],
        "checksum": f"sha256:{digest}",
        "bytes": file.stat().st_size,
        **about,
        "place": f"It is {file.name}, a file of our own; take it from where that is",
        **examined.entry,
    }
    resources = Path(read_yaml(edits.root / "config" / "config.yaml")["resources_dir"])
    place = by_hand(resources / name / entry["version"] / kept)
    edits.copy(file, str(place), digest, link)
    add_row(edits, name, entry)


def add_row(edits: Edits, name: str, entry: Mapping[str, Any]) -> None:
    """Add a data set's row of the ledger to the changes.

    Raises:
        ReplisomeError: the ledger has such an entry.
    """
    text = read(edits.root / LEDGER)
    if name in read_yaml(edits.root / LEDGER):
        raise ReplisomeError(f"{LEDGER}: has a data set '{name}' already; choose another name.")
    edits.change(LEDGER, text, (text if text.endswith("\n") else text + "\n") + block({name: entry}))


def commands(name: str, runs: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return what to run next: a trial of every step, a small run, the full one.

    Args:
        name: of the study.
        runs: by preset, its number of runs.

    Returns:
        Commands, each with what it does.
    """
    call = f"snakemake report --cores 2 --config 'studies=[{name}]'"
    small = " preset=quick" if "quick" in runs else ""
    tiny = f"{call}{small} max_epochs=1 max_steps=1 max_seeds=1 results_dir=results/{name}-trial"
    found = [(tiny, "first, every step once with next to no training")]
    if small:
        found.append((f"{call}{small} results_dir=results/{name}-quick", f"a small budget: {runs['quick']} runs"))
    found.append((f"{call} results_dir=results/{name}", f"the full budget: {runs['full']} runs"))
    return found


def _study_text(
    study: str, says: Mapping[str, Any], heading: str, examined: Examined, file: Path | None, root: Path
) -> str:
    """Return the new study's file."""
    first = f"extends: {study} # what else may stand here: config/README.md, 'The same on other data'\n"
    others = [name for name in read_study(study, root).settings["experiments"] if name not in says.get("only", [])]
    lines = []
    for key, value in says.items():
        line = block({key: value})
        if key == "only" and others:
            text = f"Further experiments of {study} may be added: {', '.join(others)}."
            line = textwrap.fill(text, 118, initial_indent="# ", subsequent_indent="#   ") + f"\n{line}"
        lines.append(line)
    facts = "; ".join(f"{label}: {text}" for label, text in examined.found[:2])
    whence = f"on {file.name} ({facts})" if file is not None else f"with other data ({facts})"
    summary = (
        f"The experiments of study '{study}' {whence}. The reports speak of other data: their numbers are left out."
    )
    return first + "".join(lines) + block({"title": heading, "summary": summary})


def _fitted(edits: Edits, name: str, examined: Examined) -> tuple[dict[str, Any], dict[str, StudyPlan]]:
    """Return what recipes must say otherwise for the file, and the plans by preset with the changes made."""
    with new_check.tried(edits) as scratch:
        planned = new_check.plans(scratch, name)
    changes: dict[str, Any] = {}
    for plan in planned.values():
        own = {key: recipe for key, recipe in plan.recipes.items() if recipe["source"].get("dataset") == name}
        for recipe, change in examined.fit(own).items():
            changes.setdefault(recipe, change)
    return changes, planned

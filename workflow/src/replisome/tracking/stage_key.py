"""The key of a result: what it was made from, in one hash.

Every stage stores its key in ``provenance.json`` beside its outputs, with the hash of each file it read. The workflow
computes both again and makes the result anew where they differ. That holds for copied results too, of which Snakemake
has no record of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from replisome.io import canonical_json, file_hash
from replisome.tracking.code_fingerprint import fingerprint
from replisome.tracking.introspect import ROOT

RECORD = "provenance.json"
ACCEPTED = "accepted.json"
Digest = Callable[[str | Path], str | None]
COMMON_TABLES = "replisome.analysis.common_tables"

# The modules that a stage looks up by name, beside its own: the fingerprint cannot see those from the imports.
ROOTS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "prepare": lambda i: [_study(i, "data"), *([_study(i, "control")] if "control" in i["recipe"]["source"] else [])],
    "probe": lambda i: [],
    "train": lambda i: [_study(i, "task"), f"replisome.models.{i['model']}"],
    "pilot": lambda i: [_study(i, "task"), f"replisome.models.{i['model']}"],
    "search": lambda i: [_study(i)],
    "evaluate": lambda i: [_study(i, "task"), f"replisome.models.{i['model']}"],
    "explain": lambda i: [_study(i, "task"), _study(i, "explain"), f"replisome.models.{i['model']}"],
    "select": lambda i: [_study(i)],
    "summarise": lambda i: [_study(i), _study(i, "predictions"), *_topics(i, "tables"), COMMON_TABLES],
    "figures": lambda i: [_study(i), _study(i, "predictions"), *_topics(i, "figures")],
    "judge": lambda i: [_study(i["study"]), _study(i["study"], "predictions"), *_measures(i["study"])],
    **dict.fromkeys(("claims", "rounds", "crate"), lambda i: []),
    "report": lambda i: [f"replisome.studies.{name}" for name in i["implementations"]],
}


def _study(identity: dict[str, Any], *module: str) -> str:
    return ".".join(["replisome.studies", identity["implementation"], *module])


def _topics(identity: dict[str, Any], package: str) -> list[str]:
    """Return the modules that make a study's tables or figures."""
    folder = ROOT / "studies" / identity["implementation"] / package
    return [_study(identity, package, path.stem) for path in sorted(folder.glob("[!_]*.py"))]


def _measures(identity: dict[str, Any]) -> list[str]:
    """Return the module that measures what claims ask beside scores, where the study has one."""
    module = ROOT / "studies" / identity["implementation"] / "quantities.py"
    return [_study(identity, "quantities")] if module.is_file() else []


def text_hash(text: str) -> str:
    """Return 16 hexadecimal digits over a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_fingerprint(stage: str, identity: dict[str, Any]) -> str:
    """Return the fingerprint of the code that ``stage`` runs for what ``identity`` describes."""
    return fingerprint(*stage_modules(stage, identity))


def stage_modules(stage: str, identity: dict[str, Any]) -> list[str]:
    """Return the module of ``stage`` and those that it looks up by name for what ``identity`` describes."""
    return [f"replisome.stages.{stage}", *ROOTS[stage](identity)]


def stage_key(stage: str, identity: dict[str, Any]) -> str:
    """Return 16 hexadecimal digits over the settings in ``identity`` and the code of ``stage``.

    ``identity`` holds all settings the stage reads; ``implementation`` and, where a model is involved, ``model`` name
    the code that is looked up.
    """
    content = f"{stage}\n{code_fingerprint(stage, identity)}\n{canonical_json(identity)}"
    return text_hash(content)


Made = tuple[str, Mapping[str, str]]  # a key, and the hashes of inputs by name


def recorded(folder: Path) -> list[Made]:
    """Return what the result in ``folder`` was made from and, where someone took it as it is, what it may pass for.

    Returns:
        Nothing where there is no record that can be read.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        note = _note(folder)
        return [(str(found["key"]), dict(found["inputs"])) for found in (record, note) if found is not None]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def is_accepted(folder: Path) -> bool:
    """Say whether someone took the result in ``folder``, such as it is now, though its code or inputs had changed."""
    return _note(folder) is not None


def _note(folder: Path) -> Mapping[str, Any] | None:
    """Return the note with which someone took the very result that lies there as it is, or None where nobody did."""
    try:
        note = json.loads((folder / ACCEPTED).read_text(encoding="utf-8"))
        return note if note["record"] == file_hash(folder / RECORD) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_current(
    folder: Path, stage: str, identity: dict[str, Any], inputs: Mapping[str, str | Path], digest: Digest
) -> bool:
    """Say whether the result in ``folder`` was made from these settings, this code, and files with this content.

    A folder without a record counts as current: there is nothing yet, and Snakemake sees the missing files itself. An
    input that is not there says nothing either: it is made again only if something needs it.

    Args:
        folder: where the record is.
        stage: which stage makes it.
        identity: all settings the stage reads.
        inputs: by name, the files that it reads.
        digest: returns the hash of a file, or None where there is no such file.
    """
    found = recorded(folder)
    if not found:
        return not (folder / RECORD).exists()
    key = stage_key(stage, identity)
    return any(
        own == key
        and before.keys() == inputs.keys()
        and all(digest(file) in (None, before[name]) for name, file in inputs.items())
        for own, before in found
    )

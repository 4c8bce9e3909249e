"""The results and the workflow that made them as one archive to deposit, described as a Workflow Run RO-Crate.

Profiles: Workflow Run Crate 0.5 (Leo et al., PLOS ONE 19(9), 2024), Workflow RO-Crate 1.0, RO-Crate 1.1.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from rocrate.model import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from replisome.tracking.verify import read_record

PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
WORKFLOW = "Snakefile"
WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
FIRST = {"report.html": "Start here", "claims.json": "Each claim with its verdicts"}  # what a reader looks at
RESULTS = PurePosixPath("results")  # the folder of results in the archive
LEFT_OUT = ("prepared data", "weights", "predictions and explanations of single items")
TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".yaml": "application/yaml",
    ".smk": "text/x-python",
    ".md": "text/markdown",
}


def is_left_out(entry: Mapping[str, Any]) -> bool:
    """Say whether a file of the index stays out of the archive: what is large, or is raw data under its own licence."""
    path = PurePosixPath(entry["path"])
    if path.name in ("predictions.parquet", "explanation.parquet") or path.suffix in (".safetensors", ".pt"):
        return True
    return bool(entry["stage"] == "prepare" and path.suffix == ".parquet")


def crate(
    index: Mapping[str, Any], results: Path, repository: Path, sources: Iterable[str], settings: Path, snakemake: str
) -> ROCrate:
    """Return the archive, ready to be written.

    Args:
        index: what results.json holds.
        results: the results folder.
        repository: the folder of the Snakefile.
        sources: the workflow's files, from there.
        settings: the configuration that was run.
        snakemake: its version.
    """
    cite = yaml.safe_load((repository / "CITATION.cff").read_text(encoding="utf-8"))
    made = ROCrate(version="1.1")  # what the profiles build on
    _describe(made, index, cite)
    named = {
        "name": cite["title"],
        "version": index["replisome"],
        "encodingFormat": "text/x-python",
        "conformsTo": {"@id": WORKFLOW_PROFILE},
    }
    workflow = made.add_workflow(
        repository / WORKFLOW, WORKFLOW, main=True, lang="snakemake", lang_version=snakemake, properties=named
    )
    for source in sources:
        if source != WORKFLOW:
            about: dict[str, Any] = {"encodingFormat": _type(source)}
            if source == "README.md":
                about["about"] = {"@id": "./"}
            made.add_file(repository / source, source, properties=about)
    about = {"name": "The configuration that was run", "encodingFormat": "application/json"}
    asked = made.add_file(settings, "settings.json", properties=about)
    kept = [entry for entry in index["files"] if not is_left_out(entry)]
    records = dict.fromkeys(entry["record"] for entry in index["files"] if entry["record"])
    unlisted = [{"path": path} for path in ("results.json", *records)]
    found = [_add(made, results, entry) for entry in [*kept, *unlisted]]
    began, ended = _times(results, records)
    action = {
        "@type": "CreateAction",
        "name": f"The workflow with preset {index['preset']}",
        "startTime": began,
        "endTime": ended,
        "description": "From raw data to the report",
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }
    made.root_dataset["mentions"] = made.add_action(workflow, "#run", object=asked, result=found, properties=action)
    made.root_dataset["conformsTo"] = [
        made.add(ContextEntity(made, address, {"@type": ["CreativeWork", "Profile"], "name": name, "version": version}))
        for address, name, version in PROFILES
    ]
    return made


def _describe(made: ROCrate, index: Mapping[str, Any], cite: Mapping[str, Any]) -> None:
    """Say what the archive is, whose, and under which licence."""
    titles = "; ".join(study["title"] for study in index["studies"].values())
    made.name = f"{cite['title']}: results of preset {index['preset']}"
    made.description = (
        f"{titles}. Verdicts, tables, figures, and every run's settings, history and record. Left out: "
        f"{', '.join(LEFT_OUT)}; {RESULTS / 'results.json'} has the hash of each."
    )
    licence = {
        "@type": "CreativeWork",
        "name": cite["license"],
        "description": "Of the workflow; data sets have their own",
    }
    made.license = made.add(ContextEntity(made, f"https://spdx.org/licenses/{cite['license']}", licence))
    authors = {"@type": "Organization", "name": cite["authors"][0]["name"]}
    made.root_dataset["author"] = made.add(ContextEntity(made, "#authors", authors))


def _add(made: ROCrate, results: Path, entry: Mapping[str, Any]) -> Entity:
    path = entry["path"]
    about = {"encodingFormat": _type(path), "contentSize": str((results / path).stat().st_size)}
    if "sha256" in entry:
        about["sha256"] = entry["sha256"]
    if path in FIRST:
        about["description"] = FIRST[path]
    return made.add_file(results / path, str(RESULTS / path), properties=about)


def _type(path: str) -> str:
    suffix = PurePosixPath(path).suffix
    return TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "text/plain"


def _times(results: Path, names: Iterable[str]) -> tuple[str, str]:
    """Return when the first of the results was begun and the last ended."""
    records = [read_record(results / name) for name in names]
    return min(record["started"] for record in records), max(record["ended"] for record in records)

"""Pack what the pages rest on, and the workflow, into one archive to deposit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.io import atomic, file_hash, read_json
from replisome.report.crate import crate, is_left_out
from replisome.tracking.introspect import ROOT
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified

REPOSITORY = ROOT.parents[2]


def run(settings: Path, results: Path, out: Path) -> None:
    """Write crate.zip beside the folder ``out``, and provenance.json into it.

    Args:
        settings: the configuration that was run, and the workflow's files with their hashes, which the workflow made.
        results: the results folder, with results.json.
        out: the folder ``crate`` of the results.

    Raises:
        ReplisomeError: a file of the results or of the workflow has changed meanwhile.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("crate", identity)
    index: dict[str, Any] = read_verified(results / "results.json")
    for entry in index["files"]:
        path = results / entry["path"]
        if not is_left_out(entry):
            _require(path, entry["sha256"], "results.json says")
    for name, expected in identity["sources"].items():
        _require(REPOSITORY / name, expected, "this call began with")
    made = crate(index, results, REPOSITORY, identity["sources"], settings, identity["snakemake"])
    archive = out.with_suffix(".zip")
    with atomic(archive) as handle:
        for piece in made.stream_zip():
            handle.write(piece)
    record.write(out / "provenance.json", [results / "results.json"], [archive])


def _require(path: Path, expected: str, by: str) -> None:
    if not path.is_file() or file_hash(path) != expected:
        raise ReplisomeError(f"{path}: is not what {by}; run the same command again.")

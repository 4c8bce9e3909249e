"""Gather the verdicts of all studies."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome.claims.rows import COLUMNS, rows
from replisome.data.study_inputs import verdicts_of
from replisome.io import read_json, write_json, write_text
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified


def run(settings: Path, results: Path, out: Path) -> None:
    """Write claims.json and claims.csv beside the folder ``out`` and provenance.json into it.

    Args:
        settings: which studies there are, which the workflow made.
        results: the results folder.
        out: the folder ``claims`` of the results.

    Raises:
        ReplisomeError: the verdicts of a study are missing or damaged.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("claims", identity)
    files = verdicts_of(identity["studies"], results)
    studies = [read_verified(path) for path in files]
    claims = [claim for study in studies for claim in study["claims"]]
    written = [out.with_suffix(".json"), out.with_suffix(".csv")]
    about = {
        "schema": studies[0]["schema"],  # as the judge wrote it, whose libraries take seconds
        "level": min(study["level"] for study in studies),
        "levels": {study["study"]: study["level"] for study in studies},
        "preset": identity["preset"],
        "studies": {s["study"]: s["title"] for s in studies},
    }
    write_json(written[0], {**about, "claims": claims})
    write_text(written[1], _as_csv(claims))
    record.write(out / "provenance.json", files, written)


def _as_csv(claims: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for claim in claims for row in rows(claim))
    return text.getvalue()

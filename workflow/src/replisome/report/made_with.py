"""On what machines, with what versions, from which seeds and in what time the runs of a study were trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from replisome.analysis.results import StudyResults
from replisome.tracking.stage_key import RECORD
from replisome.tracking.verify import read_record


def training_records(studies: Sequence[StudyResults]) -> list[dict[str, Any]]:
    """Return the record of each run's training, with its study and seed."""
    return [
        {"study": study.plan.name, "seed": run.seed, **read_record(study.root / run.directory / RECORD)}
        for study in studies
        for run in study.plan.runs
    ]


def made_with(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a study, machine, set of versions and day.

    By what code each run was made stands in its record: a change there may concern one model and no number.

    Args:
        records: of training, each with its ``study`` and ``seed`` too.

    Returns:
        ``seconds`` are of the processes that ended a run: what an interrupted run took before is not in them.
        ``card_joules`` are of ``card_runs`` runs whose GPU told; None where none did. A card counts all that uses it:
        of runs side by side on one card, each is told the whole.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in records:
        about = {
            "study": record["study"],
            "device": record["device"],
            "processor": f"{record['processor']}, {record['cores']} cores",
            "threads": record["threads"],
            "precision": record["precision"],
            "python": record["python"],
            "packages": ", ".join(f"{name} {version}" for name, version in record["packages"].items()),
            "date": record["ended"][:10],
        }
        empty = {**about, "runs": 0, "seeds": [], "seconds": 0.0, "card_joules": None, "card_runs": 0}
        row = rows.setdefault(tuple(about.values()), empty)
        row["runs"] += 1
        row["seeds"] = sorted({*row["seeds"], record["seed"]})
        row["seconds"] = round(row["seconds"] + record["seconds"], 3)
        if record.get("card_joules") is not None:
            row["card_joules"] = (row["card_joules"] or 0.0) + record["card_joules"]
            row["card_runs"] += 1
    return list(rows.values())

"""Write what each round of seeds cost and decided."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from replisome.data.study_inputs import verdicts_of
from replisome.io import read_json, write_text
from replisome.tracking.record import Record
from replisome.tracking.stage_key import RECORD
from replisome.tracking.verify import read_record, read_verified

COLUMNS = (
    *("study", "call", "round", "of", "configurations", "seeds", "runs", "expected_hours", "hours", "served"),
    *("decided", "open", "left", "hopeless", "spent"),
)


def run(settings: Path, results: Path, out: Path) -> None:
    """Write rounds.csv beside the folder ``out`` and provenance.json into it.

    A row a study and call of ``snakemake decide``; call 1 is the first look. ``round`` is the round that the study had
    come to, ``of`` how many there can be, ``seeds`` how many a configuration had at most, ``runs`` how many were added,
    ``expected_hours`` what they were to take, ``hours`` what they took; both of jobs one after the other. ``served`` is
    the number of open claims that got seeds, ``decided`` how many of those this round decided, ``open`` how many of all
    were open after it. Of open claims that got no seeds, ``left`` found no time, ``hopeless`` no number of seeds would
    decide, and ``spent`` had had all rounds.

    Args:
        settings: which studies have rounds, and the rounds that were begun; the workflow made it.
        results: the results folder.
        out: the folder ``rounds`` of the results.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("rounds", identity)
    files = verdicts_of(identity["studies"], results)
    rows = [row for path in files for row in _rows(read_verified(path), identity, results)]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    table = out.with_suffix(".csv")
    write_text(table, text.getvalue())
    record.write(out / RECORD, files, [table])


def _rows(found: Mapping[str, Any], identity: Mapping[str, Any], results: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a study, whose verdicts are given."""
    study, rounds = found["study"], identity["studies"][found["study"]]
    looks = {
        f"{claim['id']} ({protocol})": verdict["look"]
        for claim in found["claims"]
        for protocol, verdict in claim["verdicts"].items()
        if verdict["look"] and verdict["verdict"] != "not run"
    }
    yield {"study": study, "call": 1, "round": 1, "of": len(rounds), **_decided(looks, looks, 1)}
    for call, begun in enumerate(identity["begun"], start=2):
        if study not in begun:
            continue
        own = begun[study]
        raises = own["raises"]
        most = max((one["seeds"] for one in raises), default=0)
        number = sum(size <= most for size in rounds)
        yield {
            "study": study,
            "call": call,
            "round": number,
            "of": len(rounds),
            "configurations": len(raises),
            "seeds": most,
            "runs": sum(one["seeds"] - one["before"] for one in raises),
            "expected_hours": round(sum(one["seconds"] for one in raises) / 3600, 3),
            "hours": round(sum(_seconds(results / study, one) for one in raises) / 3600, 3),
            "served": len(own["claims"]),
            **_decided(looks, own["claims"], number),
            **{key: len(own[key]) for key in ("left", "hopeless", "spent")},
        }


def _decided(looks: Mapping[str, Mapping[str, Any]], served: Iterable[str], number: int) -> dict[str, int]:
    """Return how many of the claims that were served a round decided, and how many of all were open after it."""
    return {
        "decided": sum(name in looks and looks[name]["decided"] == number for name in served),
        "open": sum(look["decided"] is None or look["decided"] > number for look in looks.values()),
    }


def _seconds(study: Path, one: Mapping[str, Any]) -> float:
    """Return how long the runs took that a raise added."""
    folders = sorted(
        (study / one["recipe"] / "runs" / one["model"] / one["slug"]).glob("seed=*"),
        key=lambda folder: int(folder.name.partition("=")[2]),
    )
    records = [
        folder / part / RECORD
        for folder in folders[one["before"] : one["seeds"]]
        for part in ("", "test", "explanation")
    ]
    return sum(float(read_record(path)["seconds"]) for path in records if path.exists())

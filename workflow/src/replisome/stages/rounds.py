"""Write what each round of seeds cost and decided."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from replisome.claims.next_round import open_verdicts, seconds_of
from replisome.config.rounds import round_of
from replisome.data.study_inputs import verdicts_of
from replisome.io import read_json, write_text
from replisome.tracking.record import Record
from replisome.tracking.stage_key import RECORD
from replisome.tracking.verify import read_verified

OPEN = ("claims", "left", "hopeless", "spent")  # of a round that was begun: together all claims that were open then
COLUMNS = (
    *("study", "call", "round", "of", "configurations", "seeds", "runs", "expected_hours", "hours", "served"),
    *("decided", "open", "left", "hopeless", "spent"),
)


def run(settings: Path, results: Path, out: Path) -> None:
    """Write rounds.csv beside the folder ``out`` and provenance.json into it.

    A row a study and call of ``snakemake decide`` that gave it seeds; call 1 is the first look. ``round`` is the round
    that the study had come to, ``of`` how many there can be, ``seeds`` how many a configuration had at most, ``runs``
    how many were added, ``expected_hours`` what they were to take, ``hours`` what they took; both of jobs one after the
    other. ``served`` is the number of open claims that got seeds, ``decided`` how many of those the call decided (of
    the first look: of all), ``open`` how many of all were open after it. Of open claims that got no seeds, ``left``
    found no time, ``hopeless`` no number of seeds would decide, and ``spent`` had had all rounds.

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
    calls = {call: begun[study] for call, begun in enumerate(identity["begun"], start=2) if study in begun}
    still = {name for name, _, _ in open_verdicts(found["claims"])}
    # What was open after a call is what was open when the next one began.
    after = [*({name for key in OPEN for name in own[key]} for own in calls.values()), still]
    looked = {
        f"{claim['id']} ({protocol})"
        for claim in found["claims"]
        for protocol, verdict in claim["verdicts"].items()
        if verdict["look"]
    }
    decided = {"decided": len(looked - after[0]), "open": len(after[0])}
    yield {"study": study, "call": 1, "round": 1, "of": len(rounds), **decided}
    most = 0
    for (call, own), left in zip(calls.items(), after[1:], strict=True):
        raises = own["raises"]
        if not raises:
            continue
        most = max(most, *(one["seeds"] for one in raises))
        yield {
            "study": study,
            "call": call,
            "round": round_of(rounds, most),
            "of": len(rounds),
            "configurations": len(raises),
            "seeds": most,
            "runs": sum(one["seeds"] - one["before"] for one in raises),
            "expected_hours": round(sum(one["seconds"] for one in raises) / 3600, 3),
            "hours": round(sum(_seconds(results / study, one) for one in raises) / 3600, 3),
            "served": len(own["claims"]),
            "decided": len(set(own["claims"]) - left),
            "open": len(left),
            **{key: len(own[key]) for key in ("left", "hopeless", "spent")},
        }


def _seconds(study: Path, one: Mapping[str, Any]) -> float:
    """Return how long the runs took that a raise added."""
    folders = sorted(
        (study / one["recipe"] / "runs" / one["model"] / one["slug"]).glob("seed=*"),
        key=lambda folder: int(folder.name.partition("=")[2]),
    )
    return sum(seconds_of(folder) or 0.0 for folder in folders[one["before"] : one["seeds"]])

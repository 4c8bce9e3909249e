"""Gather the verdicts of all studies; print them, lock them, or compare them with a lock file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome.claims.lock import changes, write_lock
from replisome.claims.rows import COLUMNS, rows
from replisome.claims.supplement import PROTOCOL_NAMES, SIGNS, counts, number
from replisome.data.study_inputs import verdicts_of
from replisome.errors import ReplisomeError
from replisome.io import read_json, write_json, write_text
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified


def run(
    results: Path,
    settings: Path | None = None,
    out: Path | None = None,
    check: Path | None = None,
    lock: Path | None = None,
) -> None:
    """Write claims.json and claims.csv beside the folder ``out`` and provenance.json into it; or show the verdicts.

    Args:
        results: the results folder.
        settings: which studies there are, which the workflow made; without it the verdicts that lie there are shown.
        out: the folder ``claims`` of the results.
        check: a lock file that the verdicts must agree with.
        lock: where to write a lock file.

    Raises:
        ReplisomeError: there are no verdicts yet, or they differ from the lock file.
    """
    if settings is not None and out is not None:
        _merge(read_json(settings), results, out)
        return
    claims: list[dict[str, Any]] = read_verified(results / "claims.json")["claims"]
    if lock is not None:
        write_lock(lock, claims)
        print(f"{lock}: {len(claims)} claims.")
    elif check is not None:
        found = changes(check, claims)
        if found:
            shown = "\n  ".join(found)
            raise ReplisomeError(
                f"{len(found)} verdicts are not those of {check}:\n  {shown}\nWhere that is right, write the lock anew "
                f"(python -m replisome claims --results {results} --lock {check}) and commit it."
            )
        print(f"All verdicts are those of {check}.")
    else:
        print("\n".join(_shown(claims)))


def _merge(identity: dict[str, Any], results: Path, out: Path) -> None:
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


def _shown(claims: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the scorecard of each study, then the verdict of each claim that was judged."""
    for study in dict.fromkeys(claim["study"] for claim in claims):
        members = [claim for claim in claims if claim["study"] == study]
        yield f"{study}: {len(members)} claims"
        for protocol, name in PROTOCOL_NAMES.items():
            found = counts(members, protocol)
            yield f"  {name:12} " + "   ".join(f"{SIGNS[word]} {count} {word}" for word, count in found.items())
        for claim in members:
            for protocol, verdict in claim["verdicts"].items():
                if claim["kind"] == "conflict":
                    yield f"  ≠ {claim['id']} ({PROTOCOL_NAMES[protocol]}): {verdict['reason']}"
                elif verdict["verdict"] != "not run":
                    measured = f"{number(verdict['estimate'])} {claim['unit']}".strip()
                    yield (
                        f"  {SIGNS[verdict['verdict']]} {verdict['verdict']:15} {claim['id']} "
                        f"({PROTOCOL_NAMES[protocol]}): {measured}; {verdict['reason']}"
                    )

"""Verdicts as rows of a table: one a claim and protocol, as in claims.csv."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from replisome.claims.supplement import look_in_words

COLUMNS = (
    *("study", "id", "role", "owner", "kind", "protocol", "verdict", "reason", "estimate", "low", "high", "unit"),
    *("reported", "p", "survives", "caps", "flags", "decides", "look", "verdict_id", "plain"),
)


def rows(claim: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a claim as claims.json has it, with the keys ``COLUMNS``."""
    about = {key: claim[key] for key in ("study", "id", "role", "owner", "kind", "unit", "plain")}
    for protocol, verdict in claim["verdicts"].items():
        yield {
            **about,
            "protocol": protocol,
            "reported": (claim["reported"] or {}).get("value"),
            **{key: verdict[key] for key in ("verdict", "reason", "estimate", "low", "high", "p")},
            "survives": verdict["bh"],
            "caps": "; ".join(verdict["caps"]),
            "flags": "; ".join(verdict["flags"]),
            "decides": verdict["decides"]["words"] if verdict["decides"] else None,
            "look": look_in_words(verdict["look"]),
            "verdict_id": verdict["id"],
        }

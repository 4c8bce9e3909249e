"""The verdicts of a study as a table for the page: headline claims first, then all others that were judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from replisome.claims.supplement import PROTOCOL_NAMES, ROLES, SIGNS, look_in_words, lost, measured, number


def verdict_table(claims: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row a claim.

    Args:
        claims: as written in claims.json.

    Returns:
        What is claimed and by whom, what the paper printed, and by protocol the verdict with what was measured. Claims
        that were not run stand here only where they are headlines; claims.md has them all.
    """
    rows = []
    for claim in sorted(claims, key=lambda claim: ROLES.index(claim["role"])):
        judged = any(verdict["verdict"] != "not run" for verdict in claim["verdicts"].values())
        if claim["kind"] == "conflict" or not (judged or claim["role"] == ROLES[0]):
            continue
        printed = claim["reported"]["value"] if claim["reported"] else None
        row = {
            "claim": claim["plain"],
            "whose": claim["paper"]["report"] if claim["paper"] else claim["owner"],
            "printed": None if printed is None else f"{number(printed)} {claim['unit']}".strip(),
        }
        for protocol, name in PROTOCOL_NAMES.items():
            verdict = claim["verdicts"].get(protocol)
            row[name] = None if verdict is None else _verdict(verdict, claim["unit"])
        rows.append(row)
    return pd.DataFrame(rows, columns=["claim", "whose", "printed", *PROTOCOL_NAMES.values()])


def _verdict(verdict: Mapping[str, Any], unit: str) -> str:
    found = "" if verdict["estimate"] is None else f": {measured(verdict, unit)}"
    dagger = " †" if lost(verdict) else ""
    why = "; ".join(filter(None, [verdict["reason"], look_in_words(verdict["look"])]))
    return f"{SIGNS[verdict['verdict']]} {verdict['verdict']}{dagger}{found} ({why})"

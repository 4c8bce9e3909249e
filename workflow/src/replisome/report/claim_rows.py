"""A claim as a row that a reader takes in at once: what is claimed, the drawing, and a word a protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from replisome.claims.supplement import PROTOCOL_NAMES, ROLES, SIGNS, lost
from replisome.report.drawing import draw, measured
from replisome.report.numbers import exact, in_unit

CONTROL = "control"  # the owner of claims about simulated data
CONFLICT = "conflict"  # the kind of claims that are drawn, not judged
NOT_RUN = "not run"
NOT_JUDGED = "not judged"  # how that is shown where there is a number

Written = Mapping[str, Any]


def is_judged(claim: Written) -> bool:
    """Say whether a protocol has a verdict on a claim: conflicts are shown with the claims that they are between."""
    return claim["kind"] != CONFLICT and any(one["verdict"] != NOT_RUN for one in claim["verdicts"].values())


def in_order(claims: Iterable[Written]) -> list[Written]:
    """Return claims headline first, then as the paper has them; never by verdict, which would make a pillory of it."""
    return sorted(claims, key=lambda claim: ROLES.index(claim["role"]))


def row(claim: Written) -> dict[str, Any]:
    """Return what the template shows of a claim in a list."""
    return {
        "id": claim["id"],
        "plain": claim["plain"],
        "whose": whose(claim),
        "printed": printed(claim),
        "drawing": draw(claim),
        "verdicts": [verdict(claim, protocol) for protocol in claim["verdicts"]],
    }


def whose(claim: Written) -> str:
    """Return who makes a claim, in a word or two."""
    if claim["paper"]:
        return str(claim["paper"]["report"])
    return {"ours": "our claim", CONTROL: "check"}[claim["owner"]]


def printed(claim: Written) -> str:
    """Return the number that the report printed, with its unit; nothing where it printed none."""
    reported = claim["reported"]
    return in_unit(exact(reported["value"]), claim["unit"]) if reported else ""


def verdict(claim: Written, protocol: str) -> dict[str, Any]:
    """Return a protocol's verdict as it is shown: sign and word, the number with its interval, and why."""
    found = claim["verdicts"][protocol]
    number, interval = ("", "") if found["estimate"] is None else measured(found, claim["unit"])
    return {
        "protocol": PROTOCOL_NAMES[protocol],
        "sign": sign(found["verdict"]),
        "word": NOT_JUDGED if found["verdict"] == NOT_RUN and number else found["verdict"],
        "css": found["verdict"].replace(" ", "-"),
        "dagger": lost(found),
        "number": number,
        "interval": interval,
        "reason": found["reason"],
        "quiet": found["verdict"] == NOT_RUN and not number,
    }


def found_of(conflict: Written) -> str:
    """Return what was found of claims that contradict each other, in words; what both protocols say stands once."""
    return "; ".join(dict.fromkeys(str(one["reason"]) for one in conflict["verdicts"].values()))


def sign(word: str) -> str:
    """Return the sign that stands beside a verdict's word."""
    return "\N{EN DASH}" if word == NOT_RUN else SIGNS[word]

"""The section of a claim: what is claimed, what came of it, by which rule, how sure that is, where it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from replisome import __version__
from replisome.claims.supplement import look_in_words
from replisome.report.claim_rows import CONFLICT, NOT_RUN, found_of, is_judged, row, verdict, whose
from replisome.report.deciding import Missing, missing_of
from replisome.report.drawing import measured
from replisome.report.numbers import exact, in_unit, short

# What is asked of the numbers, by kind of question; docs/evidence.md says it at length.
QUESTIONS = {
    "value": "the printed number must lie where one more run of ours would fall, and that range must be narrow",
    "difference": "the whole interval of the difference must lie above what is negligible, on the claimed side",
    "same": "the whole interval of the difference must lie within the margin",
    "order": "each must be ahead of the next with the whole interval",
    "ratio": "the whole interval of the ratio must lie on the claimed side of one",
    "sign": "the whole interval must lie on the claimed side of the given number, or within the margin around it",
    "winner": "no rival may be better by what matters, with the whole interval",
    "spread": "the whole interval of the seeds' standard deviation must lie below the limit",
    "share": "in how many runs it happens, by the exact interval of Clopper and Pearson",
    "fact": "a count that no run changes: equal to the printed digit, or on the right side of a bound",
    "all": "all of its claims must hold",
    "missing": "nothing here can judge it yet",
}
MODULES = {
    **dict.fromkeys(("difference", "same", "order", "winner"), "comparisons.py"),
    **dict.fromkeys(("value", "sign", "spread"), "single.py"),
    **dict.fromkeys(("share", "fact"), "counts.py"),
    "ratio": "ratios.py",
    "all": "together.py",
}
WORDS_OF = {"paper": "the report's", "ours": "ours"}
ABOUT = {"general": "other items of the kind", "this_set": "these very test items"}

Written = Mapping[str, Any]


@dataclass(frozen=True)
class Places:
    """Where the evidence of a study's claims is.

    Attributes:
        claims_file: the file with the claims, from the repository's folder; empty where it is not known.
        lines: by claim, its line in that file.
        items: by a run's folder, the tables and figures of the page that show it: anchor and title.
        implementation: the package of the study.
    """

    claims_file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    items: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    implementation: str = ""


def card(claim: Written, claims: Mapping[str, Written], places: Places, preset: str) -> dict[str, Any]:
    """Return what the template shows of a claim that was judged.

    Args:
        claim: as written in claims.json.
        claims: all of its study, by id.
        places: where its evidence is.
        preset: that was run, for the citation.
    """
    return {
        **row(claim),
        "paper": claim["paper"],
        "role": claim["role"],
        "kind": claim["kind"],
        "question": QUESTIONS[claim["kind"]],
        "agreed": claim["agreed"],
        "limits": limits(claim),
        "verdicts": [_verdict(claim, protocol, preset) for protocol in claim["verdicts"]],
        "leak": _leak(claim),
        "members": [_named(claims[name]) for name in claim["rule"].get("claims", []) if name in claims],
        "conflicts": _conflicts(claim, claims),
        "evidence": _evidence(claim, places),
    }


def limits(claim: Written) -> list[str]:
    """Return the limits of a claim's rule, each with whose it is and why."""
    found = []
    for name, limit in claim["rule"].items():
        if isinstance(limit, Mapping) and "from" in limit:
            why = f": {limit['why']}" if "why" in limit else ""
            value = in_unit(exact(limit["value"]), claim["unit"])
            found.append(f"{name.replace('_', ' ')} {value} ({WORDS_OF[limit['from']]}{why})")
    return found


def contradictions(claims: Sequence[Written]) -> list[dict[str, Any]]:
    """Return what contradicts itself in the reports: the claims that cannot all hold, and what was found of them."""
    by_id = {claim["id"]: claim for claim in claims}
    return [
        {
            "id": claim["id"],
            "plain": claim["plain"],
            "whose": whose(claim),
            "where": claim["paper"]["where"] if claim["paper"] else "",
            "found": found_of(claim),
            "members": [_named(by_id[name]) for name in claim["rule"]["claims"] if name in by_id],
        }
        for claim in claims
        if claim["kind"] == CONFLICT
    ]


def groups_not_run(claims: Sequence[Written]) -> list[tuple[Missing, list[dict[str, Any]]]]:
    """Return the claims that no protocol judged, those that need the same together, in the order of the paper."""
    groups: dict[str, tuple[Missing, list[dict[str, Any]]]] = {}
    for claim in claims:
        if claim["kind"] != CONFLICT and not is_judged(claim):
            missing = missing_of(claim)
            _, members = groups.setdefault(missing.key, (missing, []))
            members.append(
                {**row(claim), "why": missing.why, "where": claim["paper"]["where"] if claim["paper"] else ""}
            )
    return [groups[key] for key in sorted(groups)]


def _verdict(claim: Written, protocol: str, preset: str) -> dict[str, Any]:
    found = claim["verdicts"][protocol]
    return {
        **verdict(claim, protocol),
        "id": found["id"],
        "uncertainty": uncertainty(claim, found),
        "size": None if found["size"] is None else f"{found['size']['verdict']} ({found['size']['reason']})",
        "caps": found["caps"],
        "flags": found["flags"],
        "look": look_in_words(found["look"]),
        "parts": [" ".join([*measured(part, claim["unit"]), f"({part['reason']})"]) for part in found["parts"]],
        "change": what_changes(found),
        "cite": f"replisome {__version__}, claim {claim['id']}, {verdict(claim, protocol)['protocol']}, preset "
        f"{preset}, verdict {found['id']}",
    }


def uncertainty(claim: Written, found: Written) -> str:
    """Return both parts of a verdict's uncertainty in words: what the seeds leave open, and what the items do."""
    factors = claim["kind"] == "ratio"  # whose halves are factors
    sign, nothing = ("\N{MULTIPLICATION SIGN}/\N{DIVISION SIGN}", 1) if factors else ("±", 0)
    seeds = " and ".join(map(str, found["n"]))
    parts = []
    for name, count in (("seeds", seeds), ("items", f"{found['items']:,}" if found["items"] else "")):
        half = found["halves"][name]
        if half not in (None, nothing):
            size = short(half, 2) if factors else in_unit(short(half, 2), claim["unit"])
            parts.append(f"{count} {name} leave {sign} {size}".strip())
        elif count and name == "seeds" and half is None:
            parts.append(f"{count} {'seed' if count == '1' else 'seeds'}: their spread is not known")
    if found["about"] and parts:
        parts.append(f"the interval is about {ABOUT[found['about']]}")
    return "; ".join(parts)


def what_changes(found: Written) -> str:
    """Return what would change a verdict."""
    if found["decides"]:
        return str(found["decides"]["words"])
    if found["verdict"] == NOT_RUN:
        return found["reason"] if found["estimate"] is None else "runs at full size, on the report's own data"
    if found["caps"]:
        return "runs at the full settings: this verdict is held back by what was smaller or other here"
    if found["verdict"] in ("inconclusive", "direction only"):
        return "what is missing above; the verdict does not say how much of it"
    return "nothing likely at these settings: more seeds only narrow the interval; other data or settings may"


def _leak(claim: Written) -> str:
    if not claim["leak"]:
        return ""
    return " ".join(measured(claim["leak"], claim["unit"])).strip()


def _named(claim: Written) -> dict[str, Any]:
    words = {one["protocol"]: one["word"] for one in (verdict(claim, protocol) for protocol in claim["verdicts"])}
    return {"id": claim["id"], "plain": claim["plain"], "words": words, "whose": whose(claim)}


def _conflicts(claim: Written, claims: Mapping[str, Written]) -> list[dict[str, Any]]:
    """Return the contradictions that a claim is part of: what they say, and the claims on the other side."""
    found = []
    for other in claims.values():
        members = other["rule"].get("claims", []) if other["kind"] == CONFLICT else []
        if claim["id"] in members:
            against = [_named(claims[name]) for name in members if name != claim["id"] and name in claims]
            found.append({"plain": other["plain"], "against": against, "found": found_of(other)})
    return found


def _evidence(claim: Written, places: Places) -> dict[str, Any]:
    folders = dict.fromkeys(run for one in claim["verdicts"].values() for run in one["runs"])
    variants = dict.fromkeys(str(PurePosixPath(run).parent) for run in folders)
    items = dict.fromkeys(item for run in folders for item in places.items.get(run, ()))
    number = claim["rule"].get("number", {}) or claim["rule"].get("event", {}).get("number", {})
    measure = number.get("quantity") or claim["rule"].get("fact")
    return {
        "items": list(items),
        "runs": [{"folder": folder, "link": f"{quote(folder)}/"} for folder in variants],
        "count": len(folders),
        "line": f"{places.claims_file}, line {places.lines[claim['id']]}" if claim["id"] in places.lines else "",
        "rule": f"claims/{MODULES[claim['kind']]}" if claim["kind"] in MODULES else "",
        "measure": f"{measure}() in studies/{places.implementation}/quantities.py" if measure else "",
    }

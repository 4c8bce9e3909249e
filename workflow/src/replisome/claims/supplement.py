"""The claims of a study as a page of Markdown, for the supplement of a paper: each claim with its rule and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SIGNS = {"replicated": "●", "direction only": "◐", "not replicated": "○", "inconclusive": "?", "not run": "-"}
PROTOCOL_NAMES = {"reported": "as reported", "sound": "leak-free"}
ROLES = ("headline", "detail", "background")

Written = Mapping[str, Any]


def supplement(title: str, claims: Sequence[Written]) -> str:
    """Return the page.

    Args:
        title: of the study.
        claims: as written in claims.json.
    """
    parts = [f"# Claims: {title}", *_scorecard(claims)]
    for role in ROLES:
        members = [claim for claim in claims if claim["role"] == role]
        if members:
            parts += [f"## {role.capitalize()} claims", *(_card(claim) for claim in members)]
    return "\n\n".join(parts) + "\n"


def _scorecard(claims: Sequence[Written]) -> list[str]:
    head = "| | " + " | ".join(f"{sign} {word}" for word, sign in SIGNS.items()) + " |"
    rows = [head, "|---|" + "---:|" * len(SIGNS)]
    for protocol, name in PROTOCOL_NAMES.items():
        found = counts(claims, protocol)
        rows.append(f"| {name} | " + " | ".join(str(found[word]) for word in SIGNS) + " |")
    return [
        "\n".join(rows),
        "Each claim is judged by a rule that was fixed beside it before the runs. A dagger (†) marks what would not "
        "survive if all of a protocol's questions were asked at once (Benjamini and Hochberg 1995).",
    ]


def counts(claims: Iterable[Written], protocol: str) -> dict[str, int]:
    """Return how many claims have each verdict under a protocol; conflicts are drawn, not judged."""
    found = dict.fromkeys(SIGNS, 0)
    for claim in claims:
        if protocol in claim["verdicts"] and claim["kind"] != "conflict":
            found[claim["verdicts"][protocol]["verdict"]] += 1
    return found


def _card(claim: Written) -> str:
    lines = [f"### {claim['id']}", "", claim["plain"]]
    if claim["paper"]:
        paper = claim["paper"]
        reading = f" Our reading: {paper['reading']}." if "reading" in paper else ""
        lines += ["", f"> {paper['report']}, {paper['where']}: {paper['says']}.{reading}"]
    lines += [
        "",
        f"Question: {claim['kind']}; rule fixed on {claim['agreed']}. {' '.join(_limits(claim['rule']))}".rstrip(),
    ]
    for protocol, verdict in claim["verdicts"].items():
        lines += ["", *_verdict(PROTOCOL_NAMES[protocol], claim, verdict)]
    if claim["leak"]:
        lines += ["", f"- The leak is worth {measured(claim['leak'], claim['unit'])}."]
    return "\n".join(lines)


def _limits(rule: Mapping[str, Any]) -> list[str]:
    found = []
    for name, limit in rule.items():
        if isinstance(limit, Mapping) and "from" in limit:
            why = f": {limit['why']}" if "why" in limit else ""
            owner = "the paper's" if limit["from"] == "paper" else "ours"
            found.append(f"{name.replace('_', ' ').capitalize()} {limit['value']} ({owner}{why}).")
    return found


def _verdict(protocol: str, claim: Written, verdict: Written) -> list[str]:
    dagger = " †" if lost(verdict) else ""
    word = "drawn, not judged" if claim["kind"] == "conflict" else verdict["verdict"]
    sign = "" if claim["kind"] == "conflict" else f"{SIGNS[verdict['verdict']]} "
    lines = [f"- {protocol}: **{sign}{word}**{dagger} ({verdict['reason']}), verdict {verdict['id']}"]
    if verdict["estimate"] is not None:
        lines.append(f"  - measured: {measured(verdict, claim['unit'])}{_uncertainty(verdict, claim['kind'])}")
    lines += [f"  - capped: {cap}" for cap in verdict["caps"]]
    lines += [f"  - note: {flag}" for flag in verdict["flags"]]
    if verdict["look"]:
        lines.append(f"  - {look_in_words(verdict['look'])}")
    if verdict["decides"]:
        lines.append(f"  - what would decide it: {verdict['decides']['words']}")
    return lines


def look_in_words(look: Mapping[str, Any] | None) -> str | None:
    """Return how often a claim was looked at, and what came of it, or None in a study without rounds of seeds."""
    if look is None:
        return None
    said = f"round {look['now']} of {look['of']}"
    if look["decided"] is not None:
        said += f", decided in round {look['decided']}"
    return f"{said}; all seeds together would say: {look['later']}" if look["later"] else said


def lost(verdict: Written) -> bool:
    """Say whether a verdict that leans to a side would not survive if all questions were asked at once."""
    leans = verdict["verdict"] in ("replicated", "direction only", "not replicated")
    return leans and verdict["bh"] is False


def _uncertainty(verdict: Written, kind: str) -> str:
    sign, none = ("x/", 1) if kind == "ratio" else ("±", 0)  # halves of a ratio are factors
    parts = [f"{name} {sign} {number(half)}" for name, half in verdict["halves"].items() if half not in (None, none)]
    seeds = " + ".join(map(str, verdict["n"]))
    return f" ({'; '.join([f'{seeds} seeds' if seeds else '', *parts]).strip('; ')})" if seeds or parts else ""


def measured(found: Written, unit: str) -> str:
    """Return an estimate with its unit and its interval, where it has one."""
    bounds = ""
    if found["low"] is not None and found["low"] != found["high"]:
        bounds = f" [{number(found['low'])}, {number(found['high'])}]"
    return f"{number(found['estimate'])}{f' {unit}' if unit else ''}{bounds}"


def number(value: float | None) -> str:
    """Return a number with four digits that count, none of them lost to an exponent where it is not needed."""
    if value is None:
        return "?"
    return f"{value:,.0f}" if abs(value) >= 1e4 and abs(value) < 1e9 else f"{value:.4g}"

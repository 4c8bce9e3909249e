"""The claims of a study in words, for the supplement of a paper: each claim with its rule and verdicts.

What is said is put together here, once; markdown.py and latex.py only set it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SIGNS = {"replicated": "●", "direction only": "◐", "not replicated": "○", "inconclusive": "?", "not run": "-"}
PROTOCOL_NAMES = {"reported": "as reported", "sound": "leak-free"}
ROLES = ("headline", "detail", "background")
LOG_UNIT = "log"  # of what was measured on a logarithmic scale: a difference of 1 is a factor of e
DAGGER = "†"
NOTE = (
    "Each claim is judged by a rule that was fixed beside it before the runs. A dagger (†) marks what would not "
    "survive if all of a protocol's questions were asked at once (Benjamini and Hochberg 1995)."
)

Written = Mapping[str, Any]


@dataclass(frozen=True)
class VerdictInWords:
    """What is said of a verdict.

    Attributes:
        protocol: its name.
        word: the verdict, with its sign before it where the claim is judged.
        dagger: whether it would not survive if all questions were asked at once.
        reason: why.
        id: changes when the claim or its evidence does.
        details: what was measured, what holds the verdict back, what a reader must know, what would decide it.
    """

    protocol: str
    word: str
    dagger: bool
    reason: str
    id: str
    details: tuple[str, ...]


@dataclass(frozen=True)
class ClaimInWords:
    """What is said of a claim: the sentence, the report's words (None of a claim of ours), the rule, what came of it.

    Attributes:
        leak: what the leak is worth, where both protocols measured the claim.
    """

    id: str
    plain: str
    quote: str | None
    rule: str
    verdicts: tuple[VerdictInWords, ...]
    leak: str | None


@dataclass(frozen=True)
class Supplement:
    """A study's claims in words.

    Attributes:
        title: of the whole.
        words: the verdicts that there can be, each with its sign.
        scores: by a protocol's name, how many claims have each of them, in their order.
        note: how claims are judged.
        sections: by title, the claims of a role; a role without claims has no section.
    """

    title: str
    words: tuple[str, ...]
    scores: Mapping[str, tuple[int, ...]]
    note: str
    sections: Mapping[str, tuple[ClaimInWords, ...]]


def supplement(title: str, claims: Sequence[Written]) -> Supplement:
    """Return what is said of a study's claims.

    Args:
        title: of the study.
        claims: as written in claims.json.
    """
    by_role = {role: tuple(_claim(claim) for claim in claims if claim["role"] == role) for role in ROLES}
    return Supplement(
        title=f"Claims: {title}",
        words=tuple(f"{sign} {word}" for word, sign in SIGNS.items()),
        scores={name: tuple(counts(claims, protocol).values()) for protocol, name in PROTOCOL_NAMES.items()},
        note=NOTE,
        sections={f"{role.capitalize()} claims": members for role, members in by_role.items() if members},
    )


def counts(claims: Iterable[Written], protocol: str) -> dict[str, int]:
    """Return how many claims have each verdict under a protocol; conflicts are drawn, not judged."""
    found = dict.fromkeys(SIGNS, 0)
    for claim in claims:
        if protocol in claim["verdicts"] and claim["kind"] != "conflict":
            found[claim["verdicts"][protocol]["verdict"]] += 1
    return found


def _claim(claim: Written) -> ClaimInWords:
    quote = None
    if claim["paper"]:
        paper = claim["paper"]
        reading = f" Our reading: {paper['reading']}." if "reading" in paper else ""
        quote = f"{paper['report']}, {paper['where']}: {paper['says']}.{reading}"
    rule = f"Question: {claim['kind']}; rule fixed on {claim['agreed']}."
    return ClaimInWords(
        id=claim["id"],
        plain=claim["plain"],
        quote=quote,
        rule=" ".join([rule, *_limits(claim["rule"])]),
        verdicts=tuple(_verdict(PROTOCOL_NAMES[name], claim, one) for name, one in claim["verdicts"].items()),
        leak=f"The leak is worth {measured(claim['leak'], claim['unit'])}." if claim["leak"] else None,
    )


def _limits(rule: Mapping[str, Any]) -> list[str]:
    found = []
    for name, limit in rule.items():
        if isinstance(limit, Mapping) and "from" in limit:
            why = f": {limit['why']}" if "why" in limit else ""
            owner = "the paper's" if limit["from"] == "paper" else "ours"
            found.append(f"{name.replace('_', ' ').capitalize()} {limit['value']} ({owner}{why}).")
    return found


def _verdict(protocol: str, claim: Written, verdict: Written) -> VerdictInWords:
    is_drawn = claim["kind"] == "conflict"
    details = []
    if verdict["estimate"] is not None:
        details.append(f"measured: {measured(verdict, claim['unit'])}{_uncertainty(verdict, claim['kind'])}")
    details += [f"capped: {cap}" for cap in verdict["caps"]]
    details += [f"note: {flag}" for flag in verdict["flags"]]
    if (look := look_in_words(verdict["look"])) is not None:
        details.append(look)
    if verdict["decides"]:
        details.append(f"what would decide it: {verdict['decides']['words']}")
    return VerdictInWords(
        protocol=protocol,
        word="drawn, not judged" if is_drawn else f"{SIGNS[verdict['verdict']]} {verdict['verdict']}",
        dagger=lost(verdict),
        reason=verdict["reason"],
        id=verdict["id"],
        details=tuple(details),
    )


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

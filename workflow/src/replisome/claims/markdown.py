"""A study's claims as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from replisome.claims.supplement import DAGGER, ClaimInWords, Supplement, VerdictInWords


def as_markdown(said: Supplement) -> str:
    """Return the page."""
    parts = [f"# {said.title}", _scorecard(said), said.note]
    for title, claims in said.sections.items():
        parts += [f"## {title}", *map(_claim, claims)]
    return "\n\n".join(parts) + "\n"


def _scorecard(said: Supplement) -> str:
    rows = [_row("", said.words), "|---|" + "---:|" * len(said.words)]
    rows += [_row(f"{name} ", counts) for name, counts in said.scores.items()]
    return "\n".join(rows)


def _row(first: str, cells: Iterable[str | int]) -> str:
    return f"| {first}| {' | '.join(map(str, cells))} |"


def _claim(claim: ClaimInWords) -> str:
    parts = [f"### {claim.id}", claim.plain]
    if claim.quote is not None:
        parts.append(f"> {claim.quote}")
    parts += [claim.rule, *map(_verdict, claim.verdicts)]
    if claim.leak is not None:
        parts.append(f"- {claim.leak}")
    return "\n\n".join(parts)


def _verdict(verdict: VerdictInWords) -> str:
    dagger = f" {DAGGER}" if verdict.dagger else ""
    line = f"- {verdict.protocol}: **{verdict.word}**{dagger} ({verdict.reason}), verdict {verdict.id}"
    return "\n".join([line, *(f"  - {detail}" for detail in verdict.details)])

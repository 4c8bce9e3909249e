"""The pages, rendered: all HTML is made by templates, which escape what they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jinja2
import pandas as pd

from replisome import __version__
from replisome.analysis.results import StudyResults
from replisome.report.cards import Places, card, contradictions, groups_not_run
from replisome.report.claim_rows import in_order, is_judged
from replisome.report.first_screen import first_screen
from replisome.report.numbers import short
from replisome.report.runs import curves, run_rows
from replisome.report.story import contents, items_by_run, story
from replisome.report.structured_data import dataset, reviews
from replisome.report.tables import Shown, show
from replisome.tracking.introspect import ROOT
from replisome.tracking.verify import read_verified

TEMPLATES = ROOT.parents[1] / "report"


def pages(
    studies: Sequence[StudyResults],
    ledger: Mapping[str, Mapping[str, Any]],
    claims_at: Mapping[str, Mapping[str, Any]],
    made: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """Return the text of each page by its file's name.

    Args:
        studies: in the order of the page.
        ledger: the data sets, by name.
        claims_at: by study, the ``file`` that its claims are in, and the ``lines`` where each begins.
        made: what :func:`.made_with.made_with` says of all runs.

    Returns:
        report.html, which needs no other file, and those that it leads to: every claim, long tables, every run.
    """
    claims = {s.plan.name: read_verified(s.root / s.plan.name / "claims.json")["claims"] for s in studies}
    found = {study.plan.name: contents(study) for study in studies}
    rows, dates = run_rows(studies), [row["date"] for row in made]
    every_claim = [one for own in claims.values() for one in own]
    titles = {study.plan.name: study.plan.settings["title"] for study in studies}
    screen = first_screen(studies, every_claim, dates)
    shared = {"version": __version__, "titles": titles, "screen": screen}
    stories = [story(study, found[study.plan.name], claims[study.plan.name], ledger) for study in studies]
    return {
        "report.html": _render(
            "report.html",
            **shared,
            studies=stories,
            provenance=_made_with(made),
            structured_data=dataset(list(titles.values()), screen, every_claim, dates),
        ),
        "tables.html": _render("tables.html", **shared, studies=stories),
        "claims.html": _render(
            "claims.html",
            **shared,
            structured_data=reviews(every_claim),
            studies=[
                _claims(study, claims[study.plan.name], items_by_run(study, found[study.plan.name]), claims_at)
                for study in studies
            ],
        ),
        "runs.html": _render("runs.html", **shared, rows=rows, curves=curves(rows)),
    }


@cache
def _environment() -> jinja2.Environment:
    """Return what reads the templates; those that several pages include are parsed once."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(page: str, **values: Any) -> str:
    return _environment().get_template(f"{page}.j2").render(**values)


def _claims(
    study: StudyResults,
    claims: Sequence[Mapping[str, Any]],
    items: Mapping[str, Sequence[tuple[str, str]]],
    claims_at: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return what the page of claims shows of a study: a card a claim that was judged, and those that were not run."""
    plan = study.plan
    at = claims_at.get(plan.name, {})
    places = Places(at.get("file", ""), at.get("lines", {}), items, plan.implementation.name)
    by_id = {claim["id"]: claim for claim in claims}
    judged = [claim for claim in in_order(claims) if is_judged(claim)]
    return {
        "name": plan.name,
        "title": plan.settings["title"],
        "cards": [card(claim, by_id, places, str(plan.settings["preset"])) for claim in judged],
        "contradictions": contradictions(claims),
        "not_run": groups_not_run(in_order(claims)),
    }


def _energy(row: Mapping[str, Any]) -> str:
    return f"{short(row['card_joules'] / 1000)} kJ in {row['card_runs']} runs" if row["card_runs"] else ""


def _made_with(rows: Sequence[Mapping[str, Any]]) -> Shown:
    """Return the rows of :func:`.made_with.made_with` as the page shows them; of energy only where a card told."""
    told = any(row["card_joules"] is not None for row in rows)
    shown = [
        {
            **{key: value for key, value in row.items() if key not in ("seeds", "seconds", "card_joules", "card_runs")},
            "seeds": ", ".join(map(str, row["seeds"])),
            "minutes": row["seconds"] / 60,
            **({"GPU": _energy(row)} if told else {}),
        }
        for row in rows
    ]
    return show(pd.DataFrame(shown), len(shown))

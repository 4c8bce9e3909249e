"""The story of a study: what was claimed, what was found, the figure that shows it, then the details by topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from replisome.analysis.notes import notes
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import label, variants
from replisome.claims.supplement import PROTOCOL_NAMES, counts
from replisome.config.budget import Budget
from replisome.config.declared import Declared, figures, main_figures, tables
from replisome.config.grid import seeds
from replisome.config.plan import StudyPlan
from replisome.data.study_inputs import LEFT_OUT
from replisome.io import read_json
from replisome.report.captions import caption, percent
from replisome.report.claim_rows import CONFLICT, CONTROL, in_order, is_judged, row, sign
from replisome.report.data_cards import classes_table, recipes_table, sources
from replisome.report.numbers import short
from replisome.report.pictures import picture
from replisome.report.tables import as_rows, read_table, show
from replisome.tracking.verify import verified

CHOICES = "choices"  # the table of what is our choice or inference, which ends a story
NARROW = 5.0  # inches: beside such a figure its caption has room
MOST_LINES, MOST_OF_FIRST = 12, 28  # of a table in a story, and of its first; longer ones have a page of their own
MOST_TABLES, MOST_FIGURES = 4, 2  # that a claim names as its evidence
NO_ROWS = "no run of this configuration belongs in it"

Written = Mapping[str, Any]


@dataclass(frozen=True)
class Contents:
    """What a study's tables and figures are in this configuration.

    Attributes:
        tables: by name, those that have rows.
        figures: those that have something to show.
        left_out: titles of the others, by why.
    """

    tables: Mapping[str, pd.DataFrame]
    figures: Sequence[str]
    left_out: Mapping[str, Sequence[str]]


def contents(study: StudyResults) -> Contents:
    """Read a study's tables, and which of its figures have something to show."""
    name, folder = study.plan.implementation.name, study.root / study.plan.name
    frames = {table: read_table(verified(folder / "tables" / f"{table}.csv")) for table in tables(name)}
    empty: Mapping[str, str] = read_json(folder / "figures" / LEFT_OUT)
    left_out: dict[str, list[str]] = {}
    for table, item in tables(name).items():
        if frames[table].empty:
            left_out.setdefault(NO_ROWS, []).append(f"table “{item.title}”")
    for figure, item in figures(name).items():
        if empty.get(figure):  # of a further page that is not needed nothing is said
            left_out.setdefault(empty[figure].rstrip("."), []).append(f"figure “{item.title}”")
    kept = {table: frame for table, frame in frames.items() if not frame.empty}
    return Contents(kept, [figure for figure in figures(name) if figure not in empty], left_out)


def story(
    study: StudyResults, found: Contents, claims: Sequence[Written], ledger: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what the template shows of a study.

    Args:
        study: its results.
        found: its tables and figures.
        claims: as written in its claims.json.
        ledger: the data sets, by name.
    """
    plan = study.plan
    name = plan.implementation.name
    main = next((figure for figure in main_figures(name) if figure in found.figures), None)
    judged = [claim for claim in in_order(claims) if is_judged(claim)]
    ours = [claim for claim in claims if claim["owner"] != CONTROL]  # as the first screen counts them
    values, ceilings = _values_to_beat(claims), _ceilings_to_beat(study)
    return {
        "name": plan.name,
        "title": plan.settings["title"],
        "summary": plan.settings["summary"],
        "notes": notes(study),
        "level": percent(plan),
        "claims": len([claim for claim in ours if claim["kind"] != CONFLICT]),
        "checks": len(claims) - len(ours),
        "judged": [row(claim) for claim in judged],
        "found": [_in_words(ours if any(map(is_judged, ours)) else claims, protocol) for protocol in PROTOCOL_NAMES],
        "main": _figure(study, figures(name)[main]) if main else None,
        "to_beat": as_rows(values + ceilings) if values + ceilings else None,
        "to_beat_values": bool(values),
        "experiments": as_rows([_experiment(plan, experiment) for experiment in plan.experiments]),
        "recipes": recipes_table(study),
        "classes": classes_table(study),
        "sources": sources(study, ledger),
        "topics": _topics(study, found, main),
        "choices": _choices(study, found),
        "left_out": found.left_out,
    }


def items_by_run(study: StudyResults, found: Contents) -> dict[str, list[tuple[str, str]]]:
    """Return, by a run's folder, the first tables that have rows of its model and the first figures of their topics.

    A table has a row of a model where recipe and name are the same; figures of a topic show what its tables list.
    """
    name, folder = study.plan.implementation.name, study.plan.name
    drawn = {figure: item for figure, item in figures(name).items() if figure in found.figures}
    members = {
        table: set(zip(frame["recipe"].astype(str), frame["model"].astype(str), strict=True))
        for table, frame in found.tables.items()
        if {"recipe", "model"} <= set(frame)
    }
    by_run: dict[str, list[tuple[str, str]]] = {}
    for variant in variants(study):
        own = [table for table, rows in members.items() if (variant.recipe, label(study, variant)) in rows]
        topics = {tables(name)[table].topic for table in own}
        pictures = [figure for figure, item in drawn.items() if item.topic in topics and item.page == 1]
        items = [(f"{folder}-{table}", tables(name)[table].title) for table in own[:MOST_TABLES]]
        items += [(f"{folder}-{figure}", drawn[figure].title) for figure in pictures[:MOST_FIGURES]]
        by_run |= {run.directory: items for run in variant.runs}
    return by_run


def _in_words(claims: Sequence[Written], protocol: str) -> dict[str, Any]:
    numbers = counts(claims, protocol)
    said = [{"sign": sign(word), "word": word, "count": count} for word, count in numbers.items() if count]
    return {"protocol": PROTOCOL_NAMES[protocol], "counts": said}


def _topics(study: StudyResults, found: Contents, main: str | None) -> list[dict[str, Any]]:
    """Return tables and figures by topic, the tables' topics first, without what stands elsewhere in the story."""
    name = study.plan.implementation.name
    shown = [item for item in tables(name).values() if item.name in found.tables and item.name != CHOICES]
    drawn = [item for item in figures(name).values() if item.name in found.figures and item.name != main]
    topics: dict[str, dict[str, Any]] = {}
    for item in [*shown, *drawn]:
        title = item.topic.replace("_", " ").capitalize()
        topics.setdefault(item.topic, {"title": title, "tables": [], "figures": []})
    for number, item in enumerate(shown):
        most = MOST_LINES if number else MOST_OF_FIRST
        topics[item.topic]["tables"].append(_table(study, item, found.tables[item.name], most))
    for item in drawn:
        topics[item.topic]["figures"].append(_figure(study, item))
    return list(topics.values())


def _choices(study: StudyResults, found: Contents) -> dict[str, Any] | None:
    """Return what is our choice or inference: of whatever length, it stands in the story."""
    if CHOICES not in found.tables:
        return None
    frame = found.tables[CHOICES]
    return _table(study, tables(study.plan.implementation.name)[CHOICES], frame, len(frame) + MOST_LINES)


def _declared(study: StudyResults, item: Declared) -> dict[str, Any]:
    """Return what stands around a table or figure on the page: title, caption, and the function that made it."""
    said = caption(item.caption, study.plan)
    return {"name": item.name, "title": item.title, "caption": said, "made_by": item.where}


def _table(study: StudyResults, item: Declared, frame: pd.DataFrame, most_lines: int) -> dict[str, Any]:
    shown = show(frame)
    return {
        **_declared(study, item),
        "shown": shown,
        "long": shown.lines > most_lines,
        "file": f"{study.plan.name}/tables/{item.name}.csv",
    }


def _figure(study: StudyResults, item: Declared) -> dict[str, Any]:
    """Return a figure as the page shows it, with what stands around it."""
    folder = study.root / study.plan.name / "figures"
    shown = picture(verified(folder / f"{item.name}.png"), verified(folder / f"{item.name}.svg"), item.image)
    return {
        **_declared(study, item),
        "source": shown.source,
        "inches": shown.inches,
        "narrow": shown.inches <= NARROW,
        "file": f"{study.plan.name}/figures/{item.name}.svg",
        "alt": f"{item.title}. {item.caption.split('. ')[0].replace(chr(10), ' ')}",
    }


def _values_to_beat(claims: Sequence[Written]) -> list[dict[str, Any]]:
    """Return a row for each value of a report that we have beside it, with the interval of one more run of ours."""
    rows: list[dict[str, Any]] = []
    for claim in claims:
        found = {p: v for p, v in claim["verdicts"].items() if v["estimate"] is not None}
        if claim["kind"] == "value" and found:
            shown = row(claim)
            ours = {one["protocol"]: " ".join([one["number"], one["interval"]]).strip() for one in shown["verdicts"]}
            columns = {f"ours, {protocol}": ours.get(protocol) or None for protocol in PROTOCOL_NAMES.values()}
            rows.append({"what": claim["plain"], "to beat": shown["printed"], **columns})
    return rows


def _ceilings_to_beat(study: StudyResults) -> list[dict[str, Any]]:
    """Return a row for each control: the best that it allows, and the best that we have on validation."""
    rows: list[dict[str, Any]] = []
    for recipe, card in study.cards.items():
        best = study.best_candidate(recipe)
        if "ceiling" in card and best is not None and best.metric == card["ceiling"]["metric"]:
            score = study.plan.implementation.score(best.metric)
            ceiling = score.written(card["ceiling"]["expected"])
            what = f"best possible {score.title}, recipe {recipe}"
            model = f"{score.written(best.mean)} on validation ({best.model})"
            protocol = PROTOCOL_NAMES[card["protocol"]]
            rows.append({"what": what, "to beat": ceiling, f"ours, {protocol}": model})
    return rows


def _experiment(plan: StudyPlan, name: str) -> dict[str, Any]:
    block = plan.experiments[name]
    full = plan.settings["full"].get(name)
    return {
        "experiment": name,
        "what": block["description"],
        "recipes": ", ".join(block["recipes"]),
        "models": ", ".join(block["models"]),
        "runs": len(plan.runs_of[name]),
        "budget": f"{Budget.of(block['budget'])}, {_seeds(len(seeds(block['seeds'])))}",
        "full settings": f"{Budget.of(full['budget'])}, {_seeds(full['seeds'])}" if full else "not part of them",
        "chosen by validation": plan.implementation.score(block["select"]["metric"]).title,
        "tested": block["test"],
    }


def _seeds(number: int) -> str:
    return f"{short(number)} seed{'s' if number != 1 else ''}"

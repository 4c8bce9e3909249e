"""Write report.html: one page that holds everything it shows."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from docutils.core import publish_parts
from markupsafe import Markup

from replisome import __version__
from replisome.analysis.notes import notes
from replisome.analysis.planned import require_drawn, require_planned
from replisome.analysis.results import StudyResults
from replisome.claims.table import verdict_table
from replisome.config.budget import Budget
from replisome.config.declared import Declared, figures, tables
from replisome.config.grid import seeds
from replisome.config.plan import StudyPlan
from replisome.config.study import Study
from replisome.data.splits import SPLITS
from replisome.data.study_inputs import for_page
from replisome.io import read_json, write_text
from replisome.tracking.record import Record
from replisome.tracking.verify import read_record, read_verified, verified

ABOUT = ("recipe", "protocol", "data", "budget", "seeds", "weights")  # columns that say what a row was made with
MOST_ROWS = 100  # of a table on the page
WRITTEN_NUMBER = r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?"  # as summarise writes numbers
PAGES = Path(__file__).resolve().parents[3] / "report"


def run(settings: Path, results: Path, out: Path) -> None:
    """Render the studies that ``settings`` (report.json) names to ``out``; captions and the record go beside it.

    Args:
        settings: report.json, which the workflow made.
        results: the results folder.
        out: the page.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("report", identity)
    tabled = [verified(results / name / "tables" / "study.json") for name in identity["studies"]]
    studies = [StudyResults.open(path, results) for path in tabled]
    for study in studies:
        require_planned(study)
        require_drawn(study, identity["settings"][study.plan.name])
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("report.html.j2").render(
        version=__version__,
        studies=[_study(study, identity["datasets"]) for study in studies],
        provenance=_table(_provenance(studies)),
    )
    write_text(out, page)
    for study in studies:
        name = study.plan.implementation.name
        for item in (*tables(name).values(), *figures(name).values()):  # for Snakemake's own report
            caption = _at_level(item.caption, study.plan)
            write_text(settings.parent / "captions" / study.plan.name / f"{item.name}.rst", f"{caption}\n")
    record.write(settings.with_name("provenance.json"), for_page([study.plan for study in studies], results))


def _study(study: StudyResults, ledger: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    plan = study.plan
    folder = study.root / plan.name
    return {
        "name": plan.name,
        "title": plan.settings["title"],
        "summary": plan.settings["summary"],
        "notes": notes(study),
        "level": _percent(plan),
        "facts": _facts(study),
        "verdicts": _table(verdict_table(read_verified(folder / "claims.json")["claims"])),
        "experiments": _table(pd.DataFrame([_experiment(plan, name) for name in plan.experiments])),
        "cards": [_card(plan.implementation, card, ledger.get(card["dataset"], {})) for card in study.cards.values()],
        "tables": [
            {
                **_declared(item, plan),
                "html": _tables(_read_table(verified(folder / "tables" / f"{item.name}.csv"))),
                "file": f"{plan.name}/tables/{item.name}.csv",
            }
            for item in tables(plan.implementation.name).values()
        ],
        "figures": [
            {
                **_declared(item, plan),
                **_image(verified(folder / "figures" / f"{item.name}.png")),
                "file": f"{plan.name}/figures/{item.name}.svg",
            }
            for item in figures(plan.implementation.name).values()
        ],
    }


def _declared(item: Declared, plan: StudyPlan) -> dict[str, Any]:
    """Return what stands around a table or figure on the page: title, caption, and the function that made it."""
    caption = _caption(_at_level(item.caption, plan))
    return {"name": item.name, "title": item.title, "caption": caption, "made_by": item.where}


def _at_level(caption: str, plan: StudyPlan) -> str:
    """Return a caption that names the coverage of a study's intervals: captions are written for one look at 95 %."""
    return caption.replace("95 %", _percent(plan))


def _percent(plan: StudyPlan) -> str:
    return f"{100 * plan.level:.3g} %"


def _facts(study: StudyResults) -> list[tuple[str, str]]:
    final = study.metrics[study.metrics["role"].str.startswith("final")]
    curves = study.pick(role="curve", split="test")
    per_run = ["recipe", "model", "hyperparameters", "seed"]
    cost = study.pick(role="cost", metric="seconds_training").drop_duplicates(per_run)
    best = []
    for recipe, card in study.cards.items():
        chosen = study.best_candidate(recipe)
        if chosen:
            score = study.plan.implementation.score(chosen.metric)
            best.append((f"best validation {score.title}, recipe {recipe}", score.written(chosen.mean)))
        if "ceiling" in card:
            score = study.plan.implementation.score(card["ceiling"]["metric"])
            best.append((f"best possible {score.title}, recipe {recipe}", score.written(card["ceiling"]["expected"])))
    return [
        *best,
        ("runs trained", f"{len(study.plan.runs)}"),
        ("final readings of a test split", f"{len(final.drop_duplicates([*per_run, 'role']))}"),
        ("runs with a test curve", f"{len(curves.drop_duplicates(per_run))}"),
        ("of training in all", _duration(float(cost["value"].sum()))),
    ]


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _experiment(plan: StudyPlan, name: str) -> dict[str, Any]:
    block = plan.experiments[name]
    full = plan.settings["full"].get(name)
    return {
        "experiment": name,
        "what": block["description"],
        "recipes": ", ".join(block["recipes"]),
        "models": ", ".join(block["models"]),
        "runs": len(plan.runs_of[name]),
        "budget": str(Budget.of(block["budget"])),
        "seeds": len(seeds(block["seeds"])),
        "full settings": f"{Budget.of(full['budget'])}, {full['seeds']} seeds" if full else "not part of them",
        "selected by": f"validation {plan.implementation.score(block['select']['metric']).title}",
        "tested": block["test"],
    }


def _card(study: Study, card: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    origin = card["origin"] or {}
    facts = {
        "protocol": card["protocol"],
        "split": card["split"],
        "normalisation": card["normalisation"],
        "source": f"control '{card['control']}'" if card["control"] else f"{origin['file']} ({origin['from']})",
        "version": origin.get("version"),
        "SHA-256": origin.get("sha256"),
        "licence": entry.get("licence"),
        "citation": entry.get("citation"),
    }
    if "ceiling" in card:
        best, drawn = card["ceiling"]["expected"], card["ceiling"]["oracle_on_this_draw"]["validation"]
        score = study.score(card["ceiling"]["metric"])
        facts[f"best possible {score.title}"] = (
            f"{score.written(best)} expected, {score.written(drawn)} on this validation draw"
        )
    facts["with it"] = "; ".join(f"{c['file']} ({c['from']}), SHA-256 {c['sha256']}" for c in card["companions"])
    rows = pd.DataFrame([(k, v) for k, v in facts.items() if v], columns=["", "value"])
    return {"recipe": card["recipe"], "facts": _table(rows), "counts": _table(_counts(card))}


def _counts(card: Mapping[str, Any]) -> pd.DataFrame:
    """Return items per class and split, where the study has classes."""
    if "class_names" not in card:
        return pd.DataFrame([card["counts"]])[list(SPLITS)]
    counts = pd.DataFrame(card["counts"])[list(SPLITS)]
    counts.insert(0, "class", card["class_names"])
    total = pd.DataFrame([{"class": "all", **counts.drop(columns="class").sum().to_dict()}])
    return pd.concat([counts, total], ignore_index=True)


def _caption(text: str) -> Markup:
    parts = publish_parts(
        text,
        writer="html5",
        settings_overrides={"halt_level": 2, "file_insertion_enabled": False, "raw_enabled": False},
    )
    return Markup(parts["body"])  # noqa: S704 (our own captions)


def _image(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    width, _ = struct.unpack(">II", data[16:24])  # the PNG header
    return {"image": base64.b64encode(data).decode(), "width": width * 2 // 3}


def _read_table(path: Path) -> pd.DataFrame:
    """Read a table; one that no run belongs in has no columns either."""
    if not path.read_text(encoding="utf-8").strip():
        return pd.DataFrame()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])  # a protein may be called NA
    return pd.DataFrame({name: _numbers_of(column) for name, column in frame.items()})


def _numbers_of(column: pd.Series[str]) -> pd.Series[Any]:
    """Return a column as numbers if all of it is written as tables write them: a chain called 5E10 is a name."""
    given = column.dropna()
    finite = given[~given.isin(["inf", "-inf"])]
    numbers = finite.str.fullmatch(WRITTEN_NUMBER).all() and (len(finite) > 0 or given.empty)
    return pd.to_numeric(column) if numbers else column


def _tables(frame: pd.DataFrame) -> Markup:
    """Return one HTML table a recipe, so that protocols never share a column; what is equal in all rows goes above.

    A table with one row a recipe compares the recipes themselves and stays whole.
    """
    if frame.empty:
        return Markup("<p>No run of this configuration belongs in this table.</p>")
    if "recipe" not in frame or frame["recipe"].is_unique:
        return _table(frame)
    parts = []
    for _, rows in frame.groupby("recipe", sort=False):
        common = [name for name in ABOUT if name in rows and rows[name].nunique() == 1]
        about = "; ".join(f"{name}: {rows[name].iloc[0]}" for name in common)
        parts.append(Markup("<p><b>{}</b></p>{}").format(about, _table(rows.drop(columns=common))))
    return Markup("").join(parts)


def _table(frame: pd.DataFrame) -> Markup:
    """Return HTML; columns ``x``, ``x low``, ``x high`` become one cell with its interval, empty columns go.

    Of a long table the page shows the beginning and says so; the file has all of it.
    """
    rest = Markup("")
    if len(frame) > MOST_ROWS:
        rest = Markup("<p>The first {} of {:,} rows; all are in the table's file.</p>").format(MOST_ROWS, len(frame))
        frame = frame.head(MOST_ROWS)
    frame = frame.dropna(axis="columns", how="all")
    hidden = {f"{name} {bound}" for name in frame for bound in ("low", "high")}
    shown = [str(name) for name in frame if name not in hidden]
    head = Markup("").join(Markup("<th>{}</th>").format(name) for name in shown)
    lines = []
    for row in frame.to_dict(orient="records"):
        cells = Markup("").join(_cell({str(k): v for k, v in row.items()}, name) for name in shown)
        lines.append(Markup("<tr>{}</tr>").format(cells))
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}").format(
        head, Markup("").join(lines), rest
    )


def _cell(row: Mapping[str, Any], name: str) -> Markup:
    value = row[name]
    if isinstance(value, str):
        return Markup('<td class="{}">{}</td>').format("text" if len(value) < 40 else "long", value)
    low, high = row.get(f"{name} low"), row.get(f"{name} high")
    interval: str | Markup = ""
    if low is not None and high is not None and not pd.isna(low):
        interval = Markup(' <span class="interval">[{}, {}]</span>').format(_number(low), _number(high))
    return Markup('<td class="number">{}{}</td>').format(_number(value), interval)


def _number(value: Any) -> str:
    if value is None or pd.isna(value):
        return "\N{EN DASH}"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    size = abs(float(value))
    if size >= 1:
        return f"{value:,.0f}" if size >= 1000 else f"{value:.2f}"
    return f"{value:.3f}" if size >= 0.01 else f"{value:.2g}"


def _provenance(studies: Sequence[StudyResults]) -> pd.DataFrame:
    """Return on what machines, with what versions and when the runs were trained, a row a combination."""
    rows = []
    for study in studies:
        for run in study.plan.runs:
            record = read_record(study.root / run.directory / "provenance.json")
            packages = ", ".join(f"{name} {version}" for name, version in record["packages"].items())
            rows.append(
                {
                    "study": study.plan.name,
                    "device": record["device"],
                    "processor": f"{record['processor']}, {record['cores']} cores",
                    "threads": record["threads"],
                    "precision": record["precision"],
                    "python": record["python"],
                    "packages": packages,
                    "date": record["ended"][:10],
                    "code": record["code"],
                }
            )
    frame = pd.DataFrame(rows)
    return frame.groupby(list(frame.columns), as_index=False, sort=False).size().rename(columns={"size": "runs"})

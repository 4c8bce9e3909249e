"""``replisome compare``: what differs between two runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from replisome.commands.pages import Page, print_json
from replisome.commands.show_runs import MIB, score_name, score_text, short_hash, written

HEADINGS = ("first", "second")
Found = Mapping[str, Any]


@click.command()
@click.argument("first", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("second", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON, for programs.")
def compare(first: Path, second: Path, as_json: bool) -> None:
    """Say what differs between two runs: settings, code, data, versions, machine, and scores.

    Each RUN is a run's folder (it ends in seed=<number>), or any folder with a run's config.json and what training
    left, such as one that was repeated by the command that 'replisome show' gives. Scores are compared with what other
    seeds of the same settings do, where there are any. That runs differ is no error: the exit code is 0.
    """
    from replisome.api.about.comparison import compared  # noqa: PLC0415 -- help and completion need none of it

    found = compared(first, second)
    if as_json:
        print_json(found)
    else:
        _show(Page(), found)


def _show(page: Page, found: Found) -> None:
    page.title("Two runs", f"first:  {found['paths'][0]}\nsecond: {found['paths'][1]}")
    page.line("")
    page.line(summary(found), style="bold")
    _pairs(page, "Settings", found["settings"])
    if found["scores"] is None:
        return
    code = found["code"]
    if not code["same"]:
        page.facts(
            "Code of training (records keep one fingerprint of all of it)",
            [(name, _code(code[name], now)) for name, now in zip(HEADINGS, code["todays"], strict=True)],
        )
    _pairs(page, "Data (hashes of files)", found["data"], digits=True)
    _pairs(page, "Versions", found["versions"])
    _pairs(page, "Machine", found["machine"])
    _pairs(page, "How they ended", found["ended"])
    for split, kinds in found["scores"].items():
        printed: list[Any] = []
        for weights, scores in kinds.items():
            if scores in printed:
                page.line(f"  Those of the {weights} weights are the same.")
                continue
            printed.append(scores)
            page.table(
                f"Scores on {split}, {weights} weights",
                ["score", *HEADINGS, "second less first", "sd over seeds", "so much by the seed alone?"],
                _score_rows(scores, found["called"]),
                right=(*HEADINGS, "second less first", "sd over seeds"),
            )
    _pairs(page, "Cost", _in_units(found["cost"]))


def _in_units(cost: Found) -> dict[str, list[str]]:
    """Return costs as people read them: bytes in MiB."""
    found: dict[str, list[str]] = {}
    for name, pair in cost.items():
        scale, unit = (MIB, " (MiB)") if name.endswith("_bytes") else (1, "")
        label = f"{name.removesuffix('_bytes').replace('_', ' ')}{unit}"
        found[label] = ["none" if value is None else f"{value / scale:,.1f}" for value in pair]
    return found


def summary(found: Found) -> str:
    """Return in a sentence what differs, and whether what came of it is the same."""
    unfinished = [name for name, done in zip(HEADINGS, found["finished"], strict=True) if not done]
    differ = found["differ"]
    if unfinished:
        what = ", ".join(differ) or "nothing"
        which = " and the ".join(unfinished)
        return f"The {which} run is not finished: only settings are compared. They differ in: {what}."
    if not differ:
        same = "and their weights are equal to the bit" if found["same_weights"] else "and yet their weights differ"
        return f"Nothing differs in settings, code, data, versions or machine, {same}."
    weights = " Their weights are equal to the bit." if found["same_weights"] else ""
    if differ == ["the seed"]:
        return f"Nothing differs but the seed.{weights}"
    return f"They differ in: {', '.join(differ)}.{weights}"


def _code(fingerprint: str, todays: bool | None) -> str:
    return fingerprint + {True: ", today's code", False: ", not today's code", None: ""}[todays]


def _pairs(page: Page, title: str, pairs: Mapping[str, Any], digits: bool = False) -> None:
    def text(value: Any) -> str:
        if value is None:
            return "none"
        return short_hash(str(value)) if digits else written(value)

    rows = [[name, text(one), text(two)] for name, (one, two) in pairs.items()]
    page.table(title, ["", *HEADINGS], rows, right=())


def _score_rows(scores: Found, called: Found) -> Iterable[list[str]]:
    for name, one in scores.items():
        if "." in name:  # of one part of the targets; all of them are in --json
            continue
        scale = called.get(name, {}).get("scale", 1)
        by_seed = {True: "yes", False: "no", None: "no other seeds to tell"}[one["by_seed_alone"]]
        yield [
            score_name(called, name),
            *(score_text(one[which], called, name) for which in HEADINGS),
            "" if one["difference"] is None else f"{one['difference'] * scale:+.3g}",
            "" if one["seed_sd"] is None else f"{one['seed_sd'] * scale:.2g}",
            by_seed if one["difference"] != 0 else "",
        ]

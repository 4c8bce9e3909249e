"""How an experiment, a claim, claims, a study and a results folder are shown to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replisome.claims.supplement import PROTOCOL_NAMES, SIGNS
from replisome.commands.pages import Page
from replisome.commands.show_runs import run_table, score_name, score_text, written

Found = Mapping[str, Any]
LEVELS = {True: "less than the full settings", False: "the full settings", None: ""}


def show_experiment(page: Page, found: Found) -> None:
    """Print an experiment: its settings, its candidates with validation and test scores, its runs."""
    settings, called = found["settings"], found["called"]
    page.title(f"{found['study']}, experiment {found['name']}", found["description"])
    page.facts(
        "What it is",
        [
            ("recipes", ", ".join(settings["recipes"])),
            ("models", ", ".join(settings["models"])),
            ("budget", ", ".join(f"{key} {value}" for key, value in settings["budget"].items())),
            ("settings are", LEVELS[found["reduced"]]),
            ("seeds", written(settings["seeds"])),
            ("chosen by", f"{score_name(called, found['metric'])} on validation"),
            ("runs", f"{found['finished']} of {found['expected']} finished"),
        ],
    )
    for recipe, ranked in found["candidates"].items():
        page.table(
            f"Candidates on {recipe}, best on validation first: {score_name(called, found['metric'])}",
            ["model", "settings", "validation mean", "seeds", "test mean", "test by seed"],
            [
                [
                    *(one["model"], one["slug"], score_text(one["mean"], called, found["metric"]), _seeds(one)),
                    score_text(one["test_mean"], called, found["metric"]),
                    ", ".join(score_text(value, called, found["metric"]) for value in one["test"].values()),
                ]
                for one in ranked
            ],
            right=("validation mean", "seeds", "test mean"),
        )
    if found["candidates"]:
        page.line("  Intervals over seeds and items: the study's tables and report.html.")
    run_table(page, "Runs", found["runs"], called)
    page.commands("To repeat it", [("by the workflow, what is out of date", found["repeat"].get("workflow", ""))])


def _seeds(candidate: Found) -> str:
    lost = candidate.get("diverged")
    return f"{candidate['seeds']}{f' ({lost} diverged)' if lost else ''}"


def show_claim(page: Page, found: Found) -> None:
    """Print a claim: its words, the paper's value, the rule, and each protocol's verdict with what would change it."""
    claim, said = found["claim"], found["said"]
    page.title(f"{claim['study']}, claim {claim['id']}", claim["plain"])
    paper = claim["paper"] or {}
    page.facts(
        "What is claimed",
        [
            ("by", " ".join(filter(None, [said["whose"], paper.get("where", "")]))),
            ("in its words", paper.get("says", "")),
            ("our reading", paper.get("reading", "")),
            ("printed value", said["printed"]),
            ("role", claim["role"]),
        ],
    )
    rule = [("kind", claim["kind"]), ("asked", said["question"]), ("fixed on", str(claim["agreed"]))]
    page.facts("The rule", [*rule, *(("limit", limit) for limit in said["limits"])])
    for protocol, one in zip(claim["verdicts"], said["verdicts"], strict=True):
        raw = claim["verdicts"][protocol]
        page.facts(
            f"{PROTOCOL_NAMES[protocol].capitalize()}: {one['sign']} {one['word']}{' †' if one['dagger'] else ''}",
            [
                ("because", one["reason"]),
                ("measured", f"{one['number']} {one['interval']}".strip()),
                ("uncertainty", one["uncertainty"]),
                ("seeds an arm", ", ".join(map(str, raw["n"]))),
                ("size", one["size"] or ""),
                *(("part", part) for part in one["parts"]),
                *(("held back by", cap) for cap in one["caps"]),
                *(("note", flag) for flag in one["flags"]),
                ("look", one["look"] or ""),
                ("would change it", one["change"] if one["change"] != one["reason"] else ""),
                ("runs", f"{len(raw['runs'])}, the first {raw['runs'][0]}" if raw["runs"] else ""),
                ("verdict id", one["id"]),
            ],
        )
    if said["leak"]:
        page.facts("What the leak is worth", [("reported less leak-free", said["leak"])])
    page.facts("Its claims", map(_member, said["members"]))
    page.facts("Contradicted by", (_member(other) for one in said["conflicts"] for other in one["against"]))
    page.commands("To see more of it", found["repeat"].items())


def _member(claim: Found) -> tuple[str, str]:
    words = "; ".join(f"{protocol}: {word}" for protocol, word in claim["words"].items())
    return claim["id"], f"{claim['plain']} ({words})"


def show_claims(page: Page, found: Found) -> None:
    """Print the scorecard, then a line for each claim that was judged."""
    page.title(f"Claims{' of ' + found['study'] if found['study'] else ''}: {len(found['claims'])}")
    scorecard(page, found["scorecard"])
    for study in dict.fromkeys(claim["study"] for claim in found["claims"]):
        own = [claim for claim in found["claims"] if claim["study"] == study]
        rows = [row for claim in own for row in _claim_rows(claim)]
        page.table(
            f"{study}: {len(own)} claims",
            ["", "verdict", "claim", "protocol", "measured", "because"],
            rows,
            right=("measured",),
        )
        silent = len(own) - len({row[2] for row in rows})
        if not rows:
            page.line(f"{study}: none of {len(own)} claims was run under these settings.")
        elif silent:
            page.line(f"  {silent} more were not run under these settings.")


def _claim_rows(claim: Found) -> list[list[str]]:
    from replisome.claims.supplement import number  # noqa: PLC0415

    rows = []
    for protocol, one in claim["verdicts"].items():
        if claim["kind"] == "conflict":
            rows.append(["≠", "conflict", claim["id"], PROTOCOL_NAMES[protocol], "", one["reason"]])
        elif one["verdict"] != "not run":
            measured = f"{number(one['estimate'])} {claim['unit']}".strip()
            rows.append(
                [SIGNS[one["verdict"]], one["verdict"], claim["id"], PROTOCOL_NAMES[protocol], measured, one["reason"]]
            )
    return rows


def scorecard(page: Page, cards: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
    """Print how many claims have each verdict, a row a study and protocol."""
    rows = [
        [study, PROTOCOL_NAMES[protocol], *(str(counted[word]) for word in SIGNS)]
        for study, card in cards.items()
        for protocol, counted in card.items()
        if any(counted.values())
    ]
    headings = [f"{sign} {word}" for word, sign in SIGNS.items()]
    page.table("Scorecard", ["study", "protocol", *headings], rows, right=headings)


def show_study(page: Page, found: Found) -> None:
    """Print a study of a results folder: its experiments with their winners, and its scorecard."""
    title = found["title"] or "its tables are not made yet"
    page.title(f"{found['study']}: {title}")
    page.facts(
        "What there is",
        [
            ("preset", found["preset"] or ""),
            ("recipes", ", ".join(found["recipes"])),
            ("runs", _runs(found)),
            ("training took", f"{found['seconds']:,.0f} s in all"),
        ],
    )
    called = found["called"]
    rows = [
        [
            *(one["name"], f"{one['finished']}/{one['runs']}", recipe, f"{best['model']} {best['slug']}"),
            f"{score_text(best['mean'], called, one['metric'])} {score_name(called, one['metric'])}",
        ]
        for one in found["experiments"]
        for recipe, best in one["best"].items()
    ]
    page.table("Experiments", ["experiment", "runs", "recipe", "best on validation", "its mean there"], rows, right=())
    if found["scorecard"]:
        scorecard(page, {found["study"]: found["scorecard"]})
    for remark in found["remarks"]:
        page.line(f"! {remark}", style="yellow")


def _runs(found: Found) -> str:
    lost = f", {found['diverged']} diverged" if found["diverged"] else ""
    return f"{found['finished']} of {found['runs']} finished, {found['tested']} scored on test{lost}"


def show_results(page: Page, found: Found) -> None:
    """Print a results folder: a row a study, the scorecard, and what a reader must know."""
    page.title(f"Results: {found['path']}")
    readable = [study for study in found["studies"] if "unreadable" not in study]
    rows = [
        [
            *(study["study"], study["preset"] or "", str(len(study["recipes"])), str(len(study["experiments"]))),
            *(f"{study['finished']}/{study['runs']}", str(study["tested"]), f"{study['seconds']:,.0f}"),
        ]
        for study in readable
    ]
    columns = ["study", "preset", "recipes", "experiments", "runs", "tested", "seconds"]
    page.table("Studies", columns, rows, right=columns[2:])
    scorecard(page, {study["study"]: study["scorecard"] for study in readable if study["scorecard"]})
    page.line("")
    for note in [*found["notes"], *(s["unreadable"] for s in found["studies"] if "unreadable" in s)]:
        page.line(f"! {note}", style="yellow")
    page.line(
        f"More: replisome show {found['path']} STUDY, STUDY/EXPERIMENT, STUDY/CLAIM or STUDY/RECIPE; or a run's folder."
    )

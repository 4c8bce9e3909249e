"""How a run, runs side by side, and a recipe are shown to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from replisome.api.wording import leaves
from replisome.commands.pages import Fact, Page

Found = Mapping[str, Any]
NONE = "–"  # noqa: RUF001 -- where there is no number
MIB = 2**20
HASH = 12  # digits of a hash that people compare


def show_run(page: Page, found: Found) -> None:
    """Print a run: what it is, its settings, scores, how it ended, what made it, how to repeat it."""
    page.title(
        f"{found['study']}/{found['recipe']}: {found['model']} {found['slug']}, seed {found['seed']}", found["path"]
    )
    for remark in found["remarks"]:
        page.line(f"! {remark}", style="yellow")
    page.facts("What it is", _identity(found))
    page.facts("Settings", settings(found["config"]))
    if not found["finished"]:
        page.line("")
        page.line("It is not finished: no scores yet. The same snakemake command goes on with it.")
        return
    _scores(page, found)
    page.facts("How it ended", _ending(found))
    page.facts("What made it", origin(found["provenance"], found["current"]))
    page.facts("Files read", ((name.rpartition("/")[2], short_hash(one)) for name, one in _files(found, "inputs")))
    page.facts("Files written", ((name, short_hash(one)) for name, one in _files(found, "outputs")))
    page.commands(
        "To repeat it",
        [
            ("beside what there is, into a new folder", found["repeat"]["train"]),
            ("by the workflow, in its place where it is out of date", found["repeat"].get("workflow", "")),
            ("and see whether it is the same", f"replisome compare {found['path']} again"),
        ],
    )


def _identity(found: Found) -> Iterable[Fact]:
    yield (
        "protocol",
        found["protocol"] + {"sound": " (leak-free)", "reported": " (as the report did it)"}.get(found["protocol"], ""),
    )
    yield "experiments", ", ".join(found["experiments"])
    less = {True: " (reduced: less than the full settings)", False: " (the full settings)", None: ""}
    yield "budget", found["budget"] + less[found["reduced"]]
    yield "seeds beside it", ", ".join(str(seed) for seed in found["seeds"] if seed != found["seed"])


def settings(config: Found) -> list[Fact]:
    """Return a run's settings a line each: what the model is, how it was trained, from what data."""
    recipe = {key: value for key, value in config["recipe"].items() if key not in ("name", "protocol")}
    groups = [
        ("", config["hyperparameters"]),
        ("", config["training"]),
        ("data: ", recipe),
        ("select: ", config["select"]),
    ]
    return [(f"{before}{key}", written(value)) for before, group in groups for key, value in leaves(group)]


def written(value: Any) -> str:
    """Return a value as a configuration would have it."""
    if isinstance(value, list):
        return ", ".join(map(written, value)) or "none"
    words = {"True": "yes", "False": "no", "None": "none"}
    return words.get(str(value), str(value))


def score_text(value: float | None, called: Found, name: str) -> str:
    """Return a score in the unit in which people read it; a dash where it is not a number."""
    if value is None:
        return NONE
    about = called.get(name)
    return format(value * about["scale"], about["format"]) if about else f"{value:.5g}"


def score_name(called: Found, name: str) -> str:
    """Return what a score is called, with its unit."""
    about = called.get(name)
    if not about:
        return name
    return f"{about['title']} ({about['unit']})" if about["unit"] else str(about["title"])


def _scores(page: Page, found: Found) -> None:
    scores, called = found["scores"], found["called"]
    columns = [(split, weights) for split, kinds in scores.items() for weights in kinds]
    names = list(dict.fromkeys(name for split, weights in columns for name in scores[split][weights]))
    selected = found["ended"]["selected_by"]
    names.sort(key=lambda name: (name != selected, "." in name))  # those of one part of the targets come last
    shown = [name for name in names if "." not in name] or names
    rows = [
        [
            score_name(called, name) + (" *" if name == selected else ""),
            *(score_text(scores[split][weights].get(name), called, name) for split, weights in columns),
        ]
        for name in shown
    ]
    headings = [f"{split}, {weights}" for split, weights in columns]
    page.table("Scores", ["score", *headings], rows, right=headings)
    more = len(names) - len(shown)
    tail = f"; {more} scores of single targets are in --json" if more else ""
    tested = "" if "test" in scores else "; the test split was not scored: no selection or claim names this run"
    page.line(f"  * chosen by, on validation; weights '{found['ended']['selected_weights']}' count{tail}{tested}")


def _ending(found: Found) -> Iterable[Fact]:
    ended = found["ended"]
    yield (
        "trained",
        f"to round {ended['last_epoch']}"
        + (
            f"; best on validation in round {ended['best_epoch']} (step {ended['best_step']:,})"
            if ended["best_epoch"]
            else ""
        ),
    )
    yield "stopped", ended["stopped"] or "after its whole budget"


def origin(record: Found, current: Found | None = None) -> list[Fact]:
    """Return who made a result, with what, when, at what cost."""
    packages = record.get("packages", {})
    found = [
        ("when", f"{record.get('started', '?')} to {record.get('ended', '?')}"),
        ("seconds", f"{record['seconds']:,.1f}" if "seconds" in record else ""),
        ("device", _device(record)),
        ("memory", f"{record['peak_memory_bytes'] / MIB:,.0f} MiB at most" if record.get("peak_memory_bytes") else ""),
        ("device memory", _mib(record.get("device_memory_bytes"))),
        ("energy", f"{record['card_joules']:,.0f} J, as the card counted" if record.get("card_joules") else ""),
        ("parameters", f"{record['parameters']['total']:,}" if "parameters" in record else ""),
        ("precision", _precision(record)),
        ("host", f"{record.get('host', '?')} ({record.get('system', '?')})"),
        ("versions", ", ".join(f"{name} {one}" for name, one in [*_own(record), *packages.items()])),
        ("code", _state(record.get("code", "?"), (current or {}).get("code"))),
        ("data", _state("", (current or {}).get("data"))),
    ]
    return [(name, text) for name, text in found if text]


def _own(record: Found) -> list[tuple[str, str]]:
    return [(name, str(record[name])) for name in ("replisome", "python") if name in record]


def _mib(value: float | None) -> str:
    return f"{value / MIB:,.0f} MiB at most" if value else ""


def _device(record: Found) -> str:
    threads = f", {record['threads']} of {record.get('cores', '?')} threads" if "threads" in record else ""
    return f"{record.get('device', '')} on {record.get('processor', '?')}{threads}".strip()


def _precision(record: Found) -> str:
    if "precision" not in record:
        return ""
    return f"{record['precision']}{', deterministic' if record.get('deterministic') else ''}"


def _state(text: str, same: bool | None) -> str:
    said = {True: "as they are today", False: "changed since: the workflow would make it anew", None: ""}[same]
    return "; ".join(filter(None, [text, said]))


def _files(found: Found, key: str) -> Iterable[tuple[str, str]]:
    files: Mapping[str, str] = found["provenance"].get(key, {})
    return files.items()


def short_hash(text: str) -> str:
    """Return the first digits of a hash, with its kind."""
    kind, _, digits = text.rpartition(":")
    return f"{kind} {digits[:HASH]}...".strip()


def show_runs(page: Page, found: Found) -> None:
    """Print runs side by side."""
    page.title(f"{found['study']}: {found['name']}")
    run_table(page, "Runs", found["runs"], found["called"])


def run_table(page: Page, title: str, rows: Sequence[Found], called: Found) -> None:
    """Print a row a run, a table for each score that selections go by."""
    for metric in dict.fromkeys(row["metric"] for row in rows):
        own = [row for row in rows if row["metric"] == metric]
        columns = ["recipe", "model", "settings", "seed", "validation", "test", "remarks"]
        page.table(
            f"{title}: {score_name(called, metric)}",
            columns,
            [
                [
                    *(row["recipe"], row["model"], row["slug"], str(row["seed"])),
                    *(score_text(row[split], called, metric) for split in ("validation", "test")),
                    "; ".join(row["remarks"]),
                ]
                for row in own
            ],
            right=("seed", "validation", "test"),
        )


def show_recipe(page: Page, found: Found) -> None:
    """Print what a recipe's data are, and the runs on them."""
    card = found["card"]
    page.title(f"{found['study']}/{found['recipe']}: prepared data", found["path"])
    source = f"the simulation '{card['control']}'" if card["control"] else str(card["dataset"])
    stand_in = (card["origin"] or {}).get("stand_in")
    facts = [(key, str(card[key])) for key in ("protocol", "split", "encoding", "normalisation")]
    page.facts("What it is", [("source", source), ("stands in", str(stand_in or "")), *facts])
    page.facts("Items", [(split, _count(count)) for split, count in card["counts"].items()])
    if ceiling := card.get("ceiling"):
        page.facts("Best that can be reached", [(ceiling["metric"], f"{ceiling['expected']:.5g}, on average")])
    page.facts("What made it", origin(found["provenance"]))
    run_table(page, "Runs", found["runs"], found["called"])


def _count(count: Any) -> str:
    if isinstance(count, Mapping):
        return f"{sum(count.values()):,} ({', '.join(f'{name} {number:,}' for name, number in count.items())})"
    return f"{count:,}" if isinstance(count, int) else str(count)

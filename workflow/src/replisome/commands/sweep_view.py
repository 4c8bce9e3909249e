"""How a sweep looks on a terminal: who works on it, a table of stages and studies, what trains, the last messages."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from replisome.api.sweeps.sweep import QUIET, TRAINING, Job, State, Sweep
from replisome.api.wording import duration

# In the order of the workflow; others come last.
STAGES = (
    *("download", "prepare", "probe", "pilot", "search", "train", "select", "evaluate", "explain"),
    *("summarise", "figures", "judge", "claims", "rounds", "report", "crate"),
)
# What is told beside what is done.
STATES: Mapping[State, str] = {"running": "cyan", "stopped": "yellow", "failed": "red"}
SHOWN: Sequence[State] = (*STATES, "waiting")  # in the line above the table
MESSAGES = 5
LABEL, TAIL = 24, 7  # columns at least in which a job is named, and of its end, the seed, where it is cut
FEWEST = 3  # rows of running jobs, however small the terminal is


def view(sweep: Sweep, width: int, height: int | None = None) -> RenderableType:
    """Return what there is to see.

    Args:
        sweep: that was looked at.
        width: columns of the terminal.
        height: lines that it may take; None: as many as it takes.
    """
    counts = _counts(sweep)
    messages = _messages(sweep)
    running = sweep.running()
    rows = len(running)
    if height is not None:
        rows = max(FEWEST, height - counts.row_count - len(messages) - 12)
    parts: list[RenderableType] = [_headline(sweep), counts]
    if running:
        parts.append(_runs(running[:rows], width))
    if rows < len(running):
        parts.append(Text(f"and {len(running) - rows} more that run", style="dim"))
    if messages:
        parts.append(Group(Text("Last messages", style="bold"), *messages))
    return Group(*parts)


def _headline(sweep: Sweep) -> RenderableType:
    states = [job.state for job in sweep.jobs.values()]
    total, done, running = len(states), states.count("done"), states.count("running")
    call, left = sweep.call, sweep.seconds_left()
    if call is None:
        who = "no call of the workflow has worked here"
    elif call.alive:
        who = f"host {call.host}, process {call.pid}, since {call.since}"
    else:
        who = "no call of the workflow works here now; the last began " + call.since
    first = Text.assemble((str(sweep.results), "bold"), f"  {who}", overflow="ellipsis", no_wrap=True)
    more = " and what selections add" if sweep.grows() else ""
    others = [f"{count:,} {state}" for state in SHOWN if (count := states.count(state))]
    words = ", ".join([f"{done:,} of {total:,} jobs done", *others]) + more
    if not sweep.planned:
        words = f"{done:,} jobs done, {running:,} begun (no plan of this folder, so what waits is not known)"
    if left is not None and not sweep.over():
        words += f"; about {duration(left)} left" + ("" if running else ", one after the other")
    return Group(first, Text(words))


def _counts(sweep: Sweep) -> Table:
    found = sweep.counts()
    studies = sorted({study for of in found.values() for study in of if study is not None})
    shared = [None] if any(None in of for of in found.values()) else []
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("done/all", no_wrap=True)
    for study in [*studies, *shared]:
        table.add_column(study or "all studies", justify="right")
    order = {stage: number for number, stage in enumerate(STAGES)}
    for stage in sorted(found, key=lambda stage: (order.get(stage, len(order)), stage)):
        table.add_row(stage, *(_cell(found[stage].get(study, {})) for study in [*studies, *shared]))
    return table


def _cell(states: Mapping[State, int]) -> Text:
    total, done = sum(states.values()), states.get("done", 0)
    if not total:
        return Text("")
    cell = Text(f"{done}/{total}", style="green" if done == total else "")
    for state, style in STATES.items():
        if states.get(state):
            cell.append(f" {states[state]} {state}", style=style)
    return cell


def _runs(jobs: Sequence[Job], width: int) -> Text:
    """Return the jobs that run, a line each; as plain text, which costs a tenth of what a table of Rich does."""
    now = time.time()
    head = ("epoch", "step", "loss", "validation (best)", "items/s", "left", "device")
    rows = [head, *(_cells(job, now) for job in jobs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first = max(LABEL, width - sum(widths) - 2 * len(widths))
    text = Text(no_wrap=True, overflow="crop")
    for name, row in zip(["running", *(f"{job.stage} {job.label}" for job in jobs)], rows, strict=True):
        label = name if len(name) <= first else f"{name[: first - TAIL - 3]}...{name[-TAIL:]}"
        cells = "  ".join(cell.rjust(size) for cell, size in zip(row, widths, strict=True))
        text.append(f"{label:<{first}}  {cells}\n", style="bold" if row is head else "")
    text.right_crop(1)
    return text


def _cells(job: Job, now: float) -> tuple[str, ...]:
    log = job.progress
    told = log.score is not None and log.best is not None
    return (
        "" if log.round is None else f"{log.round:.3g}/{log.rounds or '?'}",
        "" if log.step is None else f"{log.step:,}",
        "" if log.loss is None else f"{log.loss:.4g}",
        f"{log.metric} {log.score:.4g} ({log.best:.4g})" if told else "",
        "" if log.speed is None else f"{log.speed:,.0f}",
        _left(job, now),
        log.device or "",
    )


def _left(job: Job, now: float) -> str:
    silence = now - (job.logged or now)
    if job.stage in TRAINING and silence > QUIET:
        return f"silent {duration(silence)}"
    left = job.progress.seconds_left
    return "" if left is None else duration(max(0.0, left - silence))


def _messages(sweep: Sweep) -> list[Text]:
    lines = []
    for when, job, text in sweep.messages[-MESSAGES:]:
        clock = time.strftime("%H:%M:%S", time.localtime(when))
        style = "red" if "error" in text.lower() else ""
        lines.append(Text.assemble((f"{clock} {job}: ", "dim"), (text, style), overflow="ellipsis", no_wrap=True))
    return lines

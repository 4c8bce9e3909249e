"""What the log of a training job says: how far it is, and what it said besides."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

HEAD, TAIL = 400, 4096  # bytes that are read of a log
# The lines of training/session.py, training/rounds.py and training/loop.py; a test has them write and this read.
STARTED = re.compile(r"(?P<model>\S+) on (?P<device>\S+), (?P<precision>\S+), (?P<items>\d+) items")
ROUND = re.compile(
    r"(?P<unit>epoch|round) (?P<round>\d+)/(?P<rounds>\d+)  step (?P<step>[\d,]+)  loss (?P<loss>\S+)  "
    r"validation (?P<metric>\S+) (?P<score>\S+) \(best (?P<best>\S+) at (?P<best_round>\S+)\)  "
    r"(?P<speed>[\d,]+) items/s  (?P<left>[\d.]+) min left"
)
WITHIN = re.compile(r"  (?P<unit>epoch|round) (?P<round>\d+): step (?P<step>\d+)/(?P<end>\d+)")
ESTIMATED = re.compile(r"estimated in .*: validation .*")


class RunLog(NamedTuple):
    """Where a run stands by its log; None where the log does not say.

    Attributes:
        device: such as ``cpu`` or ``cuda:0``.
        unit: ``epoch`` or ``round``.
        round: complete rounds, and the part of the next that is done.
        rounds: of the whole budget.
        step: optimiser steps so far.
        loss: mean training loss of the last complete round.
        metric: the validation score that the best weights are chosen by.
        score: its value after the last complete round.
        best: its best value so far.
        speed: training items a second in the last complete round.
        seconds_left: when the last complete round had ended.
        message: the last line that is none of progress: a warning, an error, how a run was resumed.
    """

    device: str | None = None
    unit: str = "epoch"
    round: float | None = None
    rounds: int | None = None
    step: int | None = None
    loss: float | None = None
    metric: str | None = None
    score: float | None = None
    best: float | None = None
    speed: float | None = None
    seconds_left: float | None = None
    message: str | None = None


def read_log(path: Path) -> RunLog:
    """Read the beginning and the end of a log, however long it is; one that is not there says nothing."""
    try:
        with path.open("rb") as handle:
            head = handle.read(HEAD)
            size = handle.seek(0, 2)
            handle.seek(max(0, size - TAIL))
            tail = handle.read()
    except OSError:
        return RunLog()
    first = STARTED.search(head.decode("utf-8", errors="replace"))
    lines = tail.decode("utf-8", errors="replace").splitlines()
    return parse_lines(lines[1:] if size > TAIL else lines, first["device"] if first else None)


def parse_lines(lines: list[str], device: str | None = None) -> RunLog:
    """Return what lines of a log say; later ones count."""
    log = RunLog(device)
    for line in lines:
        if found := ROUND.fullmatch(line):
            log = log._replace(
                unit=found["unit"],
                round=float(found["round"]),
                rounds=int(found["rounds"]),
                step=int(found["step"].replace(",", "")),
                loss=float(found["loss"]),
                metric=found["metric"],
                score=float(found["score"]),
                best=float(found["best"]) if found["best"] != "None" else None,
                speed=float(found["speed"].replace(",", "")),
                seconds_left=60 * float(found["left"]),
            )
        elif found := WITHIN.fullmatch(line):
            # Every round has as many steps as the one before, as far as the log tells.
            whole, step, end = int(found["round"]) - 1, int(found["step"]), int(found["end"])
            length = end / (whole + 1)
            part = max(0.0, min(1.0, 1 - (end - step) / length)) if length else 0.0
            log = log._replace(unit=found["unit"], round=whole + part, step=step)
        elif line.strip() and not STARTED.fullmatch(line) and not ESTIMATED.fullmatch(line):
            log = log._replace(message=line.strip())
    return log

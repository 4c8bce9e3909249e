"""A claim as a small drawing: the report's value, ours with its interval, the line of no effect. Geometry only.

The template ``drawing.html.j2`` makes SVG of it. Each drawing has an axis of its own, in the claim's unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from replisome.claims.supplement import LOG_UNIT, PROTOCOL_NAMES
from replisome.report.numbers import exact, in_unit, short, with_interval

WIDTH = 220  # of a drawing, in its own units
ROW = 22  # the height of a protocol's row
MARGIN = 10
TIMES = "\N{MULTIPLICATION SIGN}"
LABELS = 14  # the height of the line of numbers below the rows

Written = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One protocol's result on the axis.

    Attributes:
        name: of the protocol, for people.
        y: the height of its middle.
        x: where the estimate is.
        low: where its interval begins; None where it has none.
        high: where it ends.
    """

    name: str
    y: float
    x: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Mark:
    """A value on the axis that is not ours: the report's, or that of no effect.

    Attributes:
        x: where it is.
        text: its number.
        anchor: how the number stands to it: start, middle or end, so that it stays inside.
    """

    x: float
    text: str
    anchor: str


@dataclass(frozen=True)
class Drawing:
    """What is drawn of a claim.

    Attributes:
        rows: a protocol each.
        printed: the report's value.
        line: no effect, or the value that the claim compares with.
        band: begin and end of what counts as no difference, or as agreement with the report.
        height: of all.
        labelled: whether the number of the line has room beside that of the report.
        text: what is seen, in words.
    """

    rows: tuple[Row, ...]
    printed: Mark | None
    line: Mark | None
    band: tuple[float, float] | None
    height: int
    labelled: bool
    text: str
    width: int = WIDTH


def draw(claim: Written) -> Drawing | None:
    """Return the drawing of a claim as written in claims.json; None where no protocol has an estimate."""
    found = {p: v for p, v in claim["verdicts"].items() if v["estimate"] is not None and claim["kind"] != "conflict"}
    if not found:
        return None
    printed, line, band = printed_of(claim), line_of(claim), band_of(claim)
    on_axis = [*_numbers(found.values()), printed, line, *(band or ())]
    place = _scale([number for number in on_axis if number is not None])
    rows = tuple(
        Row(PROTOCOL_NAMES[protocol], ROW * (number + 0.5), place(v["estimate"]), *_bounds(v, place))
        for number, (protocol, v) in enumerate(found.items())
    )
    theirs, none = (
        None if at is None else Mark(place(at), _named(at, claim["unit"]), _anchor(place(at))) for at in (printed, line)
    )
    apart = theirs is None or none is None or abs(theirs.x - none.x) > 8 * MARGIN
    labels = LABELS if theirs or none else 0
    drawn_band = None if band is None else (place(band[0]), place(band[1]))
    return Drawing(rows, theirs, none, drawn_band, ROW * len(rows) + labels, apart, in_words(claim))


def in_words(claim: Written) -> str:
    """Return what a drawing shows, for who cannot see it."""
    unit, parts = claim["unit"], []
    printed, line = printed_of(claim), line_of(claim)
    if printed is not None:
        parts.append(f"the report: {_with_unit(printed, unit)}")
    for protocol, verdict in claim["verdicts"].items():
        if verdict["estimate"] is not None:
            parts.append(f"ours, {PROTOCOL_NAMES[protocol]}: {' '.join(measured(verdict, unit))}")
    if line is not None:
        parts.append(f"compared with: {_with_unit(line, unit)}")
    return "; ".join(parts)


def _named(value: float, unit: str) -> str:
    """Return a value of the axis, without its unit; of a logarithm the factor."""
    return f"{TIMES}{short(math.exp(value))}" if unit == LOG_UNIT else exact(value)


def _with_unit(value: float, unit: str) -> str:
    return _named(value, unit) if unit == LOG_UNIT else in_unit(exact(value), unit)


def measured(found: Written, unit: str) -> tuple[str, str]:
    """Return an estimate and its interval where it has one, rounded by it; the unit stands behind the last of them.

    A difference of logarithms is shown as the factor that it is.
    """
    if unit == LOG_UNIT:
        factors = (None if found[key] is None else math.exp(found[key]) for key in ("estimate", "low", "high"))
        number, interval = with_interval(*factors)
        return f"{TIMES}{number}", interval
    number, interval = with_interval(found["estimate"], found["low"], found["high"])
    return (number, in_unit(interval, unit)) if interval else (in_unit(number, unit), "")


def printed_of(claim: Written) -> float | None:
    """Return the report's number on the axis of the estimate: of a difference, claimed in its direction, the size."""
    reported = claim["reported"]
    if not reported:
        return None
    value = float(reported["value"])
    return abs(value) if claim["kind"] == "difference" else value


def line_of(claim: Written) -> float | None:
    """Return the value of no effect, or the one that a claim compares with; None where there is none."""
    match claim["kind"], claim["rule"].get("than"):
        case (("difference" | "same" | "order" | "winner"), _):
            return 0.0
        case "ratio", _:
            return 1.0
        case "sign", (int() | float()) as than:
            return float(than)
        case _:
            return None


def band_of(claim: Written) -> tuple[float, float] | None:
    """Return the range that a limit of the rule spans around the line, or around the report's value."""
    rule, line, printed = claim["rule"], line_of(claim), printed_of(claim)
    name, middle = {
        "difference": ("negligible", line),
        "same": ("margin", line),
        "sign": ("margin", line),
        "value": ("resolution", printed),
    }.get(claim["kind"], ("", None))
    limit = rule.get(name)
    if middle is None or not isinstance(limit, Mapping) or not isinstance(limit.get("value"), int | float):
        return None
    return middle - limit["value"], middle + limit["value"]


def _numbers(verdicts: Iterable[Written]) -> list[float]:
    return [v[key] for v in verdicts for key in ("estimate", "low", "high") if v[key] is not None]


def _scale(numbers: list[float]) -> Callable[[float], float]:
    """Return a function from a number to its place; a single number stands in the middle."""
    least, most = min(numbers), max(numbers)
    span = most - least

    def place(number: float) -> float:
        share = (number - least) / span if span else 0.5
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    return place


def _bounds(verdict: Written, place: Callable[[float], float]) -> tuple[float | None, float | None]:
    low, high = verdict["low"], verdict["high"]
    if low is None or high is None or not math.isfinite(high - low):
        return None, None
    return place(low), place(high)


def _anchor(x: float) -> str:
    """Return where a number is held, so that it does not leave the drawing."""
    if x < WIDTH / 4:
        return "start"
    return "end" if x > 3 * WIDTH / 4 else "middle"

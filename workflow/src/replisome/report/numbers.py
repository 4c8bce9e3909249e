"""Numbers as a reader sees them: rounded by their uncertainty where there is one, all of a column on one point."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
FIGURES = 2  # of a half-width that are written: more say nothing about runs
UNCERTAIN_FIGURES = 4  # of a number without an interval
MOST_DECIMALS = 6
ORDERS = 4  # a column that spans more orders of magnitude than this is not aligned on one point
LARGE = 1e9  # from here numbers have a power of ten
SYMMETRIC = 0.02  # part of the half-width by which bounds may be uneven and still be written as ±


def decimals_for(half: float) -> int:
    """Return how many decimals leave two figures of a half-width: 1 for 4.9, 2 for 0.23, 0 for 12 and more."""
    if not math.isfinite(half) or half <= 0:
        return MOST_DECIMALS
    return min(MOST_DECIMALS, max(0, FIGURES - 1 - math.floor(math.log10(half) + 1e-9)))


def written(value: float | None, decimals: int) -> str:
    """Return a number with that many decimals, thousands apart; a dash where there is none."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return f"{MINUS}∞" if value < 0 else "∞"
    text = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and any(digit in text for digit in "123456789")
    return f"{MINUS}{text}" if negative else text


def short(value: float | None, figures: int = UNCERTAIN_FIGURES) -> str:
    """Return a number without an interval: so many figures, a power of ten only where it is very small or large."""
    if value is None or math.isnan(value):
        return MISSING
    if float(value).is_integer() and abs(value) < LARGE:
        return written(value, 0)
    if value and not 1e-4 <= abs(value) < LARGE:
        return f"{value:.{figures - 1}g}".replace("-", MINUS)
    return written(value, decimals_of(value, max(0, figures - 1 - order(value))))


def order(value: float) -> int:
    """Return the power of ten of a number's first digit; 0 of nothing."""
    return math.floor(math.log10(abs(value))) if value else 0


def decimals_of(value: float, most: int) -> int:
    """Return how many decimals a number has, but for zeros at its end, when it is rounded to at most so many."""
    return len(f"{abs(value):.{most}f}".partition(".")[2].rstrip("0"))


def exact(value: float) -> str:
    """Return a number that was given, with all of its digits: as the paper printed it, or as a rule names it."""
    return f"{value:,.10g}".replace("-", MINUS)


def with_interval(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """Return a number and what stands beside it: ``("33.3", "± 4.9")``, or ``("0.6", "[0.2, 1.3]")`` where uneven.

    Args:
        value: what was measured.
        low: lower bound; None or NaN where there is no interval.
        high: upper bound.

    Returns:
        The number, rounded so that two figures of the half-width are left; beside it nothing where the bounds are the
        number itself, or where there are none.
    """
    bounds = [bound for bound in (low, high) if bound is not None and math.isfinite(bound)]
    if value is None or math.isnan(value) or len(bounds) < 2 or bounds[0] == bounds[1]:
        return short(value), ""
    below, above = value - bounds[0], bounds[1] - value
    half = (below + above) / 2
    largest = max(abs(value), half)
    power = order(largest) if largest >= LARGE else 0
    decimals = decimals_for(half / 10**power)

    def shown(one: float) -> str:
        return written(one / 10**power, decimals) + (f"e{power}" if power else "")

    if abs(above - below) <= SYMMETRIC * half + 1e-12:
        return shown(value), f"± {shown(half)}"
    return shown(value), f"[{shown(bounds[0])}, {shown(bounds[1])}]"


def in_unit(text: str, unit: str) -> str:
    """Return a written number with its unit, kept on one line."""
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def column_decimals(values: Sequence[float]) -> int | None:
    """Return how many decimals a column of numbers without intervals has, or None where its sizes are too unlike.

    Args:
        values: the numbers; what is not finite does not count.
    """
    known = [abs(value) for value in values if math.isfinite(value) and value]
    if all(float(value).is_integer() for value in known):
        return 0
    orders = list(map(order, known))
    if max(orders) - min(orders) >= ORDERS:
        return None
    most = min(MOST_DECIMALS, max(0, UNCERTAIN_FIGURES - 1 - max(orders)))
    return max(decimals_of(value, most) for value in known)


def on_one_point(texts: Iterable[str]) -> list[str]:
    """Return numbers padded with spaces as wide as digits, so that right-aligned they stand on one decimal point."""
    texts = list(texts)
    tails = [len(text.partition(".")[2]) for text in texts]
    longest = max(tails, default=0)
    found = []
    for text, tail in zip(texts, tails, strict=True):
        missing = longest - tail
        point = "\N{PUNCTUATION SPACE}" if missing and not tail else ""
        is_number = text[-1:].isdigit()
        found.append(text + (point + "\N{FIGURE SPACE}" * missing if is_number else ""))
    return found

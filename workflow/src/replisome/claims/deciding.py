"""What would decide an open claim: about how many seeds, or how many times the test items; and how that is said.

With n seeds a model, each as spread as those at hand, the claim is decided in four studies of five once

    ((t[nu] + 0.84) se(n))^2 + (k c)^2 <= room^2

where ``room`` is how far what was measured lies from the threshold. Three seeds do not tell a spread well: the fewest
and the most that it may take go by the quartiles of the spread that they leave possible.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

import numpy as np
from scipy.special import chdtri, ndtri, stdtrit

from replisome.analysis.measured import Measured
from replisome.claims.finding import Decides

MOST_SEEDS = 15  # more are not planned for
_POWER = float(ndtri(0.8))  # of the studies, four in five are decided
_QUARTILES = (0.25, 0.75)


def what_decides(found: Measured, room: float, level: float, *, power: bool = True) -> Decides | None:
    """Return how many seeds or items would make an interval narrower than ``room``.

    Args:
        found: what was measured.
        room: how wide half of the interval may be, in the unit of what was measured.
        level: of the interval.
        power: whether to allow for the value's own change with new seeds, as superiority needs; False where only the
            interval's width is asked for.

    Returns:
        None where nothing can be said: without an interval, without room, or of solved models.
    """
    seeds_half, items_half = found.halves(level)
    if not np.isfinite([seeds_half, items_half, room]).all() or room <= 0:
        return None
    if items_half >= room:
        return Decides(None, None, None, _items_factor(found, items_half, room))
    if not found.seeds_error:
        return None
    number = np.arange(min(found.counts) + 1, MOST_SEEDS + 1)
    half = _seeds_half(found, number, level, power)

    def fewest(times: float) -> int | None:
        enough = number[np.hypot(half * np.sqrt(times), items_half) <= room]
        return int(enough[0]) if enough.size else None

    wide, narrow = _spreads(found.degrees)
    return Decides(fewest(1.0), fewest(narrow), fewest(wide))


def fewest_seeds(least: int, decided: Callable[[int], bool]) -> int | None:
    """Return the least number of seeds from ``least`` up that decides, or None where ``MOST_SEEDS`` do not.

    Args:
        least: the first number that is tried.
        decided: whether so many do; once they do, more do as well.
    """
    tried = range(least, MOST_SEEDS + 1)
    place = bisect_left(tried, True, key=decided)
    return tried[place] if place < len(tried) else None


def for_all(parts: Iterable[Decides | None]) -> Decides | None:
    """Return what decides all of some open findings: what the most demanding one takes."""
    known: list[Decides] = []
    for part in parts:
        if part is None:
            return None
        known.append(part)
    if not known:
        return None
    factors = [part.items_factor for part in known if part.items_factor is not None]
    if factors:
        return Decides(None, None, None, max(factors))
    return Decides(*map(_largest, zip(*map(_numbers, known), strict=True)))


def in_words(decides: Decides) -> str:
    """Return it as the page says it: "about 12 seeds (7 to more than 15)"."""
    if decides.items_factor is not None:
        factor = decides.items_factor
        times = f"about {factor:.{1 if factor < 10 else 0}f}" if factor <= 1000 else "more than 1000"
        return f"no number of seeds decides this; it needs {times} times as many items"
    beyond = f"more than {MOST_SEEDS}"
    if decides.seeds is None:
        if decides.fewest is None:
            return f"no number of seeds up to {MOST_SEEDS} decides this"
        return f"{beyond} seeds ({decides.fewest} at the least)"
    if decides.fewest == decides.seeds == decides.most:
        return f"about {decides.seeds} seeds"
    most = beyond if decides.most is None else decides.most
    return f"about {decides.seeds} seeds ({decides.fewest} to {most})"


def _seeds_half(found: Measured, number: np.ndarray, level: float, power: bool) -> np.ndarray:
    """Return the seeds' part of the half-width with ``number`` (n,) seeds a model, and what power asks for."""
    variances = np.array(found.variances)
    shares = variances / variances.sum()
    degrees = (number - 1) / (shares**2).sum()  # Satterthwaite's, with equal numbers of seeds
    error = np.sqrt(variances.sum() * (1 / number + found.one_run))
    half: np.ndarray = (stdtrit(degrees, 0.5 + level / 2) + (_POWER if power else 0.0)) * error
    return half


def _items_factor(found: Measured, items_half: float, room: float) -> float | None:
    """Return how many times the items make their part as narrow as ``room``.

    About one run on other items, half of the square is the error of the paper's items, which ours do not change.
    """
    if not found.one_run:
        return (items_half / room) ** 2
    ours = items_half**2 / 2
    return ours / (room**2 - ours) if room**2 > ours else None


def _spreads(degrees: float) -> tuple[float, float]:
    """Return by which factors the variance may be larger and smaller than it seems: its upper and lower quartile."""
    lower, upper = (float(degrees / chdtri(degrees, 1 - share)) for share in _QUARTILES)
    return lower, upper


def _numbers(decides: Decides) -> tuple[int | None, int | None, int | None]:
    return decides.seeds, decides.fewest, decides.most


def _largest(numbers: Iterable[int | None]) -> int | None:
    known = list(numbers)
    return None if None in known else max(number for number in known if number is not None)

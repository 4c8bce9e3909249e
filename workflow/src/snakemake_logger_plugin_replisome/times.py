"""How long jobs take, and what that says of those that are left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Kind(NamedTuple):
    """What jobs that take about as long have in common."""

    rule: str
    study: str | None = None


class Times:
    """How long the jobs that ended took, by kind."""

    def __init__(self) -> None:
        self.ended: Counter[Kind] = Counter()
        self.seconds: defaultdict[Kind, float] = defaultdict(float)
        self.waited = 0.0

    def ends(self, kind: Kind, seconds: float, waited: float) -> None:
        """Count a job that ended: how long it took, and since when it was waited for, the time in a queue included."""
        self.ended[kind] += 1
        self.seconds[kind] += seconds
        self.waited += waited

    def left(self, waiting: Mapping[Kind, int], running: int) -> float | None:
        """Return about how many seconds are left.

        Each job takes as long as those of its kind did, or of its rule, or, where none has ended, as all did.

        Args:
            waiting: how many jobs have not ended.
            running: how many are waited for at once; of these as many run as the share of their time tells in which
                jobs ran that have ended.

        Returns:
            Seconds; None before any job has ended.
        """
        if not self.ended:
            return None
        total = sum(number * self._mean(kind) for kind, number in waiting.items())
        ran = sum(self.seconds.values()) / self.waited if self.waited else 1.0
        return total / max(1.0, running * min(1.0, ran))

    def _mean(self, kind: Kind) -> float:
        if kind in self.ended:
            return self.seconds[kind] / self.ended[kind]
        alike = [other for other in self.ended if other.rule == kind.rule] or list(self.ended)
        return sum(self.seconds[other] for other in alike) / sum(self.ended[other] for other in alike)


def measured(benchmark: str | None) -> float | None:
    """Return the seconds that a job's benchmark says: on a cluster, without the time it waited in a queue."""
    try:
        return float(Path(benchmark or "").read_text(encoding="utf-8").splitlines()[1].split("\t")[0])
    except (OSError, ValueError, IndexError):
        return None


def spoken(seconds: float) -> str:
    """Write a duration as people say it: ``0.4 s``, ``12 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"

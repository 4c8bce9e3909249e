"""How long jobs take, and what that says of those that are left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path


class Times:
    """The jobs of a call by rule: how many there are, and how long those that ended took."""

    def __init__(self) -> None:
        self.planned: Mapping[str, int] = {}
        self.ended: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def ends(self, rule: str, seconds: float) -> None:
        """Count a job that ended."""
        self.ended[rule] += 1
        self.seconds[rule] += seconds

    def left(self, jobs: int, running: int) -> float | None:
        """Return about how many seconds are left: each job takes as long as others of its rule, or of all rules.

        Args:
            jobs: that have not ended, those that run among them.
            running: that run at once.

        Returns:
            Seconds; None before any job has ended.
        """
        if not self.ended:
            return None
        mean = sum(self.seconds.values()) / self.ended.total()
        left = {rule: max(0, number - self.ended[rule]) for rule, number in self.planned.items()}
        known = {rule: self.seconds[rule] / self.ended[rule] for rule in self.ended}
        total = sum(number * known.get(rule, mean) for rule, number in left.items())
        total += max(0, jobs - sum(left.values())) * mean  # added since the count by rule
        return total / max(1, running)


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

"""How many short runs are packed into one job: the key ``bundle`` of an experiment, or of a call of the workflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

UNKNOWN = 10  # runs of a bundle that is filled by minutes, where no such run has left word of how long it took

Job = TypeVar("Job")


@dataclass(frozen=True)
class Bundling:
    """What the key says.

    Attributes:
        runs: at most so many in one job; None: as many as ``minutes`` allow.
        minutes: how long a job should take at most, by what such runs took so far; a longer run has a job of its own.
        parallel: runs of one job that are under way at the same time, each in a process of its own.
    """

    runs: int | None
    minutes: float | None
    parallel: int = 1

    @classmethod
    def of(cls, value: Any) -> Bundling | None:
        """Read the key as the schema has it; 0 and null mean a job for every run, which is None."""
        if not value:
            return None
        if isinstance(value, int):
            return cls(value, None)
        return cls(value.get("runs"), value.get("minutes"), value.get("parallel", 1))

    def pack(self, jobs: Sequence[Job], seconds: Callable[[Job], float | None]) -> list[list[Job]]:
        """Return jobs in bundles, in their order.

        Args:
            jobs: that may be packed together.
            seconds: how long one is expected to take; None where nobody knows.
        """
        bundles: list[list[Job]] = []
        room = 0.0  # seconds that the last bundle can take yet
        for job in jobs:
            most = self.runs or (len(jobs) if self.minutes else 1)
            takes = 0.0
            if self.minutes:
                share = 60 * self.minutes * self.parallel
                expected = seconds(job)
                takes = share / UNKNOWN if expected is None else expected
            if not bundles or len(bundles[-1]) >= most or (self.minutes and takes > room * (1 + 1e-9)):
                bundles.append([])
                room = 60 * self.minutes * self.parallel if self.minutes else 0.0
            bundles[-1].append(job)
            room -= takes
        return bundles

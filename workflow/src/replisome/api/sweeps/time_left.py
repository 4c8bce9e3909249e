"""About how long a sweep still takes: as long as jobs of the same kind took, by the benchmarks that they left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from replisome.tracking.durations import SAMPLE, seconds_in

if TYPE_CHECKING:
    from replisome.api.sweeps.sweep import Job


class Durations:
    """Mean seconds of the jobs that ended, by kind: stage, study, recipe and model; or stage and study; or stage."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str | None, ...], tuple[int, float]] = {}

    def samples(self, job: Job) -> None:
        """Learn of a job of an earlier call, unless enough of its kind are known."""
        if self._sums.get(_kinds(job)[0], (0, 0.0))[0] < SAMPLE:
            self.learns(job)

    def learns(self, job: Job) -> None:
        """Learn of a job that ended; one without a benchmark teaches nothing."""
        seconds = seconds_in(job.benchmark)
        if seconds is None:
            return
        for kind in _kinds(job):
            number, total = self._sums.get(kind, (0, 0.0))
            self._sums[kind] = number + 1, total + seconds

    def of(self, job: Job) -> float | None:
        """Return how many seconds a job takes about, by the nearest kind of which one has ended."""
        for kind in _kinds(job):
            if kind in self._sums:
                number, total = self._sums[kind]
                return total / number
        return None

    def left_of(self, job: Job, now: float) -> float | None:
        """Return how many seconds a job that runs still takes: by its own log, or by others of its kind."""
        if job.progress.seconds_left is not None and job.logged is not None:
            return max(0.0, job.progress.seconds_left - (now - job.logged))
        whole = self.of(job)
        return None if whole is None or job.began is None else max(0.0, whole - (now - job.began))

    def left(self, jobs: Iterable[Job], now: float) -> float | None:
        """Return how many seconds jobs still take, as many at once as run now; None where no kind is known.

        A kind of which none has ended counts as the mean of what is known.
        """
        running, unknown, total, known = 0, 0, 0.0, 0
        for job in jobs:
            running += job.state == "running"
            seconds = self.left_of(job, now) if job.state == "running" else self.of(job)
            if seconds is None:
                unknown += 1
            else:
                known, total = known + 1, total + seconds
        if not known:
            return None
        return (total + unknown * total / known) / max(1, running)


def _kinds(job: Job) -> list[tuple[str | None, ...]]:
    """Return what a job is like, the nearest first; what it is about begins with its recipe and model."""
    return [(job.stage, job.study, *job.about[:2]), (job.stage, job.study), (job.stage,)]

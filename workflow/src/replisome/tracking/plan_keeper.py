"""Keeps the plan of a call beside its results while the call grows: see :mod:`.sweep_plan`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from replisome.errors import ReplisomeError
from replisome.tracking.sweep_plan import PlannedJob, SweepPlan

# Events as the records of Snakemake name them (snakemake_interface_logger_plugins.common).
PROGRESS, JOB_ERROR = "progress", "job_error"
Packed = tuple[str, str, bool]  # the log of a run's stage, its record, and whether this call makes it


class PlanKeeper(logging.Handler):
    """Writes the plan anew where an event says that jobs were added, which checkpoints do, or that one failed."""

    def __init__(
        self, dag: Any, results: Path, since: float, studies: Iterable[str], packed: Callable[[], Iterable[Packed]]
    ) -> None:
        """Write the plan.

        Args:
            dag: Snakemake's graph of jobs.
            results: the results folder.
            since: see :class:`SweepPlan`.
            studies: by name.
            packed: gives what bundles stand for, which Snakemake does not know one by one.
        """
        super().__init__()
        self.packed = packed
        self.dag, self.results, self.size = dag, results, 0
        self.plan = SweepPlan(since, tuple(studies), {})
        self._write()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep up with an event; a plan that cannot be written stops nothing but itself."""
        event = getattr(record, "event", None)
        if event == JOB_ERROR:
            for log in record.__dict__.get("log") or ():
                name = self._job_of(log)
                with suppress(OSError):  # a job that left no log
                    if name is not None:
                        self.plan = replace(self.plan, failed={**self.plan.failed, name: Path(log).stat().st_mtime})
            self._write()
        elif event == PROGRESS and len(self.dag.jobs) != self.size:
            self._write()

    def _write(self) -> None:
        self.size = len(self.dag.jobs)
        known = self.plan.jobs
        jobs = {}
        for job in self.dag.jobs:
            name = self._job_of(job.log[0]) if job.log else None
            if name is not None:
                # A job that this call has finished is no longer among those to do.
                to_do = self.dag.needrun(job) or (name in known and known[name].to_do)
                jobs[name] = PlannedJob(self._result(list(map(str, job.output))), to_do)
        for log, record, to_do in self.packed():
            name = self._job_of(log)
            if name is not None:
                jobs[name] = PlannedJob(self._result([record]), to_do)
        self.plan = replace(self.plan, jobs=jobs)
        try:
            self.plan.write(self.results)
        except ReplisomeError as error:
            logging.getLogger("snakemake.logging").removeHandler(self)
            print(f"replisome watch will not be up to date: {error}", file=sys.stderr)

    def _job_of(self, log: object) -> str | None:
        """Return a job's name: its log's path below the logs; None of one elsewhere."""
        with suppress(ValueError):
            return Path(str(log)).relative_to(self.results / "logs").with_suffix("").as_posix()
        return None

    def _result(self, outputs: list[str]) -> str:
        """Return the output that is written last, below the results where it lies there: the record, where one is."""
        last = next((file for file in outputs if file.endswith("/provenance.json")), outputs[-1] if outputs else "")
        with suppress(ValueError):
            return Path(last).relative_to(self.results).as_posix()
        return str(Path(last).absolute())

"""How far a sweep is, by what lies in its results folder: read-only, and cheap enough to look every second."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from replisome.api.sweeps.call import Call, read_call
from replisome.api.sweeps.run_log import RunLog, read_log
from replisome.api.sweeps.time_left import Durations
from replisome.errors import ReplisomeError
from replisome.tracking import in_use, sweep_plan

TRAINING = ("pilot", "train")  # stages whose logs tell of rounds
CHOOSING = ("search", "select")  # stages after which jobs are added
MESSAGES = 50  # that are kept
QUIET = 150.0  # seconds after which a log that says nothing is remarkable: training writes a line a minute at least

State = Literal["waiting", "running", "stopped", "failed", "done"]


@dataclass
class Job:
    """One job of the sweep.

    Attributes:
        name: its log below ``logs``, which is stage, study and what it is about.
        stage: such as ``train``.
        study: None of a job of all studies, such as the report.
        about: recipe, model, slug and seed, or what the job has in their place.
        log: its log.
        benchmark: where its time is written when it has ended.
        result: its output that is written last.
        to_do: whether the last call was to run it.
        state: how far it is; stopped where it was cut off together with the call that began it.
        began: about when, in seconds since the epoch; None of one that has not begun.
        logged: when its log was last written to, likewise.
        progress: what its log says, where it trains.
    """

    name: str
    stage: str
    study: str | None
    about: tuple[str, ...]
    log: Path
    benchmark: Path
    result: Path
    to_do: bool = True
    state: State = "waiting"
    began: float | None = None
    logged: float | None = None
    progress: RunLog = field(default_factory=RunLog)

    @property
    def label(self) -> str:
        """Return in one line which job it is, without its stage."""
        words = list(self.about)
        if self.stage in (*TRAINING, "evaluate", "explain") and len(words) > 1:
            words[-1] = f"seed {words[-1]}"
        return " ".join([self.study or "", *words]).strip()


class Sweep:
    """The jobs of a results folder; :meth:`look` brings them up to date.

    Attributes:
        results: the folder.
        jobs: by name.
        call: who uses the folder; None where nobody ever did.
        planned: whether the last call left its plan; otherwise only jobs that left logs are known.
        messages: the last ones of the jobs' logs: when, of which job, what.
    """

    def __init__(self, results: Path) -> None:
        """Open a results folder.

        Raises:
            ReplisomeError: there is none.
        """
        if not results.is_dir():
            raise ReplisomeError(f"{results}: no such folder; give a results folder, such as results/full.")
        self.results = results
        self.jobs: dict[str, Job] = {}
        self.messages: list[tuple[float, str, str]] = []
        self.durations = Durations()
        self.planned = False
        self.call: Call | None = None
        self._plan_of: tuple[int, int] | None = None
        self._plan: sweep_plan.SweepPlan | None = None
        self._open: dict[str, Job] = {}

    def look(self) -> None:
        """Read the plan where it is another, and what has changed of the jobs that have not ended."""
        self.call = read_call(self.results)
        self._take_plan()
        alive = self.call is not None and self.call.alive
        for job in list(self._open.values()):
            self._look_at(job)
            if job.state == "running" and not alive and _cut_off(job):
                job.state = "stopped"
        self.messages = sorted(self.messages)[-MESSAGES:]

    def counts(self) -> dict[str, dict[str | None, dict[State, int]]]:
        """Return how many jobs there are, by stage, study and state."""
        found: dict[str, dict[str | None, dict[State, int]]] = {}
        for job in self.jobs.values():
            states = found.setdefault(job.stage, {}).setdefault(job.study, {})
            states[job.state] = states.get(job.state, 0) + 1
        return found

    def running(self) -> list[Job]:
        """Return the jobs that run, those that train first, the one that was heard of last before the others."""
        found = [job for job in self._open.values() if job.state == "running"]
        return sorted(found, key=lambda job: (job.stage not in TRAINING, -(job.logged or 0.0), job.name))

    def grows(self) -> bool:
        """Say whether jobs are still to be added: those that a selection or a search decides on."""
        return any(job.stage in CHOOSING for job in self._open.values())

    def over(self) -> bool:
        """Say whether all is done."""
        return bool(self.jobs) and not self._open

    def seconds_left(self) -> float | None:
        """Return about how long the jobs that are known take, as many at once as run now; None where nothing tells."""
        return self.durations.left(self._open.values(), time.time())

    def _take_plan(self) -> None:
        found = _stat(self.results / sweep_plan.FILE)
        seen = (found.st_mtime_ns, found.st_ino) if found else None
        if seen is not None and seen == self._plan_of:
            return
        plan = sweep_plan.read_plan(self.results) if seen else None
        if plan is None:
            self._take_logs()
            return
        another = self._plan is None or plan.since != self._plan.since
        self._plan, self._plan_of, self.planned = plan, seen, True
        old, self.jobs = ({} if another else self.jobs), {}
        for name, planned in plan.jobs.items():
            job = old.get(name) or self._job(name, planned.result, planned.to_do, plan.studies)
            if not planned.to_do:
                job.state = "done"
                self.durations.samples(job)
            self.jobs[name] = job
        self._open = {name: job for name, job in self.jobs.items() if job.state != "done"}

    def _take_logs(self) -> None:
        """Take the jobs that have left logs: all that is known where no plan was written.

        Raises:
            ReplisomeError: the folder is gone.
        """
        self.planned = False
        logs = self.results / "logs"
        if not self.results.is_dir():
            raise ReplisomeError(f"{self.results}: is no longer there.")
        studies = tuple(path.name for path in self.results.iterdir() if (path / "selection").is_dir())
        for folder, _, names in os.walk(logs):
            for file in sorted(names):
                name = Path(folder, file).relative_to(logs).with_suffix("").as_posix()
                if name not in self.jobs:
                    job = self._job(name, f"benchmarks/{name}.tsv", True, studies)
                    self.jobs[name] = self._open[name] = job

    def _job(self, name: str, result: str, to_do: bool, studies: tuple[str, ...]) -> Job:
        stage, *rest = name.split("/")
        study = rest.pop(0) if rest and rest[0] in studies else None
        logs, times = self.results / "logs", self.results / "benchmarks"
        return Job(
            name, stage, study, tuple(rest), logs / f"{name}.log", times / f"{name}.tsv", self.results / result, to_do
        )

    def _look_at(self, job: Job) -> None:
        # Of a copy, whose files have the times of the copying, or of an archive, every result counts.
        since = self._plan.since if self._plan and self.call else float("-inf")
        log = _stat(job.log)
        if log is None or log.st_mtime < since:
            # A job without a log of its own in this call: a download, say, that others wait for.
            if job.stage not in TRAINING and self._is_there(job, since):
                self._ends(job)
            return
        news = log.st_mtime != job.logged
        if news:
            job.began = job.began if job.began is not None and job.state == "running" else log.st_mtime
            job.logged = log.st_mtime
            self._read(job)
        if self._is_there(job, since):
            self._ends(job)
        else:
            failed = self._plan.failed.get(job.name) if self._plan else None
            job.state = "failed" if failed is not None and failed >= log.st_mtime else "running"

    def _is_there(self, job: Job, since: float) -> bool:
        found = _stat(job.result)
        return found is not None and found.st_mtime >= since

    def _ends(self, job: Job) -> None:
        job.state = "done"
        self._open.pop(job.name, None)
        self.durations.learns(job)

    def _read(self, job: Job) -> None:
        before = job.progress.message
        job.progress = read_log(job.log)
        if job.progress.message and job.progress.message != before:
            self.messages.append((job.logged or 0.0, f"{job.stage} {job.label}", job.progress.message))


def newest_results(root: Path) -> Path:
    """Return the results folder below ``root`` that a call used last.

    Raises:
        ReplisomeError: no call has used any.
    """
    found = [(path.stat().st_mtime, path.parent) for path in root.glob(f"*/{in_use.FILE}")]
    if not found:
        raise ReplisomeError(
            f"{root.absolute()}: holds no folder of results that the workflow works on; give one: replisome watch PATH."
        )
    return max(found)[1]


def _cut_off(job: Job) -> bool:
    """Say whether a job whose call is gone went with it: its log says so, or says nothing any more."""
    told = ": error: " in (job.progress.message or "")
    return told or time.time() - (job.logged or 0.0) > QUIET


def _stat(path: Path) -> os.stat_result | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None

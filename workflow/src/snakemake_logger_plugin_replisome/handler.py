"""What a call of the workflow says on the terminal while its jobs run.

Nothing of ``replisome`` is imported here: Snakemake looks for plugins before it reads a Snakefile, and may find this
one in another clone than the one it is called in.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from logging import ERROR, INFO, WARNING, Handler, LogRecord
from pathlib import Path
from typing import Any, TextIO

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_replisome.times import Kind, Times, measured, spoken

TAIL = 12  # lines of a failed job's log that are shown
LINE = 2000  # characters of each
RED, GREEN, YELLOW, GREY = 31, 32, 33, 90
# What Snakemake and its plugins say of every call or every job, and its own log file holds.
NOISE = (
    *("Assuming unrestricted shared", "Building DAG", "Using shell", "Select jobs", "DAG of jobs will be", "Updating "),
    *("Conda environments: ignored", "Singularity containers: ignored", "Group jobs: inactive", "Elapsed time"),
    *("RuleException:\nCalledProcessError", "Shutting down, this might"),  # of a failed job its own log says more
    *("SLURM run ID", "Cleaning up SLURM", "Auto-selected partition", "'sacct' unavailable", "Falling back to 'sacct'"),
)
SUBMITTED = "has been submitted with SLURM jobid"
EVENTS_OF_NO_USE = frozenset(
    {LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.SHELLCMD, LogEvent.DEBUG_DAG, LogEvent.RULEGRAPH}
)


class LogHandler(LogHandlerBase):
    """One line a finished job, with a running total; errors with the end of the job's log, and once more at the end.

    Who asks for more than that gets Snakemake's own output: ``--dry-run``, ``--verbose``, ``--debug-dag`` and
    ``--printshellcmds``. ``--quiet`` holds as it does there, but that only ``--quiet all`` hides failures.
    """

    def __post_init__(self) -> None:
        """Make what is kept over the call."""
        asked: Any = self.common_settings
        self.theirs = _snakemakes(asked) if wants_more(asked) else None
        self.quiet = {str(getattr(kind, "name", kind)).lower() for kind in asked.quiet or ()}
        self.stream: TextIO = sys.stderr
        self.coloured = _coloured(self.stream, asked.nocolor)
        self.times = Times()
        self.waiting: Counter[Kind] = Counter()
        # Where it is set, it counts the jobs that wait better than what was planned at the start does.
        self.survey: Callable[[], Mapping[Kind, int]] | None = None
        # Where it is set, it says of a job that failed what its log does not: why, and which key to set.
        self.explain: Callable[[Mapping[str, Any]], str] | None = None
        self.jobs: dict[int, Mapping[str, Any]] = {}
        self.began: dict[int, float] = {}
        self.ended: list[tuple[int, float]] = []
        self.failures: dict[int, str] = {}
        self.warnings: list[str] = []
        self.finished, self.width = 0, 70  # columns of the longest job so far
        self.started = time.time()

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's own output."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """It writes none."""
        return False

    @property
    def has_filter(self) -> bool:
        """What is left out is decided here."""
        return True

    @property
    def has_formatter(self) -> bool:
        """What is said is written here."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It draws none."""
        return False

    def emit(self, record: LogRecord) -> None:
        """Say what there is to say of an event."""
        if self.theirs is not None:
            self.theirs.handle(record)
            return
        try:
            self._emit(record)
        except BrokenPipeError:
            raise
        except Exception:  # as any handler of logging: no message ends the workflow
            self.handleError(record)

    def close(self) -> None:
        """Repeat what failed and what was warned of, where lines came after it."""
        if self.warnings and self.finished:
            self._say(f"{len(self.warnings)} warning{'s' * (len(self.warnings) > 1)}:", YELLOW)
            for text in dict.fromkeys(self.warnings):
                self._say(f"  {text}", YELLOW)
        if self.failures:
            self._say(f"{len(self.failures)} job{'s' * (len(self.failures) > 1)} failed:", RED)
            for text in self.failures.values():
                self._say(f"  {text}", RED)
        self.warnings, self.failures = [], {}
        super().close()

    def _emit(self, record: LogRecord) -> None:
        found = record.__dict__
        event = found.get("event")
        if "all" in self.quiet or str(getattr(found.get("quietness"), "name", "-")).lower() in self.quiet:
            return
        match event:
            case LogEvent.JOB_INFO:
                self.jobs[found["jobid"]] = found
            case LogEvent.JOB_STARTED:
                self.began |= dict.fromkeys(found["jobs"], record.created)
            case LogEvent.JOB_FINISHED:
                self.ended.append((found["job_id"], record.created))
            case LogEvent.PROGRESS:
                self._ended(found["done"], found["total"])
            case LogEvent.RUN_INFO:
                self.started = record.created
                self._planned(found.get("stats") or {})
            case LogEvent.JOB_ERROR:
                self._failed(found)
            case LogEvent.GROUP_INFO | LogEvent.GROUP_ERROR:
                pass  # each of its jobs says the same
            case None | LogEvent.ERROR:
                self._message(record)
            case _ if event not in EVENTS_OF_NO_USE:
                self._message(record)

    def _planned(self, stats: Mapping[str, int]) -> None:
        rules = {rule: number for rule, number in stats.items() if rule != "total"}
        self.waiting = Counter({Kind(rule): number for rule, number in rules.items()})
        if "progress" not in self.quiet:
            parts = ", ".join(f"{number} {rule}" for rule, number in grouped(rules).items())
            self._say(f"{sum(rules.values())} jobs: {parts}")

    def _ended(self, done: int, total: int) -> None:
        width = len(str(total))
        for number, when in self.ended:
            self.finished += 1
            job = self.jobs.pop(number, {})
            self.failures.pop(number, None)  # another try went well
            waited = when - self.began.pop(number, when)
            benchmark = job.get("benchmark")
            took = measured(str(benchmark) if benchmark else None)
            seconds = waited if took is None else took
            kind = Kind(str(job.get("rule_name", "?")), dict(job.get("wildcards") or {}).get("study"))
            self.times.ends(kind, seconds, waited)
            self.waiting[Kind(kind.rule)] -= 1
            waiting = self.survey() if self.survey else +self.waiting
            # The place of the job that ended is taken by the next.
            running = min(len(self.began) + 1, total - done)
            left = self.times.left(waiting, running) if done < total else None
            if not job.get("shellcmd"):  # a target, which takes no time of its own
                seconds = when - self.started
            if "progress" not in self.quiet:
                about = f"  about {spoken(left)} left" if left is not None else ""
                counted = self._painted(f"[{done:>{width}}/{total}]", GREEN)
                self.width = max(self.width, len(named(job)))
                self._say(f"{counted} {named(job):<{self.width}} {spoken(seconds):>8}{self._painted(about, GREY)}")
        self.ended = []

    def _failed(self, found: Mapping[str, Any]) -> None:
        number, logs = found["jobid"], [str(log) for log in found.get("log") or ()]
        job = {**self.jobs.get(number, {}), "rule_name": found["rule_name"]}
        tails = {log: tail(Path(log)) for log in logs}
        why = self.explain(found) if self.explain else ""
        last = why or next((lines[-1] for lines in reversed(tails.values()) if lines), "it left no message")
        self.began.pop(number, None)
        self.failures[number] = f"{named(job)}: {last} (log: {logs[0] if logs else 'none'})"
        self._say(f"Failed: {named(job)}", RED)
        if found.get("rule_msg"):
            self._say(f"  {found['rule_msg']}", RED)
        for log, lines in tails.items():
            self._say(f"  {log}{':' if lines else ': empty or not there'}", RED)
            self._say("\n".join(f"  | {line}" for line in lines))
        self._say(f"  {why}" if why else "", RED)

    def _message(self, record: LogRecord) -> None:
        text = str(record.msg if record.msg is not None else "").strip()
        noise = record.levelno != WARNING and (text.startswith(NOISE) or SUBMITTED in text)
        if not text or noise or record.levelno < INFO:
            return
        if record.levelno >= ERROR:
            self._say(text, RED)
        elif record.levelno >= WARNING:
            self.warnings.append(text)
            self._say(text, YELLOW)
        else:
            self._say(text)

    def _say(self, text: str, colour: int | None = None) -> None:
        if text:
            self.stream.write(self._painted(text, colour) + "\n")
            self.stream.flush()

    def _painted(self, text: str, colour: int | None) -> str:
        return f"\033[{colour}m{text}\033[0m" if self.coloured and colour and text else text


def wants_more(settings: Any) -> bool:
    """Say whether a call asks for what Snakemake itself says of each job."""
    return bool(settings.dryrun or settings.verbose or settings.debug_dag or settings.printshellcmds)


def grouped(rules: Mapping[str, int]) -> dict[str, int]:
    """Return the numbers of jobs with rules in one whose names begin alike, up to a ``_``."""
    stems = Counter(rule.partition("_")[0] for rule in rules)
    found: Counter[str] = Counter()
    for rule, number in rules.items():
        stem = rule.partition("_")[0]
        found[stem if stems[stem] > 1 else rule] += number
    return dict(found)


def named(job: Mapping[str, Any]) -> str:
    """Return what a job is: its rule and the values of its wildcards."""
    values = dict(job.get("wildcards") or {})
    words = [f"seed {value}" if key == "seed" else str(value) for key, value in values.items()]
    return " ".join([f"{job.get('rule_name', 'a job'):<9}", *words]).strip()


def tail(log: Path, lines: int = TAIL) -> Sequence[str]:
    """Return the last lines of a log; none where it cannot be read."""
    try:
        with log.open("rb") as handle:
            handle.seek(max(0, log.stat().st_size - lines * LINE))
            text = handle.read().decode("utf-8", errors="replace")
    except OSError:
        return ()
    return [line[:LINE] for line in text.splitlines() if line.strip()][-lines:]


def take_terminal(logger: Any, settings: Any) -> LogHandler | None:
    """Put this in the place of the handler that Snakemake made, if it did: a ``--logger`` that was asked for stays.

    Args:
        logger: Snakemake's.
        settings: of its output.

    Returns:
        The new handler, if there is one.
    """
    for handler in list(logger.handlers):
        if handler.name == "DefaultStreamHandler" and not wants_more(settings):
            logger.removeHandler(handler)
            ours = LogHandler(settings, None)
            logger.addHandler(ours)
            return ours
    return None


def _snakemakes(settings: Any) -> Handler:
    """Return the handler that Snakemake itself would use."""
    from snakemake.logging import (  # type: ignore[import-untyped]  # noqa: PLC0415 -- only where it is asked for
        ColorizingTextHandler,
        DefaultFilter,
        DefaultFormatter,
    )

    handler: Handler = ColorizingTextHandler(settings.nocolor, sys.stdout if settings.stdout else sys.stderr)
    quiet: Collection[Any] | None = settings.quiet
    handler.setFormatter(DefaultFormatter(quiet, settings.show_failed_logs))
    asked = (settings.debug_dag, settings.verbose, settings.dryrun, settings.printshellcmds)
    handler.addFilter(DefaultFilter(quiet, *asked))
    return handler


def _coloured(stream: TextIO, refused: bool) -> bool:
    dumb = os.getenv("TERM") == "dumb" or bool(os.getenv("NO_COLOR"))
    return stream.isatty() and not dumb and not refused

"""Why a job failed, by what it left: its log, and what was said of it. Whether another attempt can help follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

END = 100_000  # bytes at a log's end that are read

OF_STAGES = re.compile(r"^replisome [a-z]+: error: .*", re.MULTILINE)
NO_MODULE = re.compile(r"No module named '?([\w.]+)'?")
TIME_UP = re.compile(r"\bTIMEOUT\b|DUE TO TIME LIMIT|says that its time was up")
# What SLURM, the kernel's message and shells say where memory ran out, beside our own words.
NO_MEMORY = re.compile(
    r"\bOUT_OF_MEMORY\b|oom[-_ ]?kill|memory ran out|Exceeded job memory limit|^.*: +\d+ Killed\b", re.M
)
# Errors that another attempt may not meet again.
MAY_PASS = re.compile(
    r"told to stop|memory ran out|another process|input/output error|Stale file handle|this job has a GPU"
)
REFUSED = "SLURM sbatch failed"
OF_A_BUNDLE = re.compile(r"^replisome bundle: error: .*: failed; its log is (.+)$", re.MULTILINE)


class Failure(NamedTuple):
    """Why a job failed.

    Attributes:
        reason: what is wrong and which key to set, in one line; nothing where the log says it all.
        hopeless: whether the same will happen again, however often the job is tried.
    """

    reason: str = ""
    hopeless: bool = False


def why(rule: str, told: str, texts: Iterable[str], empty: bool = False) -> Failure:
    """Return why a job failed.

    Args:
        rule: the job's.
        told: what the executor said of it.
        texts: the ends of its logs.
        empty: whether the job's own log says nothing.
    """
    if told.startswith(REFUSED):
        return Failure("SLURM refused the job: see the account and the partitions in site.yaml of the profile.", True)
    text = "\n".join([told, *texts])
    if module := NO_MODULE.search(text):
        return Failure(
            f"'{module[1]}' is not installed where the job ran. Set up the environment (make setup) in a folder that "
            "this node sees too; another attempt would not find it either.",
            True,
        )
    if TIME_UP.search(text):
        return Failure(_more(rule, "its time was up", "runtime", "minutes; the next attempt gets more, and goes on"))
    if NO_MEMORY.search(text):
        return Failure(_more(rule, "memory ran out", "mem_mb", "MB; the next attempt gets more"))
    errors = OF_STAGES.findall(text)
    if empty:
        return Failure(_more(rule, "killed without a word, most often since memory ran out", "mem_mb", "MB"))
    return Failure("", bool(errors) and not any(MAY_PASS.search(error) for error in errors))


def _more(rule: str, what: str, key: str, unit: str) -> str:
    return (
        f"{what}: {key} says how much it may use (resources of the experiment in config/studies, or --set-resources "
        f"{rule}:{key}=N; N in {unit})."
    )


class Failures:
    """The failures of a call: each is read once, and its reason is added to the job's log."""

    def __init__(self) -> None:
        self._before: dict[Path, tuple[int, int] | None] = {}
        self._read: dict[tuple[int, float], Failure] = {}
        self._last: dict[int, Failure] = {}

    def begins(self, event: Mapping[str, Any]) -> None:
        """Note how a job's logs are before it begins: what an earlier attempt wrote does not speak for this one."""
        for log in event.get("log") or ():
            self._before[Path(log)] = _state(Path(log))

    def read(self, event: Mapping[str, Any]) -> Failure:
        """Return why the job of an event of Snakemake's failed."""
        key = (int(event["jobid"]), float(event.get("created") or 0.0))
        if key not in self._read:
            logs = [Path(log) for log in event.get("log") or ()]
            texts = ["" if _state(log) == self._before.get(log) else _end_of(log) for log in logs]
            empty = bool(texts) and not texts[0].strip()
            rule, told = str(event["rule_name"]), str(event.get("rule_msg") or "")
            # What is wrong with a run of a bundle, its own log says.
            runs = [why(rule, "", [_end_of(Path(log))]) for text in texts for log in OF_A_BUNDLE.findall(text)]
            found = _together(runs) if runs else why(rule, told, texts, empty)
            self._read[key] = self._last[key[0]] = found
            if found.reason and logs:
                _add(logs[0], f"replisome: {found.reason}\n")
        return self._read[key]

    def hopeless(self, job: int) -> bool:
        """Say whether another attempt of a job that failed is of no use."""
        return self._last.get(job, Failure()).hopeless


def _together(runs: Sequence[Failure]) -> Failure:
    """Return why a bundle failed: it is tried again if that may help one of its runs."""
    return Failure(next(filter(None, (run.reason for run in runs)), ""), all(run.hopeless for run in runs))


def _state(log: Path) -> tuple[int, int] | None:
    """Return what changes where a file is written to; None where it is not there."""
    try:
        found = log.stat()
        return found.st_mtime_ns, found.st_size
    except OSError:
        return None


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as handle:
            handle.seek(max(0, log.stat().st_size - END))
            return handle.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _add(log: Path, line: str) -> None:
    """Add a line to a log; where that cannot be, the terminal has it."""
    with suppress(OSError), log.open("a", encoding="utf-8") as handle:
        handle.write(line)

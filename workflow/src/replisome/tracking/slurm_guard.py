"""What keeps a call alive while SLURM's controller is away, and names its jobs: for version 2.8 of Snakemake's plugin.

``docs/patches`` has the same as a patch for the plugin.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any

# As SLURM's commands say that the controller is away, too busy to answer, or takes no more jobs of one user for now.
LATER = (
    *("Unable to contact slurm controller", "connect failure", "Connection refused", "Socket timed out"),
    *("Zero Bytes were transmitted", "Resource temporarily unavailable", "MaxSubmitJob"),
)
AGAIN = 15.0  # seconds until a submission is tried again
PAUSE = 15.0  # seconds between two looks, at most: one question for all jobs, whereas the plugin waits up to 180
LONGEST = 200  # characters of a job's name
ACCOUNTS = "JobID,JobName,Comment,Elapsed,TotalCPU,NNodes,NCPUS,MaxRSS,ReqMem"  # what the plugin's report is made of


def forgets_no_job(executor: Any, remembered: float | None = None) -> Callable[[Sequence[Any]], AsyncIterator[Any]]:
    """Return the executor's check of active jobs, so that none is lost: neither told as ended nor yielded as active.

    The plugin yields nothing where it could not ask how jobs are; Snakemake then waits for ever for jobs that nobody
    looks at any more.

    Args:
        executor: of the plugin; jobs that end are told by its methods, and these are listened to.
        remembered: for how many seconds SLURM knows jobs that have ended, where that is known: looks are never rarer
            than twice in that time, nor than every :data:`PAUSE`.
    """
    check = executor.check_active_jobs
    longest = PAUSE if remembered is None else min(PAUSE, max(remembered / 2, 1.0))
    ended: set[int] = set()
    away = False

    def listened(report: Callable[..., Any]) -> Callable[..., Any]:
        def told(job_info: Any, *more: Any, **named: Any) -> Any:
            ended.add(id(job_info))
            return report(job_info, *more, **named)

        return told

    executor.report_job_success = listened(executor.report_job_success)
    executor.report_job_error = listened(executor.report_job_error)

    async def check_active_jobs(active_jobs: Sequence[Any]) -> AsyncIterator[Any]:
        nonlocal away
        ended.clear()
        seen = set()
        async for job_info in check(active_jobs):
            seen.add(id(job_info))
            yield job_info
        lost = [job_info for job_info in active_jobs if id(job_info) not in seen | ended]
        if bool(lost) != away:
            away = bool(lost)
            print(_told(len(lost)), file=sys.stderr, flush=True)
        for job_info in lost:
            yield job_info
        pause = executor.next_seconds_between_status_checks
        executor.next_seconds_between_status_checks = min(pause, longest)

    return check_active_jobs


def _told(lost: int) -> str:
    if lost:
        return f"SLURM does not say how {lost} jobs are; it is asked again until it does."
    return "SLURM answers again."


def waits_for_controller(executor: Any, again: float = AGAIN) -> Callable[..., Any]:
    """Return the executor's report of a job that could not be submitted; one that SLURM may take later is tried again.

    It is called in a thread that submits. Where SLURM took a job and its answer was lost, there are two of it, and the
    second one waits for the first, which holds the folder.

    Args:
        executor: of the plugin.
        again: seconds until the job is submitted again.
    """
    report, over = executor._report_job_error_threadsafe, threading.Event()

    def ends(method: Callable[..., Any]) -> Callable[..., Any]:
        def ended() -> Any:
            over.set()
            return method()

        return ended

    executor.cancel, executor.shutdown = ends(executor.cancel), ends(executor.shutdown)

    def report_or_submit(job_info: Any, msg: str) -> Any:
        if not any(sign in msg for sign in LATER) or over.wait(again):
            return report(job_info, msg)
        return executor._job_submission_executor.submit(executor.run_job, job_info.job)

    return report_or_submit


def job_name(job: Any) -> str:
    """Return what a job is called in SLURM's queue: its rule and the values of its wildcards, study, model and slug.

    Args:
        job: of Snakemake.
    """
    words = [job.name] if job.is_group() else [job.rule.name, *map(str, job.wildcards_dict.values())]
    return re.sub(r"[^\w.=+-]", "_", "-".join(words))[:LONGEST]


def accounts_of(user: str, since: str, numbers: Collection[str]) -> Callable[[str, Any], list[str] | None]:
    """Return what asks for the accounts of a call's jobs, in place of the plugin's, which knows them by one name.

    Args:
        user: whose jobs they are.
        since: when the first of them may have begun, as SLURM reads times.
        numbers: of the jobs; more may come.
    """

    def get_sacct_data(call: str, logger: Any) -> list[str] | None:
        command = ["sacct", "--user", user, "--starttime", since, "--parsable2", "--noheader", f"--format={ACCOUNTS}"]
        try:
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            logger.error(
                f"SLURM's accounts of this call's jobs cannot be read, so there is no efficiency report: {error}"
            )
            return None
        # A line a job and a line a step of it: 17|..., 17.batch|...
        return [line for line in told.splitlines() if re.split(r"[|._]", line)[0] in numbers] or None

    return get_sacct_data

# Which failed jobs are tried again, why they failed, and what was finished while nobody looked.
# Requires: common.smk, staleness.smk, terminal.smk. Produces: read_failures(); no rule.
import logging

from snakemake.jobs import Job
from snakemake.persistence import PersistenceBase

from replisome.tracking.failures import Failures

FAILURES = Failures()


class FailureReader(logging.Handler):
    """Reads why a job failed when Snakemake says that it did."""

    def emit(self, record):
        event = getattr(record, "event", None)
        if event == "job_error":
            FAILURES.read(record.__dict__)
        elif event == "job_info":
            FAILURES.begins(record.__dict__)


def read_failures():
    """Read failures from now on, and show on the terminal which key is to blame."""
    logger.addHandler(FailureReader())
    if TERMINAL is not None:
        TERMINAL.explain = lambda event: FAILURES.read(event).reason


def try_again_what_may_succeed():
    """Let `retries` hold for no job that fails in the same way each time, such as for want of a package."""

    def restart_times(job):
        return 0 if FAILURES.hopeless(job.dag.jobid(job)) else job.rule.restart_times

    Job.restart_times = property(restart_times)


def finished_stays_finished():
    """Do not make again what is whole, though Snakemake was killed before it could note that.

    Its mark says that a job began. A stage writes its record last, with the hashes of all else, so that a result whose
    record is of today's settings and code is whole.
    """
    marked = PersistenceBase.incomplete

    async def incomplete(persistence, job):
        found = await marked(persistence, job)
        return [] if found and any(os.path.dirname(str(file)) in CURRENT for file in job.output) else found

    PersistenceBase.incomplete = incomplete


try_again_what_may_succeed()
finished_stays_finished()

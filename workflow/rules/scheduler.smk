# Keeps Snakemake's scheduler from looking at the waiting jobs ever more often.
# Requires: nothing. Produces: no rule.
import threading

from snakemake.scheduling.job_scheduler import JobScheduler


def look_again_once_at_a_time():
    """Let a scheduler have one timer at a time that makes it look at the waiting jobs again.

    It sets one whenever it has looked (for `--max-jobs-per-timespan`, by default 100/1s). Each timer makes it look, and
    so does each job that ends: after 140 jobs it looks 140 times a second, which took a third of a core in the demo
    (Snakemake 9.27; https://github.com/snakemake/snakemake/pull/3744).
    """

    def look_again_after(scheduler, delay):
        pending = getattr(scheduler, "_looks_again", None)
        if pending is not None and not pending.finished.is_set():
            return

        def look_again():
            timer.finished.set()  # before the scheduler goes on, which may ask for the next one
            scheduler._open_jobs.release()

        scheduler._looks_again = timer = threading.Timer(delay, look_again)
        timer.daemon = True  # a workflow that ends does not wait for it
        timer.start()

    JobScheduler._schedule_reevalutation = look_again_after


look_again_once_at_a_time()

# Keeps Snakemake from deleting what others have made, or are making, in runs' folders; says how a job was killed there.
# Requires: staleness.smk. Produces: say_when_called(); no rule.
from snakemake.jobs import Job

from replisome.tracking import lease, run_folder

# Of the results that lie there, jobs keep those that are newer: another process has made them since this call began.
CALLED = f"{RESULTS}/.called"
os.environ.update(REPLISOME_CALLED=os.path.abspath(CALLED))


def say_when_called():
    """Leave a file that is as old as this call; jobs on other machines see it too."""
    write_text(Path(CALLED), f"{time.time_ns()}\n")


def folder_of(job):
    """Return the folder of a job that works in a run's folder, which the job leases; None for other jobs."""
    return Path(job.output.provenance).parent if job.rule.name in run_folder.STAGES else None


def folders_of(job):
    """Return the folders that a job leases, one after the other: of a bundle, those of its members."""
    if job.rule.name == "bundle":
        with contextlib.suppress(ReplisomeError):  # its file is gone
            return [Path(member.folder) for member in bundle_of(job.wildcards).members]
    return [folder for folder in [folder_of(job)] if folder]


def leave_runs_to_their_stages():
    """Let the stages that work in runs' folders delete former results themselves, once they hold the lease.

    Snakemake deletes a job's outputs before it starts, and when it has failed, on the node where it runs. Where the
    job was started twice, as after the controller was killed, these are the outputs of the other one.
    """
    remove, clean = Job.remove_existing_output, Job.cleanup

    async def remove_existing_output(job):
        folder = folder_of(job)
        if folder is None:
            await remove(job)
        elif not lease.found(folder)[1]:  # the log of one that runs goes on
            for log in job.log:
                await log.remove(remove_non_empty_dir=False)

    async def cleanup(job, skip_outputs):
        is_alive = False
        for folder in folders_of(job):
            who, is_alive = lease.found(folder)
            if who and not is_alive:
                say_how_it_ended(job, run_folder.how_it_ended(job.rule.name, who))
        folder = folder_of(job)
        if folder is None or not (is_alive or run_folder.is_whole(folder)):
            await clean(job, skip_outputs)

    Job.remove_existing_output, Job.cleanup = remove_existing_output, cleanup


def say_how_it_ended(job, message):
    """Say it here and in the job's log, where the process that was killed could not say anything."""
    print(f"{job.rule.name}: {message}", file=sys.stderr)
    for path in job.log:
        with contextlib.suppress(OSError), open(path, "a", encoding="utf-8") as log:
            log.write(f"{message}\n")


leave_runs_to_their_stages()

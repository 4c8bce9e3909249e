# What SLURM's plugin leaves undone (version 2.8), put right while the profile is used: jobs are not forgotten where the
# controller is away, they are called by what they do, and their logs lie beside the results.
# Requires: common.smk, terminal.smk. Produces: take_cluster(), keep_call(); no rule.
import functools
import getpass
import warnings
from importlib.metadata import version

from replisome.tracking import last_call, slurm_queue
from replisome.tracking.slurm_guard import accounts_of, forgets_no_job, job_name, waits_for_controller

PLUGIN = "snakemake_executor_plugin_slurm"
KNOWN = "2.8."  # whose insides are known

# What Snakemake says of itself where the size of an input is not known yet.
warnings.filterwarnings("ignore", message="coroutine 'InputFiles", category=RuntimeWarning)


def keep_call():
    """Write down beside the results how this call was made, for `replisome resume`."""
    kind = type(workflow.scheduler._executor).__module__
    last_call.keep(Path(RESULTS), kind.rpartition(".")[2].removeprefix("snakemake_executor_plugin_"))


def take_cluster():
    """Refuse to submit what SLURM still has of an earlier call, and attend to the plugin."""
    executor = workflow.scheduler._executor
    if type(executor).__module__ != PLUGIN:
        return
    try:
        jobs = slurm_queue.jobs_of(Path(RESULTS))
    except ReplisomeError as error:
        raise WorkflowError(str(error)) from None
    if jobs:
        raise WorkflowError(
            f"{RESULTS}: SLURM still has {len(jobs)} jobs of an earlier call ({', '.join(job.number for job in jobs[:5])}"
            f"{', ...' if len(jobs) > 5 else ''}). `replisome resume {RESULTS}` waits for them and then goes on; with "
            "--cancel it ends them first."
        )
    found = version(PLUGIN.replace("_", "-"))
    if not found.startswith(KNOWN):
        print(
            f"SLURM's plugin is {found}, and {KNOWN}x is what is attended to: see docs/how-to/cluster.md.",
            file=sys.stderr,
        )
        return
    attend(sys.modules[PLUGIN], executor)


def attend(plugin, executor):
    executor.slurm_logdir = Path(RESULTS).resolve() / slurm_queue.LOGS
    executor.check_active_jobs = forgets_no_job(executor, plugin.get_min_job_age())
    executor._report_job_error_threadsafe = waits_for_controller(executor)
    # Accounts are guessed with commands that fail without slurmdbd; SLURM knows a user's own.
    account = executor.get_account_arg
    executor.get_account_arg = lambda job: account(job) if job.resources.get("slurm_account") else iter([""])
    # By default all jobs of a call have one name, by which the plugin asks for them. Its jobs are known by their numbers.
    submit = plugin.get_submit_command
    plugin.get_submit_command = lambda job, params, **more: submit(job, params | {"run_uuid": job_name(job)}, **more)
    me, numbers = getpass.getuser(), set()
    submitted = executor.report_job_submission

    def note_number(job_info, *more, **named):
        numbers.add(job_info.external_jobid)
        return submitted(job_info, *more, **named)

    executor.report_job_submission = note_number
    reports = sys.modules[f"{PLUGIN}.efficiency_report"]
    reports.get_sacct_data = accounts_of(me, time.strftime("%Y-%m-%dT%H:%M:%S"), numbers)
    of_me = {tool: getattr(plugin, f"query_job_status_{tool}") for tool in ("squeue", "sacct")}
    for tool, query in of_me.items():
        setattr(plugin, f"query_job_status_{tool}", functools.partial(_by_user, query, me))
    settings = workflow.executor_settings
    if settings.efficiency_report and settings.efficiency_report_path is None:
        settings.efficiency_report_path = Path(RESULTS)


def _by_user(query, user, call):
    return query(call).replace(f"--name {call}", f"--user {user}")

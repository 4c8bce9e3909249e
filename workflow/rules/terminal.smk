# What is said while jobs run: one line a finished job (the logger plugin in workflow/src), and, for `replisome watch`,
# the plan of the call beside the results.
# Requires: common.smk, staleness.smk. Produces: keep_plan(); no rule.
from collections import Counter

from snakemake.logging import logger

# Snakemake looks for plugins before it reads this file, and may have found another clone's.
for name in [name for name in sys.modules if name.startswith("snakemake_logger_plugin_replisome")]:
    del sys.modules[name]

from replisome.tracking.plan_keeper import PlanKeeper
from snakemake_logger_plugin_replisome.handler import take_terminal
from snakemake_logger_plugin_replisome.times import Kind

# Here and not as `logger:` in a profile: Snakemake reads profiles before this file puts workflow/src on the path, and
# refuses a logger that is not installed. Another one is chosen with --logger, Snakemake's own with --printshellcmds.
TERMINAL = take_terminal(logger, workflow.output_settings) if workflow.is_main_process else None


def keep_plan():
    """Write what this call is about beside the results, and keep it up to date."""
    since = os.stat(STALE_MARK).st_mtime if os.path.exists(STALE_MARK) else 0.0
    logger.addHandler(PlanKeeper(workflow.dag, Path(RESULTS), since, PLAN.studies, bundled_jobs))
    if TERMINAL is not None:
        TERMINAL.survey = waiting_jobs


def waiting_jobs():
    """Return how many jobs have not ended, by rule and study; targets take no time."""
    jobs = (job for job in workflow.dag.needrun_jobs() if job.shellcmd)
    return Counter(Kind(job.rule.name, job.wildcards_dict.get("study")) for job in jobs)

# What is said while jobs run: one line a finished job (the logger plugin in workflow/src), and, for `replisome watch`,
# the plan of the call beside the results.
# Requires: common.smk, staleness.smk. Produces: keep_plan(); no rule.
from snakemake.logging import logger

from replisome.tracking.plan_keeper import PlanKeeper
from snakemake_logger_plugin_replisome.handler import take_terminal

# Here and not as `logger:` in a profile: Snakemake reads profiles before this file puts workflow/src on the path, and
# refuses a logger that is not installed. Another one is chosen with --logger, Snakemake's own with --printshellcmds.
if workflow.is_main_process:
    take_terminal(logger, workflow.output_settings)


def keep_plan():
    """Write what this call is about beside the results, and keep it up to date."""
    since = os.stat(STALE_MARK).st_mtime if os.path.exists(STALE_MARK) else 0.0
    logger.addHandler(PlanKeeper(workflow.dag, Path(RESULTS), since, PLAN.studies))

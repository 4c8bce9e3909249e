# What every stage shares: the plan and the paths.
# Requires: config. Produces: PLAN, RESULTS, paths; no rule.
import os
import re
import shlex
import sys
from pathlib import Path

sys.path.insert(0, f"{workflow.basedir}/workflow/src")

from replisome.config import declared, loader, search_plan
from replisome.config.claims import claim_lines
from replisome.config.search import STEPS
from replisome.errors import ReplisomeError
from replisome.data import study_inputs
from replisome.io import canonical_json, file_hash, require_writable
from replisome.tracking.inputs import raw_name
from replisome.tracking.stage_key import text_hash
from replisome.tracking import rounds_begun
from replisome.tracking.verify import read_verified
from replisome.data.raw_files import STAND_IN, is_stand_in_path, origin_file, raw_file
from replisome.config.schema import read_yaml
from replisome.data.splits import HELD_OUT, SPLITS

# Jobs call `python -m replisome`: this interpreter and this source, whatever the shell that started Snakemake has.
# A conda environment (--sdm conda) is activated later and so comes first.
os.environ.update(
    PATH=os.pathsep.join([os.path.dirname(sys.executable), os.getenv("PATH", os.defpath)]),
    PYTHONPATH=os.pathsep.join(filter(None, [f"{workflow.basedir}/workflow/src", os.getenv("PYTHONPATH")])),
    REPLISOME_MIRROR=str(config.get("mirror") or ""),
    REPLISOME_LEDGER=f"{workflow.basedir}/config/datasets.yaml",
)

ENVIRONMENT = f"{workflow.basedir}/envs/replisome.yaml"
PAGES = f"{workflow.basedir}/workflow/report"


def load_plan():
    """Read and check all configuration; what is wrong ends the call with one message."""
    try:
        # Read once more, for what Snakemake's own reading lets pass, such as a key given twice.
        for file in workflow.configfiles:
            read_yaml(Path(file))
        plan = loader.load(config, Path(workflow.basedir))
        for line in plan.left_out if workflow.is_main_process else ():
            print(line, file=sys.stderr)
        for key in ("results_dir", "resources_dir"):
            require_writable(Path(config[key]), key)
        return plan
    except ReplisomeError as error:
        raise WorkflowError(str(error)) from None


def raise_seeds(plan, rounds):
    """Give configurations of a plan, in its place, the seeds that rounds have added; max_seeds allows none."""
    for name, study in plan.studies.items() if config["max_seeds"] is None else ():
        plan.studies[name] = study.raised(rounds_begun.raises_of(rounds, name))


PLAN = load_plan()
RESULTS = str(config["results_dir"]).rstrip("/")
RESOURCES = str(config["resources_dir"]).rstrip("/")
REPORT = f"{RESULTS}/report.html"
# By a run's key, after how many rounds the search of its grid first looks at it.
FIRST_ROUNDS = {key: n for study in PLAN.studies.values() for key, n in search_plan.first_rounds(study).items()}
BEGUN = rounds_begun.begun(Path(RESULTS))
raise_seeds(PLAN, BEGUN)
RECIPE = f"{RESULTS}/{{study}}/{{recipe}}"
RUN = f"{RECIPE}/runs/{{model}}/{{slug}}/seed={{seed}}"
TEST = f"{RUN}/test"
EXPLANATION = f"{RUN}/explanation"
PILOT = f"{RUN}/pilot"
SEARCH = f"{RESULTS}/{{study}}/search/{{experiment}}/{{step}}"
SELECTION = f"{RESULTS}/{{study}}/selection/{{experiment}}"


wildcard_constraints:
    study="|".join(PLAN.studies),
    # A study's other folders are no recipes, though their records are called alike.
    recipe=rf"(?!(?:{'|'.join(sorted(loader.FOLDERS))})/)[a-z0-9_-]+",
    model="[a-z0-9_]+",
    slug="[^/]+",
    seed="[0-9]+",
    experiment="[a-z0-9_-]+",
    step="|".join(STEPS),

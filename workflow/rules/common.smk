# What every stage shares: the plan, the paths, the settings.
# Requires: config. Produces: PLAN, RESULTS, paths, settings of each stage; no rule.
import os
import re
import shlex
import sys
from pathlib import Path

sys.path.insert(0, f"{workflow.basedir}/workflow/src")

from replisome.config import declared, loader, search_plan
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
    recipe="[a-z0-9_-]+",
    model="[a-z0-9_]+",
    slug="[^/]+",
    seed="[0-9]+",
    experiment="[a-z0-9_-]+",
    step="|".join(STEPS),


# ---- what each stage is told: its settings, the part of its key that is not code


def recipe_settings(w):
    study = PLAN.studies[w.study]
    recipe = study.recipe(w.recipe)
    return {
        "study": w.study,
        "implementation": study.settings["implementation"],
        "recipe": {"name": w.recipe, **recipe},
        "datasets": {name: loader.what_data_are(name, PLAN.ledger[name]) for name in raw_of(w)},
    }


def selection_of(study):
    """Return a function from an experiment's name to its selection, known once its checkpoint has run."""

    def selection(experiment):
        where = {"study": study, "experiment": experiment}
        if not workflow.is_main_process:  # a job on a node: the main process has waited for the checkpoint
            return read_verified(Path(f"{SELECTION.format(**where)}/selection.json"))["recipes"]
        return read_verified(Path(checkpoints.select.get(**where).output.selection))["recipes"]

    return selection


def run_settings(w):
    """Return what a run is; one that inherits is known once the selection it inherits from is."""
    return resolved_run(w).settings


def resolved_run(w):
    run = PLAN.run(w.study, w.recipe, w.model, w.slug, w.seed)
    return PLAN.studies[w.study].resolve(run, selection_of(w.study))


def outcome_of(study, experiment, step):
    """Return which candidates of an experiment go on after a step of its search, once its checkpoint has run."""
    if workflow.is_main_process:  # a job on a node asks when the main process has waited for the checkpoint
        checkpoints.search.get(study=study, experiment=experiment, step=step)
    return outcome_on_disk(study, experiment, step)


def outcome_on_disk(study, experiment, step):
    folder = SEARCH.format(study=study, experiment=experiment, step=step)
    return read_verified(Path(f"{folder}/search.json"))["recipes"]


def searched(study, experiments=None, steps=STEPS, outcome=outcome_of):
    """Return a study's plan of what the searches of these experiments, or of all, leave; known once they have run."""
    plan = PLAN.studies[study]
    names = [name for name in plan.searches if experiments is None or name in experiments]
    outcomes = {name: {step: outcome(study, name, step) for step in steps} for name in names}
    return plan.after_search(outcomes) if outcomes else plan


def searched_for(w):
    """Return a study's plan as the selection of one experiment needs it: after its search and those it inherits from."""
    return searched(w.study, PLAN.studies[w.study].selection_settings(w.experiment)["experiments"])


def searched_before(w):
    """Return a study's plan as a step of a search finds it: after the steps before it."""
    return searched(w.study, [w.experiment], STEPS[: STEPS.index(w.step)])


def pilot_settings(w):
    run = resolved_run(w)
    return {**run.settings, "until": FIRST_ROUNDS[run.key]}


def search_settings(w):
    return search_plan.search_settings(searched_before(w), w.experiment)


def selection_settings(w):
    return searched_for(w).selection_settings(w.experiment)


def study_settings(study):
    return searched(study).settings


def claims_settings(study):
    return searched(study).claims_settings


def merged_settings():
    return {"studies": list(PLAN.studies), "preset": config["preset"]}


def planned(settings):
    """Return what tells a stage that the settings it finds are those that this call plans."""
    return text_hash(canonical_json(settings))


def report_settings():
    pages = sorted(path for path in Path(PAGES).rglob("*") if path.is_file())
    names = sorted({plan.implementation.name for plan in PLAN.studies.values()})
    return {
        "studies": list(PLAN.studies),
        "settings": {study: text_hash(canonical_json(study_settings(study))) for study in PLAN.studies},
        "implementations": names,
        "datasets": {name: PLAN.ledger[name] for plan in PLAN.studies.values() for name in plan.settings["datasets"]},
        "pages": {str(path.relative_to(PAGES)): file_hash(path) for path in pages},
        "captions": {
            name: text_hash(
                canonical_json(
                    [
                        [i.name, i.title, i.caption]
                        for of in (declared.tables, declared.figures)
                        for i in of(name).values()
                    ]
                )
            )
            for name in names
        },
    }

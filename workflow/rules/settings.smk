# What each stage is told: its settings, the part of its key that is not code.
# Requires: common.smk. Produces: the settings of each stage; no rule.
from snakemake import __version__ as SNAKEMAKE_VERSION


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


def run_of(w):
    return PLAN.run(w.study, w.recipe, w.model, w.slug, w.seed)


def resolved_run(w):
    return PLAN.studies[w.study].resolve(run_of(w), selection_of(w.study))


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


def claims_at(study):
    """Return in which file of the repository a study's claims are, and at which line each begins."""
    places = [Path("config/studies", study, "claims.yaml"), Path("config/studies", f"{study}.yaml")]
    file = next((place for place in places if Path(workflow.basedir, place).is_file()), None)
    return {"file": str(file), "lines": claim_lines(Path(workflow.basedir, file))} if file else {}


def report_settings():
    pages = sorted(path for path in Path(PAGES).rglob("*") if path.is_file())
    names = sorted({plan.implementation.name for plan in PLAN.studies.values()})
    return {
        "studies": list(PLAN.studies),
        "preset": config["preset"],
        "settings": {study: text_hash(canonical_json(study_settings(study))) for study in PLAN.studies},
        "implementations": names,
        "datasets": {name: PLAN.ledger[name] for plan in PLAN.studies.values() for name in plan.settings["datasets"]},
        "pages": {str(path.relative_to(PAGES)): file_hash(path) for path in pages},
        "captions": {
            name: text_hash(
                canonical_json(
                    [
                        [i.name, i.title, i.caption, i.image]
                        for of in (declared.tables, declared.figures)
                        for i in of(name).values()
                    ]
                )
            )
            for name in names
        },
        "main_figures": {name: declared.main_figures(name) for name in names},
        "claims": {study: claims_at(study) for study in PLAN.studies},
    }


def crate_settings():
    """Return what was run, without this machine's paths, and the workflow's files with their hashes."""
    base = Path(workflow.basedir)
    of_machine = ("mirror", "results_dir", "resources_dir", "jobs_per_gpu")
    folders = [
        path
        for name in ("workflow", "config", "envs", "profiles", "slurm", "workstation")
        for path in (base / name).rglob("*")
    ]
    files = [*(base / name for name in ("Snakefile", "README.md", "LICENSE", "CITATION.cff")), *folders]
    named = {str(file.relative_to(base)): file for file in sorted(files) if file.is_file()}
    return {
        "preset": config["preset"],
        # A study may be given by its path; its settings lie in the results, beside its tables.
        "configuration": {key: config[key] for key in config if key not in of_machine}
        | {"studies": list(PLAN.studies)},
        "snakemake": SNAKEMAKE_VERSION,
        "sources": {
            name: file_hash(file)
            for name, file in named.items()
            if not re.search(r"(^|/)(\.|__pycache__/|site\.yaml$)|~$", name)
        },
    }

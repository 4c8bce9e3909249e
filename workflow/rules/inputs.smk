# What jobs ask for: resources, raw files, and the results of other jobs. What is asked of the workflow: targets.smk.
# Requires: settings.smk. Produces: resource and input functions; no rule.
from replisome.config.catalogue import model_traits
from replisome.config.precision import is_auto
from replisome.data.at_hand import why_anew
from replisome.data.raw_files import digest

# ---- what a job asks for


DEFAULTS = {"gpu": 0, "mem_mb": 4000, "runtime": 60}  # of a run whose experiment does not say
GROWS = ("mem_mb", "runtime")
MINUTES_TO_ASK = 30  # what a run takes to be tested or explained, at most


def asks_for(resource):
    """Return a resource function: what the study file gives the run's experiment, or the default.

    Memory and time grow with each attempt: the one before may have ended for want of them.
    """

    def of_run(w, attempt):
        given = PLAN.studies[w.study].resources[run_of(w).experiment].get(resource, DEFAULTS[resource])
        return given * attempt if resource in GROWS else given

    return of_run


def time_to_ask(w, attempt):
    return MINUTES_TO_ASK * attempt


def memory_to_prepare(w, input, attempt):
    """Return in MB what the recipe gives, else by the size of its raw files; until these are there it is not known.

    Ten times their size is generous: packed text unpacks to some four times, and tables are held once beside it.
    """
    given = PLAN.studies[w.study].preparation[w.recipe].get("mem_mb")
    return attempt * (given or max(4000, 1000 + 10 * sum(map(os.path.getsize, raw_of(w).values())) // 10**6))


def time_to_prepare(w, attempt):
    """Return in minutes what the recipe gives, or half an hour."""
    return attempt * PLAN.studies[w.study].preparation[w.recipe].get("runtime", 30)


# ---- raw files

MIRROR = Path(config["mirror"]) if config["mirror"] else None
RAW_DIGESTS = Digests(Path(RESOURCES, ".digests.json"), digest)
TAKEN_ANEW = set()
if workflow.is_main_process:
    atexit.register(RAW_DIGESTS.save)


def taken_anew(w):
    """Return one more input, newer than anything, where the raw file in place is not the one that should lie there."""
    raw = Path(RESOURCES, w.dataset, w.version, w.file)
    why = why_anew(raw, PLAN.ledger[w.dataset], w.version == STAND_IN, MIRROR, RAW_DIGESTS)
    if why and workflow.is_main_process and raw not in TAKEN_ANEW:
        TAKEN_ANEW.add(raw)
        print(f"data set '{w.dataset}': {why}; it is taken anew.", file=sys.stderr)
    return [STALE_MARK] if why else []


def checksum_of(dataset, version):
    entry = PLAN.ledger[dataset]
    return str(entry["stand_in"]["checksum"] if version == STAND_IN else entry["checksum"])


def raw_of(w):
    """Return by data set the raw files of a recipe; a control has none."""
    recipe = PLAN.studies[w.study].recipe(w.recipe)
    dataset = recipe["source"].get("dataset")
    if dataset is None:
        return {}
    own = raw_file(dataset, PLAN.ledger[dataset], RESOURCES, MIRROR, PLAN.stand_ins, RAW_DIGESTS)
    names = loader.datasets_of(recipe, PLAN.ledger, is_stand_in_path(own))
    return {name: raw_file(name, PLAN.ledger[name], RESOURCES, MIRROR, PLAN.stand_ins, RAW_DIGESTS) for name in names}


def shared_of(study):
    """Return the names of the tables that all splits of a recipe share."""
    return PLAN.studies[study].implementation.shared


def splits_of(w, *splits):
    """Return the prepared files that a stage needs of a recipe: these splits, and what all of them share."""
    return [f"{RESULTS}/{w.study}/{w.recipe}/{name}.parquet" for name in (*splits, *shared_of(w.study))]


def weights_of(w):
    """Return the weights of a run that its selection goes by: those of its best round on validation, or of its last."""
    return tested_weights_of(w)[0]


def tested_weights_of(w):
    """Return all weights with which validation and test are predicted, in one job; those of `weights_of` come first."""
    run = run_of(w)
    return [f"{RESULTS}/{run.directory}/{kind}.safetensors" for kind in run.tested_weights]


def precision_of(w):
    """Return the answer of the probe for a run whose precision is open; nothing for others, and for what has no steps."""
    if not is_auto(run_settings(w)) or model_traits(w.model).kind != "network":
        return []
    return [f"{RESULTS}/precision/{'gpu' if asks_for('gpu')(w, 1) else 'cpu'}.json"]


def trained_from(w):
    splits = splits_of(w, "train", "validation", *run_settings(w)["curves"])
    return [*splits, f"{RESULTS}/{w.study}/{w.recipe}/stats.json", *precision_of(w)]


def read_from(w, *splits):
    """Return what a run is asked about splits with."""
    weights = tested_weights_of(w) if "test" in splits else [weights_of(w)]
    return [*weights, *splits_of(w, *splits), f"{RECIPE.format(**w)}/stats.json"]


def begun_by_search(w):
    """Return the state in which a search has left a run after its first rounds; none where no search is about it.

    Nor where the run is finished: adding a search to a grid trains nothing of it again.
    """
    run = run_of(w)
    if run.key not in FIRST_ROUNDS or os.path.exists(f"{RESULTS}/{run.directory}/provenance.json"):
        return []
    return [f"{PILOT}/state.pt".format(**w)]


# ---- what a stage is told on its command line beside its folders


def in_numbers(w):
    return [word for file in precision_of(w) for word in ("--precision", file)]


def trained_with(w):
    return [*in_numbers(w), *(word for file in begun_by_search(w) for word in ("--start", file))]


# ---- which runs an aggregation needs


def searched_scores(w):
    return study_inputs.for_search(searched_before(w), w.experiment, w.step, Path(RESULTS))


def compared_scores(w):
    return study_inputs.for_selection(searched_for(w), w.experiment, Path(RESULTS))


def tables_from(study):
    return study_inputs.for_tables(searched(study), selection_of(study), Path(RESULTS))


def tables_wait_for(study):
    """Return what the tables of a study wait for: what they are made from, but for runs that a selection waits for.

    `stale` compares the rest. As inputs of another job, files of thousands of runs would make a plan half as long and
    large again, and Snakemake keeps the names and checksums of all inputs once for each table.
    """
    plan = searched(study)
    trained = {run.directory for name in plan.experiments for run in plan.compared_runs(name)}
    return [file for file in tables_from(study) if os.path.dirname(file)[len(RESULTS) + 1 :] not in trained]


def figures_from(study):
    return study_inputs.for_figures(searched(study), selection_of(study), Path(RESULTS))


def claims_from(study):
    return study_inputs.for_claims(searched(study), selection_of(study), Path(RESULTS))


def verdicts_from():
    return study_inputs.verdicts_of(PLAN.studies, Path(RESULTS))


def beside_runs(files):
    """Return those of these files that no run left; for what waits for the tables, which wait for all that runs left.

    What else is read of runs stands in the result's record, and `stale` compares it. As inputs they would cost a third
    of the time and memory of a plan of thousands of runs.
    """
    return [file for file in files if "/runs/" not in file]


def page_from(w=None):
    return study_inputs.for_page(map(searched, PLAN.studies), Path(RESULTS))

# What is asked for: the tables, figures and selections of studies, and all that there is.
# Requires: common.smk, staleness.smk, inputs.smk, next_round.smk. Produces: functions for targets; no rule.


def tables_of(study):
    names = [f"{name}.csv" for name in declared.tables(PLAN.studies[study].implementation.name)]
    return [f"{RESULTS}/{study}/tables/{name}" for name in ["metrics.parquet", *names]]


def selections_of(study):
    """Return the selections and searches of a study, which targets ask for by name.

    A job whose input function waits for a checkpoint that is not there is not examined for other reasons to run: a new
    experiment in a finished folder would pass unnoticed.
    """
    plan = PLAN.studies[study]
    return [*study_inputs.searches(plan, Path(RESULTS)), *study_inputs.selections(plan, Path(RESULTS))]


def unselected():
    """Return what `stale` does where there is a page but not every selection: the page would hide that."""
    if not os.path.exists(REPORT):
        return []
    missing = [path for study in PLAN.studies for path in selections_of(study) if not os.path.exists(path)]
    return [STALE_MARK] if missing else []


def figures_of(study):
    return [
        f"{RESULTS}/{study}/figures/{name}.png" for name in declared.figures(PLAN.studies[study].implementation.name)
    ]


def everything():
    """Return the page, all verdicts, what rounds came to, and the selections, tables and figures of all studies."""
    of_studies = [file for study in PLAN.studies for of in (selections_of, tables_of, figures_of) for file in of(study)]
    return [REPORT, f"{RESULTS}/claims.json", *verdicts_from(), *ROUNDS, *of_studies]


def caption(study, file):
    """Return where the caption of a table or figure lies, for `snakemake --report`: the report stage writes it."""
    return os.path.abspath(f"{RESULTS}/report/captions/{study}/{Path(file).stem}.rst")

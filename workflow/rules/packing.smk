# Short runs that one job works through (the key `bundle`): which are finished, who waits for which bundle.
# Requires: staleness.smk, inputs.smk, members.smk. Produces: awaited(), bundle_of() and what a bundle asks for; no rule.
#
# No file of a run is an output of a bundle: Snakemake deletes the outputs of jobs that start, and a job on a node plans
# anew when some runs have ended. So which runs are finished is decided here, by their records, and written to a file.
import shutil
from typing import NamedTuple

from snakemake.iocontainers import Wildcards

from replisome.tracking.bundles import FOLDER, Bundle, Member, is_finished, read_bundle
from replisome.tracking.durations import Durations
from replisome.tracking.stage_key import ACCEPTED, RECORD

BUNDLES = f"{RESULTS}/{FOLDER}"
BUNDLE = f"{BUNDLES}/{{study}}/{{bundle}}"
PACKED = {}  # by stage and run: the member, and the bundle that makes it, or None where it is finished
# By a run's subfolder, the stage that fills it.
OF_PART = {"test": "evaluate", "explanation": "explain", "pilot": "pilot"}


class Packed(NamedTuple):
    member: Member
    bundle: str | None


def awaited(files):
    """Return what a job waits for that reads these files: of runs that are packed, the bundles of those unfinished."""
    others, asked = [], {}
    for file in map(str, files):
        stage, run = made_by(file)
        if run is None or PLAN.studies[run.study].bundles[run.experiment] is None:
            others.append(file)
        else:
            asked[stage, run.key] = run
    if workflow.is_main_process:  # a job on a node has been waited for
        for stage in MEMBERS:  # in the order in which they follow one another
            runs = [run for (of, key), run in asked.items() if of == stage and (of, key) not in PACKED]
            if runs:
                pack(stage, runs)
        others += dict.fromkeys(PACKED[name].bundle for name in asked if PACKED[name].bundle)
    return others


def made_by(file):
    """Return which stage makes a file of which run; of other files nothing."""
    if not file.startswith(f"{RESULTS}/") or os.path.basename(file) == ACCEPTED:
        return None, None
    study, recipe, runs, model, slug, seed, *rest = [*file[len(RESULTS) + 1 :].split(os.sep), *[""] * 6][:8]
    if runs != "runs" or study not in PLAN.studies:
        return None, None
    return OF_PART.get(rest[0], "train"), PLAN.run(study, recipe, model, slug, seed.removeprefix("seed="))


def pack(stage, runs):
    """Find out of which of these runs a stage is finished, and put the others into bundles."""
    groups, finished = {}, {}
    if stage in ("evaluate", "explain"):
        awaited(f"{RESULTS}/{run.directory}/{RECORD}" for run in runs)  # packs their training together
    for run in runs:
        w = Wildcards(fromdict=dict(zip(("study", "recipe", "model", "slug", "seed"), map(str, run.key))))
        member, waits = MEMBERS[stage](w)
        if (
            not is_forced(stage)
            and not waits
            and is_prepared(run.study, run.recipe)
            and is_finished(member, DIGESTS.of_input)
        ):
            finished[stage, run.key] = Packed(member, None)
        else:
            # Selections wait for one experiment's training; what is asked of its runs then is the same for all of them.
            packing = PLAN.studies[run.study].bundles[run.experiment]
            together = run.experiment if stage in ("train", "pilot") else "runs"
            groups.setdefault((run.study, together, run.recipe, packing), []).append((run, member, waits))
    PACKED.update(finished)
    for (study, together, recipe, packing), jobs in groups.items():
        for some in packing.pack(jobs, lambda job: TIMES.seconds(job[1].benchmark)):
            bundle = Bundle(
                members=[member for _, member, _ in some],
                parallel=packing.parallel,
                waits_for=list(
                    dict.fromkeys(file for _, member, waits in some for file in (*waits, *prepared(member)))
                ),
                resources=what_a_bundle_needs(stage, some, packing.parallel),
                redo=is_forced(stage),
            )
            path = BUNDLE.format(study=study, bundle=bundle.name(stage, together, recipe))
            PLANNED[f"{path}.done"] = bundle
            if executes():
                bundle.write(Path(f"{path}.json"))
            PACKED.update({(stage, run.key): Packed(member, f"{path}.done") for run, member, _ in some})


PLANNED = {}  # by the file that says that it is done, a bundle of this call
TIMES = Durations(Path(RESULTS, "benchmarks"))


def executes():
    """Say whether this call runs jobs."""
    return workflow.executor_plugin is not None and not workflow.dryrun and not workflow.touch


def is_forced(stage):
    """Say whether the command line wants a stage's jobs run whatever lies there (--forceall, --forcerun)."""
    return workflow.dag_settings.forceall or not {stage, "bundle"}.isdisjoint(workflow.dag_settings.forcerun)


@functools.cache
def is_prepared(study, recipe):
    """Say whether a recipe's data are there, and this call does not prepare them anew."""
    w = Wildcards(fromdict={"study": study, "recipe": recipe})
    folder = RECIPE.format(**w)
    if not all(os.path.exists(file) for file in (*splits_of(w, *SPLITS), f"{folder}/stats.json")):
        return False
    raw = raw_of(w)
    anew = any(
        taken_anew(Wildcards(fromdict=dict(zip(("dataset", "version", "file"), Path(path).parts[-3:]))))
        for path in raw.values()
    )
    return not anew and not stale(
        "prepare", recipe_settings(w), folder, {raw_name(path): Path(path) for path in raw.values()}
    )


def prepared(member):
    """Return those inputs of a member that the preparation of its recipe makes."""
    return [file for file in member.inputs if made_by(file)[1] is None]


def what_a_bundle_needs(stage, some, parallel):
    """Return what a bundle asks for: as much as one of its runs, times those that are under way at the same time.

    Time is that of one run too, or half as much again as all take by what such runs took so far: what is cut off goes
    on with the next attempt.
    """
    given = [PLAN.studies[run.study].resources[run.experiment] for run, _, _ in some]

    def most(resource):
        return max(of.get(resource, DEFAULTS[resource]) for of in given)

    seconds = [TIMES.seconds(member.benchmark) or 0.0 for _, member, _ in some]
    runtime = most("runtime") if stage in ("train", "pilot") else MINUTES_TO_ASK
    return {
        "gpu": most("gpu"),
        "mem_mb": most("mem_mb") * parallel,
        "runtime": max(runtime, round(1.5 * sum(seconds) / 60 / parallel)),
    }


# ---- the job


def bundle_of(w):
    """Return a bundle that this call has planned; on a node, the one that the main process has written."""
    path = BUNDLE.format(**w)
    return PLANNED.get(f"{path}.done") or read_bundle(Path(f"{path}.json"))


def bundle_asks_for(resource):
    return lambda w, attempt: bundle_of(w).resources[resource] * (attempt if resource in GROWS else 1)


def bundled_jobs():
    """Return of each packed stage of a run its log, its record, and whether this call makes it."""
    return [
        (packed.member.log, f"{packed.member.folder}/{RECORD}", packed.bundle is not None) for packed in PACKED.values()
    ]

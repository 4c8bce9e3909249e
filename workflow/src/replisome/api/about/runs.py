"""What there is to say of a run, of runs that differ in their seed, and of a recipe: plain values, as JSON has them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from replisome.api.results import Results
from replisome.api.run_lists import Runs
from replisome.api.run_paths import CONFIG
from replisome.api.runs import Run
from replisome.config.catalogue import study as declared
from replisome.errors import ReplisomeError
from replisome.tracking.stage_key import RECORD, stage_key
from replisome.tracking.verify import read_record

SCHEMA = "replisome/show/1"
AGAIN = "again"  # the folder that a repeated run is to be written to


def about_run(run: Run, results: Results | None) -> dict[str, Any]:
    """Return what there is to say of a run.

    Args:
        run: the run, finished or not.
        results: that it is part of; None where it lies elsewhere.

    Returns:
        Its place, settings, scores with what they are called, how it ended, its record, whether code and data are
        still those that made it, its siblings, and the commands that repeat it.
    """
    siblings = Runs([one for one in results.runs if one.folder.parent == run.folder.parent]) if results else Runs(())
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "run",
        "path": str(run.folder),
        "study": run.study,
        "recipe": run.recipe,
        "protocol": run.protocol,
        "model": run.model,
        "slug": run.slug,
        "seed": run.seed,
        "experiments": list(run.experiments),
        "budget": run.budget,
        "reduced": results.reduced(run) if results else None,
        "config": run.config,
        "finished": run.finished,
        "remarks": list(run.remarks),
        "seeds": sorted(one.seed for one in siblings),
        "scores": {},
        "called": {},
        "ended": None,
        "provenance": None,
        "current": None,
        "repeat": repeat(run, results),
    }
    if run.finished:
        with run.read():
            found |= {
                "scores": run.scores,
                "called": called(run.config["implementation"]),
                "ended": {
                    "stopped": run.stopped,
                    "diverged": run.diverged,
                    **{key: run.validation[key] for key in ("best_epoch", "best_step", "last_epoch")},
                    "selected_weights": run.weights,
                    "selected_by": run.validation["metric"],
                },
                "provenance": dict(run.provenance),
                "current": current(run),
            }
    return found


def called(implementation: str) -> dict[str, dict[str, Any]]:
    """Return by score its title, its unit for people, what a value is multiplied by to be in it, and what is better."""
    try:
        scores = declared(implementation).scores
    except ReplisomeError:  # results of a study that this copy does not have are shown without
        return {}
    return {
        one.name: {"title": one.title, "unit": one.unit, "scale": one.scale, "better": one.better, "format": one.format}
        for one in scores
    }


def current(run: Run) -> dict[str, bool | None]:
    """Say whether the code of training, and the data, are still what the run was made from; None where nobody knows."""
    try:
        code: bool | None = stage_key("train", dict(run.config)) == run.provenance["key"]
    except (ReplisomeError, LookupError, OSError):
        code = None
    data = None
    if run.root and (run.data / RECORD).exists():
        now = read_record(run.data / RECORD).get("outputs", {})
        read = {name.rpartition("/")[2]: found for name, found in run.provenance["inputs"].items()}
        data = all(now.get(name) == found for name, found in read.items())
    return {"code": code, "data": data}


def repeat(run: Run, results: Results | None) -> dict[str, str]:
    """Return the commands that make a run once more.

    Args:
        run: the run.
        results: that it is part of, if it is.

    Returns:
        ``train`` repeats it beside what there is, into a new folder; ``workflow`` makes it, with what it needs, in its
        place, where the results say what was called.
    """
    threads = run.provenance.get("threads", 1) if run.finished else 1
    config, data = shlex.quote(str(run.folder / CONFIG)), shlex.quote(str(run.data if run.root else "DATA"))
    found = {
        "train": f"mkdir {AGAIN} && cp {config} {AGAIN} && replisome train --run {AGAIN}/{CONFIG} --data {data} "
        f"--out {AGAIN} --threads {threads}"
    }
    plan = results.plan(run.study) if results else None
    if results is not None and plan is not None:
        found["workflow"] = workflow_call(
            results, plan.settings["preset"], f"{results.root}/{run.name}/validation.json"
        )
    return found


def workflow_call(results: Results, preset: str, target: str = "") -> str:
    """Return the call of Snakemake, from the repository's folder, that makes a target of these results.

    Args:
        results: where it is to lie.
        preset: that was run.
        target: a file or a rule's name; all, where it is empty.
    """
    from replisome.report.deciding import command  # noqa: PLC0415 -- the page's modules are slow to import

    call = command(preset, shlex.quote(target) if target else "")
    if str(results.root) == f"results/{preset}":
        return call
    option = f"results_dir={shlex.quote(str(results.root))}"
    return f"{call} {option}" if " --config " in call else f"{call} --config {option}"


def about_runs(runs: Sequence[Run], name: str, study: str) -> dict[str, Any]:
    """Return what runs scored side by side.

    Args:
        runs: of one study.
        name: what they have in common.
        study: the study's name.
    """
    return {"schema": SCHEMA, "kind": "runs", "study": study, "name": name, **listed(runs)}


def listed(runs: Sequence[Run]) -> dict[str, Any]:
    """Return a row a run: which it is, and what it scored with the weights and the score that its selection goes by."""
    known = called(runs[0].config["implementation"]) if runs else {}
    return {"called": known, "runs": [row(run) for run in runs]}


def row(run: Run) -> dict[str, Any]:
    """Return a run in a line: which it is, and its scores by the selection's weights and metric."""
    metric = run.config["select"]["metric"]
    scores: Mapping[str, Any] = run.scores if run.finished else {}
    values = {split: scores.get(split, {}).get(run.weights, {}).get(metric) for split in ("validation", "test")}
    return {
        "path": run.name,
        "recipe": run.recipe,
        "model": run.model,
        "slug": run.slug,
        "seed": run.seed,
        "metric": metric,
        **values,
        "remarks": list(run.remarks),
    }


def about_recipe(results: Results, study: str, name: str) -> dict[str, Any]:
    """Return what a recipe's data are, and which runs were trained on them.

    Args:
        results: where it was prepared.
        study: the study's name.
        name: the recipe's.
    """
    folder = results.root / study / name
    record = read_record(folder / RECORD)
    runs = [run for run in results.runs if run.folder.parents[3] == folder]
    return {
        "schema": SCHEMA,
        "kind": "recipe",
        "path": str(folder),
        "study": study,
        "recipe": name,
        "card": results.card(study, name),
        "provenance": record,
        **listed(runs),
    }

"""From configuration files to a plan. Whatever can be wrong with them is found here, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from replisome.config.budget import Budget
from replisome.config.bundling import Bundling
from replisome.config.catalogue import study_names
from replisome.config.checks import check_contract, check_experiment, check_metric, check_recipes
from replisome.config.grid import seeds
from replisome.config.plan import Plan, StudyPlan, largest_budget, limits_of
from replisome.config.planned_claims import plan_claims
from replisome.config.precision import settle_precision
from replisome.config.renamed import check_files
from replisome.config.rounds import check_rounds
from replisome.config.schema import as_numbers, overlay, read_yaml, validate
from replisome.config.study_files import StudyFiles, displayed, folder_names, known_names, read_study
from replisome.errors import ReplisomeError, did_you_mean

FIXED = ("name", "extends", "replace", "presets", "claims")  # what overrides cannot change
FOLDERS = frozenset({"tables", "figures", "selection", "search", "claims"})  # of a study's results
RESULT_FOLDERS = frozenset(
    {"logs", "benchmarks", "claims", "rounds", "report", "crate", "precision"}
)  # beside the studies' own
# What rules are called, or begin with where a study's or table's name follows; stages count too.
TARGETS = frozenset(
    {
        "all",
        "download",
        "prepare",
        "probe",
        "pilot",
        "train",
        "search",
        "evaluate",
        "explain",
        "select",
        "summarise",
        "judge",
        "bundle",
        "claims",
        "rounds",
        "decide",
        "figures",
        "report",
        "crate",
    }
)
TARGETS_OF = ("prepare_with_", "summarise_", "figures_", "judge_")


def load(config: Mapping[str, Any], root: Path) -> Plan:
    """Read and check all configuration; ``config`` is what Snakemake read from config.yaml and the command line.

    Raises:
        ReplisomeError: with file, key and remedy, for whatever is wrong.
    """
    config = with_numbers(config)
    validate(config, "config", "config/config.yaml (or --configfile, --config)")
    ledger_file = root / "config" / "datasets.yaml"
    ledger = read_yaml(ledger_file)
    validate(ledger, "datasets", displayed(ledger_file, root))
    for name, entry in ledger.items():
        for companion in companions_of(entry, stand_in=True):
            if companion not in ledger:
                near = did_you_mean(companion, ledger)
                raise ReplisomeError(f"{displayed(ledger_file, root)}: {name}.companions: no entry '{companion}'{near}")
    check_files(root)
    for key in ("results_dir", "resources_dir"):
        if set(config[key]) & set("{}~*?"):
            raise ReplisomeError(f"config: key '{key}': {config[key]!r}: write the path out, without any of {{}}~*?")
    mirror = config["mirror"]
    if mirror is not None and not Path(mirror).is_dir():
        raise ReplisomeError(f"config: key 'mirror': no folder {mirror}; correct the path or leave it out.")
    plans: dict[str, StudyPlan] = {}
    read, left_out = _read_studies(config, root)
    for files in read:
        if files.name in plans:
            raise ReplisomeError(f"config: two studies have the name '{files.name}'; rename one.")
        plans[files.name] = _plan_study(files, config, ledger)
    known = {*plans, *known_names(root)}
    for name in config["overrides"]:
        if name not in known:
            raise ReplisomeError(f"config: key 'overrides': no study '{name}'{did_you_mean(name, known)}")
    return Plan(plans, ledger, config["stand_ins"], left_out)


def with_numbers(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a configuration whose ``bundle`` has numbers: Snakemake reads what a command line nests as text."""
    bundle = config.get("bundle")
    if not isinstance(bundle, dict):
        return config
    return {**config, "bundle": {key: _number(value) for key, value in bundle.items()}}


def _number(value: Any) -> Any:
    for kind in (int, float):
        try:
            return kind(value)
        except (ValueError, TypeError):
            continue
    return value


def datasets_of(recipe: Mapping[str, Any], ledger: Mapping[str, Mapping[str, Any]], stand_in: bool) -> list[str]:
    """Return the names of the data sets whose raw files a recipe needs: its source or ``stand_in``, and its company."""
    dataset = recipe["source"].get("dataset")
    return [dataset, *companions_of(ledger[dataset], stand_in)] if dataset else []


def companions_of(entry: Mapping[str, Any], stand_in: bool) -> list[str]:
    """Return the names of the data sets that are needed with one, or with its ``stand_in``."""
    return [*entry.get("companions", []), *(entry.get("stand_in", {}).get("companions", []) if stand_in else [])]


def what_data_are(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a ledger entry that prepared data depend on: not where it lies, nor whom to cite."""
    kept = ("version", "file", "checksum", "medmnist", "classes", "stand_in")
    about = {"name": name, **{key: entry[key] for key in kept if key in entry}}
    if "stand_in" in about:
        about["stand_in"] = {
            key: about["stand_in"][key]
            for key in ("file", "checksum", "note", "companions")
            if key in about["stand_in"]
        }
    return about


def _read_studies(config: Mapping[str, Any], root: Path) -> tuple[list[StudyFiles], tuple[str, ...]]:
    """Return the studies to run, and for each that is left out a line that says why.

    A study that the configuration names must have the preset. Of ``all`` studies, those without it are left out.
    """
    chosen, preset = config["studies"], config["preset"]
    if chosen != "all":
        return [read_study(entry, root) for entry in ([chosen] if isinstance(chosen, str) else chosen)], ()
    studies = [read_study(name, root) for name in folder_names(root)]
    kept = [study for study in studies if preset == "full" or preset in study.presets]
    if not kept:
        known = {"full", *(name for study in studies for name in study.presets)}
        raise ReplisomeError(f"config: key 'preset': no study has a preset '{preset}'{did_you_mean(preset, known)}")
    left_out = [study for study in studies if study not in kept]
    return kept, tuple(
        f"study '{study.name}' is left out: {study.origin} has no preset '{preset}'." for study in left_out
    )


def _plan_study(files: StudyFiles, config: Mapping[str, Any], ledger: Mapping[str, Any]) -> StudyPlan:
    """Return a study's plan, all of it checked."""
    origin = files.origin
    plan = _bare_plan(files, config)
    check_contract(plan.implementation)
    check_recipes(plan, ledger, origin)
    for recipe in plan.recipes.values():
        for dataset in datasets_of(recipe, ledger, config["stand_ins"]):
            plan.settings["datasets"][dataset] = what_data_are(dataset, ledger[dataset])
    try:
        for experiment, block in plan.experiments.items():
            check_metric(plan.implementation, experiment, block["select"]["metric"])
        for experiment in plan.experiments:  # which runs there are may depend on any of the scores
            check_experiment(plan, experiment)
        _ = plan.runs
    except ReplisomeError as error:
        raise ReplisomeError(f"{origin}: {error}") from None
    whole = {**config, "overrides": {}, "max_epochs": None, "max_steps": None, "max_seeds": None}
    presets: dict[str, Callable[[], StudyPlan]] = {
        preset: partial(_bare_plan, files, {**whole, "preset": preset}) for preset in ("full", *sorted(files.presets))
    }
    if {**whole, "preset": config["preset"]} == config:
        presets[config["preset"]] = lambda: plan  # its runs are known already
    return replace(plan, claims=plan_claims(files, plan, presets))


def _bare_plan(files: StudyFiles, config: Mapping[str, Any]) -> StudyPlan:
    """Return a study's plan of which only the form was checked, without its claims."""
    name, origin, whole = files.name, files.origin, files.settings
    full = {
        experiment: {
            "budget": budget.capped(None, None),
            "seeds": len(seeds(whole["experiments"][experiment]["seeds"])),
        }
        for experiment, budget in _budgets(whole, origin).items()
    }
    raw = files.with_preset(config["preset"])
    if name in config["overrides"]:
        changes = as_numbers(config["overrides"][name])
        fixed = next((key for key in FIXED if key in changes), None)
        if fixed:
            raise ReplisomeError(f"config: key 'overrides.{name}': a study keeps its {fixed}; change it in {origin}.")
        raw = overlay(raw, changes)
        validate(raw, "study", f"{origin} with the overrides of the configuration")
    _check_names(name, raw, origin)
    rounds = (raw.get("seeds") or {}).get("rounds", [])
    check_rounds(rounds, origin)
    _budgets(raw, origin)
    resources = {experiment: block.pop("resources", {}) for experiment, block in raw["experiments"].items()}
    preparation = {recipe: block.pop("resources", {}) for recipe, block in raw["recipes"].items()}
    own = {experiment: block.pop("bundle", None) for experiment, block in raw["experiments"].items()}
    bundles = {name: Bundling.of(own[name] if config["bundle"] is None else config["bundle"]) for name in own}
    for block in raw["experiments"].values():
        _cap(block, config)
        settle_precision(block, config["precision"])
    used = {recipe for block in raw["experiments"].values() for recipe in block["recipes"]}
    unknown = sorted(used - raw["recipes"].keys())
    if unknown:
        raise ReplisomeError(
            f"{origin}: experiments use the recipe '{unknown[0]}', which is not under 'recipes'"
            f"{did_you_mean(unknown[0], raw['recipes'])}"
        )
    settings = {
        "name": name,
        "implementation": raw.get("implementation", name),
        "title": raw["title"],
        "summary": raw["summary"],
        "preset": config["preset"],
        "stand_ins": config["stand_ins"],
        "show": raw.get("show", []),
        "rounds": rounds,
        "recipes": {recipe: block for recipe, block in raw["recipes"].items() if recipe in used},
        "experiments": raw["experiments"],
        "full": full,
        "full_limits": {recipe: limits_of(block) for recipe, block in whole["recipes"].items()},
        "claims": list(files.claims),
        "datasets": {},
    }
    if settings["implementation"] not in study_names():
        near = did_you_mean(settings["implementation"], study_names())
        raise ReplisomeError(f"{origin}: key 'implementation': no package '{settings['implementation']}'{near}")
    return StudyPlan(settings, resources, preparation, bundles=bundles)


def _budgets(raw: Mapping[str, Any], origin: str) -> dict[str, Budget]:
    """Return the largest budget of each experiment.

    Raises:
        ReplisomeError: one of them is not a budget.
    """
    found = {}
    for name, block in raw["experiments"].items():
        try:
            found[name] = largest_budget(block)
        except ReplisomeError as error:
            raise ReplisomeError(f"{origin}: experiments.{name}: {error}") from None
    return found


def _check_names(name: str, raw: Mapping[str, Any], origin: str) -> None:
    """Refuse names that the workflow uses itself, as targets or as folders."""
    taken = FOLDERS & {*raw["recipes"], *raw["experiments"]}
    if taken:
        raise ReplisomeError(f"{origin}: nothing can be called '{min(taken)}', which is a folder of every study.")
    if name in RESULT_FOLDERS:
        raise ReplisomeError(
            f"{origin}: a study cannot be called '{name}', which is a folder of the results; rename it."
        )
    if name in TARGETS or name.startswith(TARGETS_OF):
        raise ReplisomeError(
            f"{origin}: a study cannot be called '{name}', which is a target of the workflow; rename it."
        )


def _cap(block: dict[str, Any], config: Mapping[str, Any]) -> None:
    """Apply max_epochs, max_steps and max_seeds, with which a full configuration is tried out on a small budget."""
    epochs, steps = config["max_epochs"], config["max_steps"]
    block["budget"] = Budget.of(block["budget"]).capped(epochs, steps)
    for choice in block["models"].values():
        for values in (choice.get("fixed", {}), choice.get("grid", {})):
            for key, most in (("epochs", epochs), ("steps", block["budget"].get("steps") if epochs else steps)):
                if key in values and most is not None:
                    listed = values[key] if isinstance(values[key], list) else [values[key]]
                    capped = list(dict.fromkeys(min(value, most) for value in listed))
                    values[key] = capped if isinstance(values[key], list) else capped[0]
    if config["max_seeds"] is not None:
        block["seeds"] = seeds(block["seeds"])[: config["max_seeds"]]

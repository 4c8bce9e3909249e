"""From configuration files to a plan. Whatever can be wrong with them is found here, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome import models
from replisome.budget import Budget
from replisome.errors import ReplisomeError, did_you_mean
from replisome.grid import seeds
from replisome.plan import Plan, StudyPlan, largest_budget, limits_of
from replisome.settings import as_numbers, overlay, read_yaml, validate

BASIC = frozenset({"source", "split", "encoding", "normalisation", "protocol"})
FOLDERS = frozenset({"tables", "figures", "selection"})
TARGETS = frozenset({"all", "download", "prepare", "train", "evaluate", "select", "report"})


def load(config: Mapping[str, Any], root: Path) -> Plan:
    """Read and check all configuration; ``config`` is what Snakemake read from config.yaml and the command line.

    Raises:
        ReplisomeError: with file, key and remedy, for whatever is wrong.
    """
    validate(config, "config", "config/config.yaml (or --configfile, --config)")
    ledger_file = root / "config" / "datasets.yaml"
    ledger = read_yaml(ledger_file)
    validate(ledger, "datasets", _shown(ledger_file, root))
    for name, entry in ledger.items():
        for companion in companions_of(entry, stand_in=True):
            if companion not in ledger:
                near = did_you_mean(companion, ledger)
                raise ReplisomeError(f"{_shown(ledger_file, root)}: {name}.companions: no entry '{companion}'{near}")
    claims_file = root / "config" / "claims.yaml"
    claims = read_yaml(claims_file)
    validate(claims, "claims", _shown(claims_file, root))
    for key in ("results_dir", "resources_dir"):
        if set(config[key]) & set("{}~*?"):
            raise ReplisomeError(f"config: key '{key}': {config[key]!r}: write the path out, without any of {{}}~*?")
    mirror = config["mirror"]
    if mirror is not None and not Path(mirror).is_dir():
        raise ReplisomeError(f"config: key 'mirror': no folder {mirror}; correct the path or leave it out.")
    plans: dict[str, StudyPlan] = {}
    for entry in config["studies"]:
        plan = _load_study(entry, config, ledger, claims, root)
        if plan.name in plans:
            raise ReplisomeError(f"config: two study files have the name '{plan.name}'; rename one.")
        plans[plan.name] = plan
    known = {*plans, *(path.stem for path in (root / "config" / "studies").glob("*.yaml"))}
    for name in config["overrides"]:
        if name not in known:
            raise ReplisomeError(f"config: key 'overrides': no study '{name}'{did_you_mean(name, known)}")
    return Plan(plans, ledger, config["stand_ins"])


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


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _load_study(
    entry: str, config: Mapping[str, Any], ledger: Mapping[str, Any], claims: Sequence[Any], root: Path
) -> StudyPlan:
    path = Path(entry) if entry.endswith((".yaml", ".yml")) else root / "config" / "studies" / f"{entry}.yaml"
    if not path.is_file():
        known = [file.stem for file in (root / "config" / "studies").glob("*.yaml")]
        raise ReplisomeError(f"config: key 'studies': no study file {path}{did_you_mean(entry, known)}")
    origin = _shown(path, root)
    raw = read_yaml(path)
    validate(raw, "study", origin)
    name = raw.setdefault("name", path.stem)
    validate(raw, "study", origin)
    full = {
        experiment: {"budget": budget.capped(None, None), "seeds": len(seeds(raw["experiments"][experiment]["seeds"]))}
        for experiment, budget in _budgets(raw, origin).items()
    }
    full_limits = {recipe: limits_of(block) for recipe, block in raw["recipes"].items()}
    presets = raw.pop("presets", {})
    preset = config["preset"]
    if preset != "full":
        if preset not in presets:
            raise ReplisomeError(f"{origin}: no preset '{preset}'{did_you_mean(preset, [*presets, 'full'])}")
        raw = overlay(raw, presets[preset])
        validate(raw, "study", f"{origin} with preset '{preset}'")
    if "name" in config["overrides"].get(name, {}):
        raise ReplisomeError(f"config: key 'overrides.{name}': a study keeps its name; copy its file to rename it.")
    if name in config["overrides"]:
        raw = overlay(raw, as_numbers(config["overrides"][name]))
        validate(raw, "study", f"{origin} with the overrides of the configuration")
    _check_names(name, raw, origin)
    _budgets(raw, origin)
    resources = {experiment: block.pop("resources", {}) for experiment, block in raw["experiments"].items()}
    for block in raw["experiments"].values():
        _cap(block, config)
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
        "preset": preset,
        "stand_ins": config["stand_ins"],
        "show": raw.get("show", []),
        "recipes": {recipe: block for recipe, block in raw["recipes"].items() if recipe in used},
        "experiments": raw["experiments"],
        "full": full,
        "full_limits": full_limits,
        "claims": [claim for claim in claims if claim["study"] == name],
        "datasets": {},
    }
    plan = StudyPlan(settings, resources)
    _check_recipes(plan, ledger, origin)
    for recipe in plan.recipes.values():
        for dataset in datasets_of(recipe, ledger, config["stand_ins"]):
            settings["datasets"][dataset] = ledger[dataset]
    try:
        for experiment in plan.experiments:
            _check_experiment(plan, experiment)
        _ = plan.runs
    except ReplisomeError as error:
        raise ReplisomeError(f"{origin}: {error}") from None
    return plan


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
    if name in TARGETS:
        raise ReplisomeError(f"{origin}: a study cannot be called '{name}', which is a target of the workflow.")


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


def _check_recipes(plan: StudyPlan, ledger: Mapping[str, Any], origin: str) -> None:
    study = plan.implementation
    for name, recipe in plan.recipes.items():
        at = f"{origin}: key 'recipes.{name}"
        source = recipe["source"]
        if ("dataset" in source) == ("control" in source):
            raise ReplisomeError(f"{at}.source': give either 'dataset' or 'control'.")
        if "dataset" in source and source["dataset"] not in ledger:
            raise ReplisomeError(
                f"{at}.source.dataset': '{source['dataset']}' is not in config/datasets.yaml"
                f"{did_you_mean(source['dataset'], ledger)}"
            )
        if "control" in source and source["control"] not in study.controls:
            near = did_you_mean(source["control"], study.controls)
            raise ReplisomeError(f"{at}.source.control': no control '{source['control']}'{near}")
        known = study.source_options(source.get("control"))
        missing = [
            option for option, about in known.items() if about.required and option not in source.get("options", {})
        ]
        if missing:
            raise ReplisomeError(f"{at}.source.options': needs a value for: {', '.join(missing)}.")
        for option, value in source.get("options", {}).items():
            if option not in known:
                raise ReplisomeError(f"{at}.source.options': unknown option '{option}'{did_you_mean(option, known)}")
            known[option].check(value, f"{at}.source.options.{option}'")
        for extra in recipe.keys() - BASIC - set(study.recipe_extras):
            raise ReplisomeError(f"{at}.{extra}': study '{study.name}' has no use for it; remove it.")
        for key, allowed in study.recipe_values.items():
            if recipe[key] not in allowed:
                raise ReplisomeError(f"{at}.{key}': '{recipe[key]}' is not one of: {', '.join(allowed)}.")


def _check_experiment(plan: StudyPlan, name: str) -> None:
    block = plan.experiments[name]
    metric, known = block["select"]["metric"], plan.implementation.metrics
    if metric not in known:
        raise ReplisomeError(
            f"experiments.{name}.select.metric: unknown metric '{metric}'{did_you_mean(metric, known)}"
        )
    for run in plan.runs_of[name]:
        augment, allowed = run.settings["training"].get("augment", "none"), ("none", *plan.implementation.augmentations)
        if augment not in allowed:
            raise ReplisomeError(
                f"experiments.{name}: augment: study '{plan.name}' has no '{augment}'{did_you_mean(augment, allowed)}"
            )
    for model in block.get("explain", []):
        if not plan.implementation.explains:
            raise ReplisomeError(f"experiments.{name}.explain: study '{plan.name}' cannot explain its models.")
        if model not in block["models"]:
            raise ReplisomeError(
                f"experiments.{name}.explain: no model '{model}'{did_you_mean(model, block['models'])}"
            )
    for run in plan.runs_of[name]:
        for possible in plan.possible(run):
            try:
                models.check(possible.model, possible.settings["hyperparameters"])
            except ReplisomeError as error:
                raise ReplisomeError(f"experiments.{name}.models.{run.model}: {error}") from None

"""From configuration files to what is to be done: studies, recipes, runs. All that can be wrong is found here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from replisome import models, studies
from replisome.errors import ReplisomeError, did_you_mean
from replisome.grid import Run, canonical_json, distinct, points, seeds, slug
from replisome.settings import overlay, read_yaml, schema, validate

# A name in a grid is a training key if the schema of training settings has it, and the model's otherwise.
TRAINING_KEYS = frozenset(schema("training")["properties"])


@dataclass(frozen=True)
class Plan:
    """Everything one call of the workflow is about."""

    studies: Mapping[str, StudyPlan]
    ledger: Mapping[str, Mapping[str, Any]]
    stand_ins: bool

    def run(self, study: str, recipe: str, model: str, slug: str, seed: str) -> Run:
        """Return the run that the wildcards of the training rule name.

        Raises:
            ReplisomeError: the configuration has no such run.
        """
        try:
            return self.studies[study].by_key[(study, recipe, model, slug, int(seed))]
        except KeyError:
            raise ReplisomeError(
                f"the configuration has no run {study}/{recipe}/{model}/{slug}/seed={seed}; add it to a grid of "
                f"config/studies/{study}.yaml or ask for one of those listed by 'snakemake --dry-run'."
            ) from None


@dataclass(frozen=True)
class StudyPlan:
    """One study with its presets applied; ``settings`` is what its tables, figures and report depend on."""

    settings: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        """The study's name, which is its folder below results."""
        return str(self.settings["name"])

    @property
    def implementation(self) -> studies.Study:
        """The code of the study."""
        return studies.get(self.settings["implementation"])

    @property
    def recipes(self) -> Mapping[str, Mapping[str, Any]]:
        """The recipes that experiments use."""
        recipes: Mapping[str, Mapping[str, Any]] = self.settings["recipes"]
        return recipes

    @property
    def experiments(self) -> Mapping[str, Mapping[str, Any]]:
        """The experiments by name."""
        experiments: Mapping[str, Mapping[str, Any]] = self.settings["experiments"]
        return experiments

    @cached_property
    def runs_of(self) -> Mapping[str, Sequence[Run]]:
        """The runs of each experiment."""
        return {name: _expand(self.settings, name) for name in self.experiments}

    @cached_property
    def runs(self) -> Sequence[Run]:
        """All runs, each once."""
        return distinct(run for runs in self.runs_of.values() for run in runs)

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str, str, str, int], Run]:
        """Runs by the wildcards of the training rule."""
        return {run.key: run for run in self.runs}

    def selection_settings(self, experiment: str) -> dict[str, Any]:
        """Return the settings that the selection of one experiment depends on, and no more."""
        kept = ("name", "implementation", "recipes", "full")
        return {k: self.settings[k] for k in kept} | {"experiments": {experiment: self.experiments[experiment]}}

    def reduced(self, experiment: str) -> bool:
        """Say whether an experiment runs on less than the sources' own budget."""
        full, now = self.settings["full"].get(experiment), self.experiments[experiment]
        if full is None:  # an experiment that only a preset has
            return True
        return bool(now["budget"]["epochs"] < full["epochs"] or len(seeds(now["seeds"])) < full["seeds"])


def load(config: Mapping[str, Any], root: Path) -> Plan:
    """Read and check all configuration; ``config`` is what Snakemake read from config.yaml and the command line.

    Raises:
        ReplisomeError: with file, key and remedy, for whatever is wrong.
    """
    validate(config, "config", "config/config.yaml (or --configfile, --config)")
    ledger_file = root / "config" / "datasets.yaml"
    ledger = read_yaml(ledger_file)
    validate(ledger, "datasets", _shown(ledger_file, root))
    claims_file = root / "config" / "claims.yaml"
    claims = read_yaml(claims_file)
    validate(claims, "claims", _shown(claims_file, root))
    plans: dict[str, StudyPlan] = {}
    for entry in config["studies"]:
        plan = _load_study(entry, config, ledger, claims, root)
        if plan.name in plans:
            raise ReplisomeError(f"config: two study files have the name '{plan.name}'; rename one.")
        plans[plan.name] = plan
    return Plan(plans, ledger, config["stand_ins"])


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
    name = raw.get("name", path.stem)
    full = {
        experiment: {"epochs": block["budget"]["epochs"], "seeds": len(seeds(block["seeds"]))}
        for experiment, block in raw["experiments"].items()
    }
    presets = raw.pop("presets", {})
    preset = config["preset"]
    if preset != "full":
        if preset not in presets:
            raise ReplisomeError(f"{origin}: no preset '{preset}'{did_you_mean(preset, [*presets, 'full'])}")
        raw = overlay(raw, presets[preset])
        validate(raw, "study", f"{origin} with preset '{preset}'")
    if name in config["overrides"]:
        raw = overlay(raw, config["overrides"][name])
        validate(raw, "study", f"{origin} with the overrides of the configuration")
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
        "recipes": {recipe: block for recipe, block in raw["recipes"].items() if recipe in used},
        "experiments": raw["experiments"],
        "full": full,
        "claims": [claim for claim in claims if claim["study"] == name],
        "datasets": {},
    }
    plan = StudyPlan(settings, resources)
    _check_recipes(plan, ledger, origin)
    for recipe in plan.recipes.values():
        dataset = recipe["source"].get("dataset")
        if dataset:
            settings["datasets"][dataset] = ledger[dataset]
    try:
        for experiment in plan.experiments:
            _check_experiment(plan, experiment)
        _ = plan.runs
    except ReplisomeError as error:
        raise ReplisomeError(f"{origin}: {error}") from None
    return plan


def _cap(block: dict[str, Any], config: Mapping[str, Any]) -> None:
    """Apply max_epochs and max_seeds, with which a full configuration is tried out on a small budget."""
    if config["max_epochs"] is not None:
        block["budget"]["epochs"] = min(block["budget"]["epochs"], config["max_epochs"])
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
        known = study.control_options()
        for option in source.get("options", {}):
            if option not in known:
                raise ReplisomeError(f"{at}.source.options': unknown option '{option}'{did_you_mean(option, known)}")
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
        try:
            models.check(run.model, run.settings["hyperparameters"])
        except ReplisomeError as error:
            raise ReplisomeError(f"experiments.{name}.models.{run.model}: {error}") from None


def _expand(settings: Mapping[str, Any], experiment: str) -> list[Run]:
    """Return an experiment's runs: recipes x models x grid x seeds."""
    block = settings["experiments"][experiment]
    metric = block["select"]["metric"]
    direction = studies.get(settings["implementation"]).metrics.get(metric, "max")
    runs = []
    for model, choice in block["models"].items():
        fixed, grid = choice.get("fixed", {}), choice.get("grid", {})
        twice = sorted(fixed.keys() & grid.keys())
        if twice:
            raise ReplisomeError(
                f"experiments.{experiment}.models.{model}: '{twice[0]}' is both fixed and in the grid."
            )
        for point in points(grid):
            values = {**fixed, **point}
            training = {**block["training"], **{k: v for k, v in values.items() if k in TRAINING_KEYS}}
            hyperparameters = {k: v for k, v in values.items() if k not in TRAINING_KEYS}
            validate(training, "training", f"experiments.{experiment}: training settings of model '{model}'")
            for recipe in block["recipes"]:
                protocol = settings["recipes"][recipe]["protocol"]
                for seed in seeds(block["seeds"]):
                    config = {
                        "study": settings["name"],
                        "implementation": settings["implementation"],
                        "recipe": {"name": recipe, **settings["recipes"][recipe]},
                        "model": model,
                        "hyperparameters": hyperparameters,
                        # The sources trained in fp32: a reported recipe does so on any device.
                        "training": {**training, **({"precision": "fp32"} if protocol == "reported" else {})},
                        "budget": block["budget"],
                        "select": {"metric": metric, "mode": direction},
                        "curves": block.get("curves", []),
                        "seed": seed,
                    }
                    runs.append(
                        Run(
                            study=settings["name"],
                            recipe=recipe,
                            model=model,
                            slug=slug(point),
                            seed=seed,
                            experiment=experiment,
                            config=canonical_json(config),
                        )
                    )
    seen: set[tuple[str, str, str, str, int]] = set()
    for run in runs:
        if run.key in seen:
            raise ReplisomeError(
                f"experiments.{experiment}: two runs have the same slug {run.model}/{run.slug} (recipe {run.recipe}, "
                f"seed {run.seed}); remove the repeated value."
            )
        seen.add(run.key)
    return runs

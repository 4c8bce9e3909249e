"""What is to be done: studies, recipes, experiments, runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from replisome import studies
from replisome.errors import ReplisomeError, did_you_mean
from replisome.grid import Run, canonical_json, distinct, points, seeds, slug
from replisome.settings import schema, validate

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

    def recipe(self, name: str) -> Mapping[str, Any]:
        """Return a recipe.

        Raises:
            ReplisomeError: no experiment uses a recipe of that name.
        """
        if name not in self.recipes:
            raise ReplisomeError(f"study '{self.name}' uses no recipe '{name}'{did_you_mean(name, self.recipes)}")
        return self.recipes[name]

    def experiment_runs(self, name: str) -> Sequence[Run]:
        """Return an experiment's runs.

        Raises:
            ReplisomeError: no such experiment.
        """
        if name not in self.experiments:
            raise ReplisomeError(
                f"study '{self.name}' has no experiment '{name}'{did_you_mean(name, self.experiments)}"
            )
        return self.runs_of[name]

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

    def tested_runs(self, selection: Callable[[str], Mapping[str, Sequence[Mapping[str, Any]]]]) -> list[Run]:
        """Return the runs whose test split is scored: all of an experiment, or those that its selection names.

        ``selection`` returns an experiment's candidates by recipe, best first; it is asked only where it decides.
        """
        tested: dict[tuple[str, str, str, str, int], Run] = {}
        for experiment, block in self.experiments.items():
            runs = self.runs_of[experiment]
            if block["test"] == "selected":
                best = {recipe: (c[0]["model"], c[0]["slug"]) for recipe, c in selection(experiment).items()}
                runs = [run for run in runs if best[run.recipe] == (run.model, run.slug)]
            tested |= {run.key: run for run in runs}
        return list(tested.values())

    def reduced(self, experiment: str) -> bool:
        """Say whether an experiment runs on less than the sources' own budget."""
        full, now = self.settings["full"].get(experiment), self.experiments[experiment]
        if full is None:  # an experiment that only a preset has
            return True
        return bool(now["budget"]["epochs"] < full["epochs"] or len(seeds(now["seeds"])) < full["seeds"])


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

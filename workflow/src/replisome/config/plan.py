"""What is to be done: studies, recipes, experiments, runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from replisome.config.budget import KEYS as BUDGET_KEYS
from replisome.config.budget import Budget
from replisome.config.bundling import Bundling
from replisome.config.catalogue import model_options, study
from replisome.config.expansion import TRAINING_KEYS, expand
from replisome.config.grid import Parent, Run, distinct, points, seeds
from replisome.config.inheritance import check_circles, inherit, parent_of
from replisome.config.rounds import level_of, round_of
from replisome.config.search import Search, going_on, searched_groups
from replisome.config.study import Study
from replisome.errors import ReplisomeError, did_you_mean
from replisome.io import canonical_json

# By an experiment's name, its candidates by recipe, best on validation first.
Selection = Callable[[str], Mapping[str, Sequence[Mapping[str, Any]]]]
ALL = "all"  # in place of the models to explain: every run of the experiment


@dataclass(frozen=True)
class Plan:
    """Everything one call of the workflow is about.

    Attributes:
        studies: by name.
        ledger: the data sets.
        stand_ins: whether stand-ins may take the place of official files.
        left_out: a line for each study that does not run, and why.
    """

    studies: Mapping[str, StudyPlan]
    ledger: Mapping[str, Mapping[str, Any]]
    stand_ins: bool
    left_out: Sequence[str] = ()

    def run(self, study: str, recipe: str, model: str, slug: str, seed: str) -> Run:
        """Return the run that the wildcards of the training rule name.

        Args:
            study: the study's name.
            recipe: the recipe's name.
            model: the model's name.
            slug: what the run's path shows.
            seed: the seed, as text.

        Raises:
            ReplisomeError: the configuration has no such run.
        """
        try:
            return self.studies[study].by_key[(study, recipe, model, slug, int(seed))]
        except KeyError:
            raise ReplisomeError(
                f"the configuration has no run {study}/{recipe}/{model}/{slug}/seed={seed}; add it to a grid of "
                f"config/studies/{study} or ask for one of those listed by 'snakemake --dry-run'."
            ) from None


@dataclass(frozen=True)
class StudyPlan:
    """One study with its presets applied.

    Attributes:
        settings: what its tables, figures and report depend on.
        resources: by experiment, what its training jobs ask of a cluster.
        preparation: by recipe, what its preparation asks of a cluster.
        bundles: by experiment, how its runs are packed into jobs; None: each has its own.
        claims: as their file has them, each with where its runs are (:mod:`replisome.config.planned_claims`).
    """

    settings: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]
    preparation: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    claims: Sequence[Mapping[str, Any]] = ()
    bundles: Mapping[str, Bundling | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The study's name, which is its folder below results."""
        return str(self.settings["name"])

    @property
    def implementation(self) -> Study:
        """What the study's package declares."""
        return study(self.settings["implementation"])

    @property
    def recipes(self) -> Mapping[str, Mapping[str, Any]]:
        """The recipes that experiments use."""
        return cast(Mapping[str, Mapping[str, Any]], self.settings["recipes"])

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

    def compared_runs(self, name: str) -> Sequence[Run]:
        """Return those of an experiment's runs that its selection compares: the first look's, so that none changes it.

        Raises:
            ReplisomeError: no such experiment.
        """
        runs = self.experiment_runs(name)
        first = set(seeds(self.experiments[name]["seeds"]))
        return [run for run in runs if run.seed in first]

    @property
    def experiments(self) -> Mapping[str, Mapping[str, Any]]:
        """The experiments by name."""
        return cast(Mapping[str, Mapping[str, Any]], self.settings["experiments"])

    @property
    def rounds(self) -> Sequence[int]:
        """How many seeds there are at each look at the claims; none where there is one look."""
        return cast(Sequence[int], self.settings.get("rounds", ()))

    @property
    def level(self) -> float:
        """The coverage of every interval of the study."""
        return level_of(self.rounds)

    @property
    def round_number(self) -> int:
        """Which round a study with rounds has come to, from 1."""
        most = max((one["seeds"] for one in self.settings.get("raised", ())), default=0)
        return max(1, round_of(self.rounds, most))

    def raised(self, raised: Sequence[Mapping[str, Any]]) -> StudyPlan:
        """Return the plan with more seeds of some configurations (:func:`replisome.config.rounds.raised_seeds`).

        A study without rounds stays as it is: seeds that were added after a look want the intervals of rounds.
        """
        if not self.rounds:
            return self
        return replace(self, settings={**self.settings, "raised": list(raised)})

    @cached_property
    def runs_of(self) -> Mapping[str, Sequence[Run]]:
        """The runs of each experiment."""
        check_circles(self.experiments)
        found = {name: expand(self.settings, name) for name in self.experiments}
        return {name: self._left(name, runs) for name, runs in found.items()}

    def _left(self, experiment: str, runs: Sequence[Run]) -> Sequence[Run]:
        """Return those of an experiment's runs that its search leaves; all, where there is none or it has not begun."""
        outcome = self.settings.get("searched", {}).get(experiment)
        return going_on(runs, outcome) if outcome else runs

    def has_all_seeds(self, place: Mapping[str, Any]) -> bool:
        """Say whether a claim's arm has all its seeds: only a search leaves candidates with one seed, or none."""
        outcome = self.settings.get("searched", {}).get(place["experiment"])
        group = (outcome or {}).get("finalists", {}).get(place["recipe"], {}).get(place["model"])
        return group is None or place["slug"] is None or place["slug"] in group["finalists"]

    @cached_property
    def searches(self) -> Mapping[str, Search]:
        """How grids are searched, by experiment; those that are trained whole, or too small, are not among them."""
        found = {name: Search.of(block) for name, block in self.experiments.items()}
        return {n: search for n, search in found.items() if search and searched_groups(expand(self.settings, n))}

    def after_search(self, outcomes: Mapping[str, Mapping[str, Any]]) -> StudyPlan:
        """Return the plan of what searches leave; ``outcomes`` are by experiment and step (:mod:`config.search`)."""
        # Many jobs ask, and each plan expands its runs: one a set of outcomes.
        found = replace(self, settings={**self.settings, "searched": dict(outcomes)})
        return self._after_search.setdefault(canonical_json(outcomes), found)

    @cached_property
    def _after_search(self) -> dict[str, StudyPlan]:
        return {}

    @cached_property
    def runs(self) -> Sequence[Run]:
        """All runs, each once."""
        return distinct(self.runs_of)

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str, str, str, int], Run]:
        """Runs by the wildcards of the training rule."""
        return {run.key: run for run in self.runs}

    @property
    def claims_settings(self) -> dict[str, Any]:
        """Return the settings that the verdicts of the study's claims depend on."""
        return {"study": dict(self.settings), "claims": list(self.claims)}

    def selection_settings(self, experiment: str) -> dict[str, Any]:
        """Return the settings that the selection of one experiment depends on, and no more.

        Those of the experiments it inherits from are among them: they say what its runs may be.
        """
        kept = ("name", "implementation", "recipes", "full")
        experiments, waiting = {}, [experiment]
        while waiting:
            name = waiting.pop()
            experiments[name] = block = self.experiments[name]
            waiting.extend({choice["from"]["experiment"] for choice in block["models"].values() if "from" in choice})
        settings = {k: self.settings[k] for k in kept} | {"experiments": experiments}
        searched = {name: found for name, found in self.settings.get("searched", {}).items() if name in experiments}
        return settings | ({"searched": searched} if searched else {})

    def hyperparameters(self, experiment: str, model: str, recipe: str) -> dict[str, list[Any]]:
        """Return the values that each hyperparameter of a model may have in an experiment, inherited ones among them.

        All runs of a model in an experiment have the same hyperparameters, so that who looks at each value once has
        looked at every run with every possible winner, of which there are many more.

        Args:
            experiment: its name.
            model: one of its models.
            recipe: one of its recipes, on which it depends what is inherited.

        Raises:
            ReplisomeError: no such model, where it inherits.
        """
        choice = self.experiments[experiment]["models"][model]
        own = {**{name: [value] for name, value in choice.get("fixed", {}).items()}, **choice.get("grid", {})}
        own = {name: values for name, values in own.items() if name not in TRAINING_KEYS | BUDGET_KEYS}
        parent = parent_of(self.settings, experiment, model, recipe)
        if parent is None:
            return own
        theirs, known = self.hyperparameters(*parent), model_options(model)
        return {**{name: values for name, values in theirs.items() if name in known}, **own}

    def resolve(self, run: Run, selection: Selection) -> Run:
        """Return the run with what it inherits from the winner of another experiment, which ``selection`` names."""
        if run.parent is None:
            return run
        best = selection(run.parent.experiment)[run.parent.recipe]
        slug = next(candidate["slug"] for candidate in best if candidate["model"] == run.parent.model)
        return inherit(run, self.resolve(self._candidates[run.parent][slug], selection))

    @cached_property
    def _candidates(self) -> Mapping[Parent, Mapping[str, Run]]:
        """By where a run may inherit from, the runs of which the best one's settings are inherited: one a slug."""
        found: dict[Parent, dict[str, Run]] = {}
        for experiment, runs in self.runs_of.items():
            for run in runs:
                found.setdefault(Parent(experiment, run.model, run.recipe), {}).setdefault(run.slug, run)
        return found

    def tested_runs(self, selection: Selection) -> list[Run]:
        """Return the runs whose test split is scored: all of an experiment, or the best of each of its models."""
        tested: dict[tuple[str, str, str, str, int], Run] = {}
        for experiment, block in self.experiments.items():
            runs: Sequence[Run] = self.runs_of[experiment]
            if block["test"] == "selected":
                runs = [run for model in block["models"] for run in self.best(experiment, model, selection)]
            tested |= {run.key: run for run in runs}
        return [self.by_key[key] for key in tested]

    def explained_runs(self, selection: Selection) -> list[Run]:
        """Return the runs that are explained: all of an experiment, or of each model that it names the best one's."""
        explained: dict[tuple[str, str, str, str, int], Run] = {}
        for experiment, block in self.experiments.items():
            asked = block.get("explain", [])
            if asked == ALL:
                explained |= {run.key: run for run in self.runs_of[experiment]}
                continue
            for model in asked:
                explained |= {run.key: run for run in self.best(experiment, model, selection)}
        return list(explained.values())

    def best(self, experiment: str, model: str, selection: Selection) -> list[Run]:
        """Return the runs, one a recipe and seed, of a model's best candidate in an experiment."""
        chosen = selection(experiment)
        best = {
            recipe: next((c["slug"] for c in ranked if c["model"] == model), None) for recipe, ranked in chosen.items()
        }
        return [run for run in self.runs_of[experiment] if run.model == model and run.slug == best[run.recipe]]

    def reduced(self, experiment: str) -> bool:
        """Say whether an experiment runs on less than the reports' own budget."""
        full, now = self.settings["full"].get(experiment), self.experiments[experiment]
        if full is None:  # an experiment that only a preset has
            return True
        limits, before = self.settings["recipes"], self.settings["full_limits"]
        if any(limits_of(limits[recipe]) != before.get(recipe, {}) for recipe in now["recipes"]):
            return True
        less = largest_budget(now).less_than(Budget.of(full["budget"]))
        return less or len(seeds(now["seeds"])) < full["seeds"]


def largest_budget(experiment: Mapping[str, Any]) -> Budget:
    """Return the longest that any run of an experiment trains: its budget, or what a model has in its place."""
    found = []
    for choice in experiment["models"].values():
        own = {**{key: [value] for key, value in choice.get("fixed", {}).items()}, **choice.get("grid", {})}
        for point in points({key: values for key, values in own.items() if key in BUDGET_KEYS}):
            found.append(Budget.of({**experiment["budget"], **point}))
    return Budget.largest(found)


def limits_of(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with which a recipe uses less of its data than there are: those called ``max_...``."""
    options = recipe["source"].get("options", {})
    return {key: value for key, value in options.items() if key.startswith("max_") and value is not None}

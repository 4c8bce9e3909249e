"""From an experiment to its runs: recipes x models x grid x seeds, each with its whole configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replisome.config.budget import KEYS as BUDGET_KEYS
from replisome.config.catalogue import study
from replisome.config.grid import Run, Variant, points, seeds, slug
from replisome.config.inheritance import parent_of
from replisome.config.rounds import more_seeds, raised_seeds
from replisome.config.schema import schema, validate
from replisome.config.tested_weights import also_tested
from replisome.errors import ReplisomeError

# A name in a grid is a training key if the schema of training settings has it, and the model's otherwise.
TRAINING_KEYS = frozenset(schema("training")["properties"])


def expand(settings: Mapping[str, Any], experiment: str) -> list[Run]:
    """Return an experiment's runs.

    Args:
        settings: of the study; ``raised`` are configurations with more seeds than the experiment gives them.
        experiment: its name.

    Raises:
        ReplisomeError: a value is both fixed and in the grid, twice in the grid, or no training setting can have it.
    """
    block = settings["experiments"][experiment]
    metric = block["select"]["metric"]
    direction = study(settings["implementation"]).score(metric).better
    others = also_tested(experiment, block)
    raised = raised_seeds(settings.get("raised", ()))
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
            own = {k: v for k, v in values.items() if k in TRAINING_KEYS}
            training = {**block["training"], **own}
            hyperparameters = {k: v for k, v in values.items() if k not in TRAINING_KEYS | BUDGET_KEYS}
            budget = {**block["budget"], **{k: v for k, v in values.items() if k in BUDGET_KEYS}}
            validate(training, "training", f"experiments.{experiment}: training settings of model '{model}'")
            for recipe in block["recipes"]:
                parent = parent_of(settings, experiment, model, recipe)
                shown = {"from": parent.experiment, **point} if parent else point
                protocol = settings["recipes"][recipe]["protocol"]
                first, path = seeds(block["seeds"]), slug(shown)
                config = {
                    "study": settings["name"],
                    "implementation": settings["implementation"],
                    "recipe": {"name": recipe, **settings["recipes"][recipe]},
                    "model": model,
                    "hyperparameters": hyperparameters,
                    **({"inherits": {**parent._asdict(), "own": sorted(own)}} if parent else {}),
                    # The reports trained in fp32: a reported recipe does so on any device.
                    "training": {**training, **({"precision": "fp32"} if protocol == "reported" else {})},
                    "budget": budget,
                    "select": {"metric": metric, "mode": direction},
                    "curves": block.get("curves", []),
                    **({"weights": "last"} if block.get("weights") == "last" else {}),
                }
                variant = Variant.of(config)
                runs += [
                    Run(
                        study=settings["name"],
                        recipe=recipe,
                        model=model,
                        slug=path,
                        seed=seed,
                        experiment=experiment,
                        config=variant.with_seed(seed),
                        parent=parent,
                        also_tested=others,
                        variant=variant,
                    )
                    for seed in more_seeds(first, max(len(first), raised.get((recipe, model, path), 0)))
                ]
    seen: set[tuple[str, str, str, str, int]] = set()
    for run in runs:
        if run.key in seen:
            raise ReplisomeError(
                f"experiments.{experiment}: two runs have the same slug {run.model}/{run.slug} (recipe {run.recipe}, "
                f"seed {run.seed}); remove the repeated value."
            )
        seen.add(run.key)
    return runs

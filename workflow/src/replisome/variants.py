"""Runs that differ in their seed only, and what every study's tables and figures say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from replisome.grid import DEFAULT_SLUG, SLUG_SEPARATOR, Run
from replisome.results import StudyResults
from replisome.statistics import Estimate


@dataclass(frozen=True)
class Variant:
    """A model with its settings under a recipe; ``values`` are hyperparameters and training settings."""

    recipe: str
    model: str
    slug: str
    runs: tuple[Run, ...]
    values: Mapping[str, Any]

    @property
    def shown(self) -> list[str]:
        """Return what the variant's path shows, each as ``key=value``."""
        return [part for part in self.slug.split(SLUG_SEPARATOR) if part != DEFAULT_SLUG]


def variants(study: StudyResults, experiment: str | None = None) -> list[Variant]:
    """Return the variants of an experiment, or of all, in the order of recipes, models and grids."""
    key = f"variants of {experiment or 'all'}"
    if key not in study.shared:
        study.shared[key] = _group(study, study.plan.runs if experiment is None else study.plan.runs_of[experiment])
    found: list[Variant] = study.shared[key]
    return list(found)


def _group(study: StudyResults, runs: Sequence[Run]) -> list[Variant]:
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.recipe, run.model, run.slug), []).append(run)
    found = []
    for (recipe, model, slug), members in groups.items():
        settings = study.resolved(members[0]).settings
        values = {**settings["training"], **settings["hyperparameters"]}
        found.append(Variant(recipe, model, slug, tuple(members), values))
    recipes = list(study.plan.recipes)
    return sorted(found, key=lambda variant: recipes.index(variant.recipe))


def rows_of(study: StudyResults, variant: Variant, **where: Any) -> pd.DataFrame:
    """Return a variant's rows of the tidy table, each once: two experiments may share a run."""
    rows = study.pick(recipe=variant.recipe, model=variant.model, hyperparameters=variant.slug, **where)
    return rows.drop_duplicates(["seed", "split", "metric", "role", "epoch"])


def values_of(study: StudyResults, variant: Variant, **where: Any) -> np.ndarray:
    """Return one value a seed from the tidy table."""
    return rows_of(study, variant, **where).sort_values("seed")["value"].to_numpy()


def curves_of(study: StudyResults, variant: Variant, split: str, metric: str) -> list[np.ndarray]:
    """Return one curve (epochs,) a seed; runs that stopped early have shorter ones."""
    rows = rows_of(study, variant, split=split, metric=metric, role="curve").sort_values(["seed", "epoch"])
    return [group["value"].to_numpy() for _, group in rows.groupby("seed")]


def best_epochs(study: StudyResults, variant: Variant) -> list[float]:
    """Return each seed's best epoch on validation."""
    rows = rows_of(study, variant, split="validation", metric="loss", role="best").sort_values("seed")
    return [float(epoch) for epoch in rows["epoch"]]


def data_kind(card: Mapping[str, Any]) -> str:
    """Return what a recipe's data are: simulated, a stand-in or official."""
    if card["control"]:
        return "simulated"
    return "stand-in" if card["origin"]["stand_in"] else "official"


def about(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return the columns that say what a row was made with."""
    row = rows_of(study, variant).iloc[0]
    return {
        "recipe": variant.recipe,
        "protocol": "control" if row["control"] else row["protocol"],
        "data": data_kind(study.cards[variant.recipe]),
        "budget": f"{row['budget']}{' (reduced)' if row['reduced'] else ''}",
        "seeds": len(variant.runs),
    }


def estimate(name: str, value: Estimate, scale: float = 1.0) -> dict[str, float]:
    """Return the three columns of an estimate and its interval."""
    return {name: value.value * scale, f"{name} low": value.low * scale, f"{name} high": value.high * scale}


def heading(study: StudyResults, recipe: str, simulated: str) -> str:
    """Return the title of a recipe's panel; ``simulated`` says what a control draws."""
    card = study.cards[recipe]
    experiments = [name for name, block in study.plan.experiments.items() if recipe in block["recipes"]]
    reduced = ", reduced budget" if any(study.plan.reduced(name) for name in experiments) else ""
    if card["control"]:
        return f"{recipe} (simulated {simulated}{reduced})"
    return f"recipe {recipe} ({card['protocol']} protocol, {data_kind(card)} data{reduced})"

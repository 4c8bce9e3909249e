"""Runs that differ in their seed only: their names, their values in the tidy table, the columns about them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.endings import remarks
from replisome.analysis.results import StudyResults, VariantKey
from replisome.analysis.statistics import Estimate, mean_over_seeds
from replisome.config.catalogue import Kind, Output, model_traits
from replisome.config.grid import DEFAULT_SLUG, SLUG_SEPARATOR, Run
from replisome.config.study import Score
from replisome.data.prepared import DataCard
from replisome.tracking.stage_key import is_accepted


@dataclass(frozen=True)
class Variant:
    """A model with its settings under a recipe.

    Attributes:
        recipe: the name of the recipe.
        model: the name of the model.
        slug: what its path shows, ``k=v+k=v``.
        runs: its runs, one a seed.
        values: its hyperparameters and training settings, those that it inherits among them.
        read_with: the weights, ``best`` or ``last``, that its test scores are of; those of the selection, where None.
    """

    recipe: str
    model: str
    slug: str
    runs: tuple[Run, ...]
    values: Mapping[str, Any]
    read_with: str | None = None

    def at(self, weights: str) -> Variant:
        """Return the same runs, with the test scores of their ``best`` or ``last`` weights."""
        return replace(self, read_with=None if weights == self.weights else weights)

    @property
    def key(self) -> VariantKey:
        """Return recipe, model and slug, which no other variant of the study shares."""
        return (self.recipe, self.model, self.slug)

    @property
    def path_settings(self) -> list[str]:
        """Return what the variant's path shows, each as ``key=value``."""
        return [part for part in self.slug.split(SLUG_SEPARATOR) if part != DEFAULT_SLUG]

    @property
    def kind(self) -> Kind:
        """Return what kind of model it is, as its traits say."""
        return model_traits(self.model).kind

    @property
    def trained(self) -> bool:
        """Say whether its seeds can differ: whether it is a network, and not solved."""
        return self.kind == "network"

    @property
    def gives(self) -> Output:
        """Return what its model gives, as its traits say."""
        return model_traits(self.model).output(self.values)

    @property
    def weights(self) -> str:
        """Return the weights that the selection goes by, ``best`` or ``last``, which is the role of their scores."""
        return self.runs[0].weights

    @property
    def budget(self) -> Mapping[str, Any]:
        """Return the budget of its runs."""
        found: Mapping[str, Any] = self.runs[0].settings["budget"]
        return found


def variants(study: StudyResults, experiment: str | None = None) -> list[Variant]:
    """Return the variants of an experiment, or of all, in the order of recipes, models and grids."""
    runs = study.plan.runs if experiment is None else study.plan.runs_of[experiment]
    return list(study.once(("variants", experiment), lambda: _group(study, runs)))


def evaluated_variants(
    study: StudyResults, recipe: str | None = None, kinds: Collection[Kind] | None = None, *, diverged: bool = False
) -> list[Variant]:
    """Return the variants whose test split was read.

    Args:
        study: the study's results.
        recipe: the recipe that they are of; all, where it is None.
        kinds: of model that count; all, where it is None.
        diverged: whether those of which a seed diverged are among them: they have no scores, and rows that say so.

    Returns:
        The variants, in the order of recipes, models and grids.
    """
    asked = study.asked if diverged else study.tested
    return [
        variant
        for variant in variants(study)
        if variant.runs[0].key in asked
        and recipe in (None, variant.recipe)
        and (kinds is None or variant.kind in kinds)
    ]


def _group(study: StudyResults, runs: Sequence[Run]) -> list[Variant]:
    groups: dict[VariantKey, list[Run]] = {}
    for run in runs:
        groups.setdefault((run.recipe, run.model, run.slug), []).append(run)
    found = []
    for (recipe, model, slug), members in groups.items():
        settings = study.resolved(members[0]).settings
        values = {**settings["training"], **settings["hyperparameters"]}
        found.append(Variant(recipe, model, slug, tuple(members), values))
    recipes = list(study.plan.recipes)
    return sorted(found, key=lambda variant: recipes.index(variant.recipe))


# ---- names


def plain_name(variant: Variant, settings: Sequence[str] | None = None) -> str:
    """Return the model and what the variant's path shows, or ``settings`` of it: ``cnn1d: depth 2, width 128``."""
    own = ", ".join(part.replace("=", " ") for part in (variant.path_settings if settings is None else settings))
    return f"{variant.model}{': ' if own else ''}{own}"


def label(study: StudyResults, variant: Variant) -> str:
    """Return the variant's name for people, as its study gives it: the one name in all tables and figures."""
    return str(study.once(("label", variant.key), lambda: study.part("predictions").variant_name(study, variant)))


def data_name(study: StudyResults, recipe: str) -> str:
    """Return what a recipe's data are called beside the recipe's own name, as its study gives it; may be empty."""
    return str(study.part("predictions").data_name(study, recipe))


def unnamed_data(study: StudyResults, recipe: str) -> str:
    """Return no name: for the ``data_name`` of a study whose recipes' names say what their data are.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes.

    Returns:
        An empty text.
    """
    return ""


def styles(study: StudyResults, members: Iterable[Variant]) -> dict[str, int]:
    """Return a number for each label among ``members``, so that one name looks the same in all panels of a figure."""
    names = dict.fromkeys(label(study, variant) for variant in members)
    return {name: number for number, name in enumerate(names)}


# ---- values of the tidy table


def rows_of(study: StudyResults, variant: Variant, **where: Any) -> pd.DataFrame:
    """Return a variant's rows of the tidy table, each once: two experiments may share a run."""
    rows = study.rows_of(variant.key)
    return rows.take(study.matching(variant.key, where)) if where else rows


def values_of(study: StudyResults, variant: Variant, **where: Any) -> np.ndarray:
    """Return one value a seed from the tidy table."""
    at = study.matching(variant.key, where)
    values: np.ndarray = study.column_of(variant.key, "value")[at]
    return values[np.argsort(study.column_of(variant.key, "seed")[at])]


def curves_of(study: StudyResults, variant: Variant, split: str, metric: str) -> list[np.ndarray]:
    """Return one curve (epochs,) a seed; runs that stopped early have shorter ones.

    Args:
        study: the study's results.
        variant: whose curves.
        split: train, validation or test.
        metric: a score, or ``loss``.
    """
    at = study.matching(variant.key, {"split": split, "metric": metric, "role": "curve"})
    seeds, epochs, values = (study.column_of(variant.key, name)[at] for name in ("seed", "epoch", "value"))
    order = np.lexsort((epochs, seeds))
    return np.split(values[order], np.flatnonzero(np.diff(seeds[order])) + 1) if len(order) else []


def curve_table(study: StudyResults, variant: Variant, split: str, metric: str = "loss") -> pd.DataFrame:
    """Return a row a seed and a column an epoch (1, 2, ...) of what was scored after each epoch.

    NaN where a seed stopped earlier, or where its score is none.

    Args:
        study: the study's results.
        variant: whose curves.
        split: train, validation or test.
        metric: a score, or ``loss``.
    """
    rows = rows_of(study, variant, split=split, metric=metric, role="curve")
    return rows.pivot(index="seed", columns="epoch", values="value").astype(float)


def best_epochs(study: StudyResults, variant: Variant) -> list[float]:
    """Return each seed's best epoch on validation, NaN where its first one diverged."""
    at = study.matching(variant.key, {"split": "validation", "metric": "loss", "role": "best"})
    order = np.argsort(study.column_of(variant.key, "seed")[at])
    return list(map(float, study.column_of(variant.key, "epoch")[at][order]))


def selected_score(study: StudyResults, variant: Variant) -> Score:
    """Return the score that the variant's experiment selects by."""
    return study.plan.implementation.score(variant.runs[0].settings["select"]["metric"])


def validation(study: StudyResults, variant: Variant, metric: str) -> Estimate:
    """Return a validation score of the weights that are tested, mean over seeds with Student's t interval."""
    return mean_over_seeds(values_of(study, variant, split="validation", metric=metric, role=variant.weights))


def best_on_validation(study: StudyResults, candidates: Sequence[Variant]) -> Variant | None:
    """Return the best by the validation score that the first candidate's experiment selects by; None of none.

    Candidates without that score, as those that diverged, come last.
    """
    if not candidates:
        return None
    by = selected_score(study, candidates[0])
    sign = 1 if by.better == "min" else -1
    return min(candidates, key=lambda v: np.nan_to_num(sign * validation(study, v, by.name).value, nan=np.inf))


# ---- columns and tables


def data_kind(card: DataCard) -> str:
    """Return what a recipe's data are: simulated, a stand-in or official."""
    if card["control"]:
        return "simulated"
    return "stand-in" if card["origin"] and card["origin"]["stand_in"] else "official"


def about_data(study: StudyResults, recipe: str) -> dict[str, Any]:
    """Return the columns that say under which protocol and from what data a recipe's rows are."""
    card, subject = study.card(recipe), study.plan.implementation.subject
    return {
        "recipe": recipe,
        **({subject: data_name(study, recipe)} if subject else {}),
        "protocol": "control" if card["control"] else card["protocol"],
        "data": data_kind(card),
    }


def about(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return the columns that say what a row was made with, and which model it speaks of."""
    row = {name: study.column_of(variant.key, name)[0] for name in ("budget", "reduced")}
    return {
        **about_data(study, variant.recipe),
        "budget": f"{row['budget']}{' (reduced)' if row['reduced'] else ''}{accepted_mark(study, variant)}",
        "seeds": len(variant.runs),
        # Of which its scores are, unless a heading says otherwise.
        "weights": f"{variant.weights} epoch" if variant.kind == "network" else "solved",
        "model": label(study, variant),
        "remarks": remarks(study, variant.key),
    }


def accepted_mark(study: StudyResults, variant: Variant) -> str:
    """Return what marks a row with a result that someone took as it is, for the end of its budget; else nothing."""
    folders = [study.root / run.directory / part for run in variant.runs for part in ("", "test", "explanation")]
    folders.append(study.root / study.plan.name / variant.recipe)
    return " (accepted)" if any(map(is_accepted, folders)) else ""


def estimate(name: str, value: Estimate, scale: float = 1.0) -> dict[str, float]:
    """Return the three columns of an estimate and its interval."""
    return {name: value.value * scale, f"{name} low": value.low * scale, f"{name} high": value.high * scale}


def validation_columns(study: StudyResults, variant: Variant, *metrics: str) -> dict[str, float]:
    """Return the validation scores of the weights that are tested: the one selected by, then ``metrics``."""
    names = dict.fromkeys([selected_score(study, variant).name, *metrics])
    found: dict[str, float] = {}
    for score in map(study.plan.implementation.score, names):
        found |= estimate(f"validation {score.heading}", validation(study, variant, score.name), score.scale)
    return found


def tabulate(
    study: StudyResults,
    members: Iterable[Variant],
    columns: Callable[[Variant], Mapping[str, Any] | None],
    *,
    scored: bool = True,
) -> pd.DataFrame:
    """Return a table with a row a variant: what it was made with, then what ``columns`` says of it.

    A variant of which ``columns`` has nothing to say (None) has no row. A table without rows keeps its first columns.

    Args:
        study: the study's results.
        members: the variants.
        columns: what to say of one.
        scored: whether that rests on scores: then nothing is said of a variant that diverged, but that it did.
    """
    lost = study.diverged if scored else frozenset()
    found = [(variant, {} if variant.key in lost else columns(variant)) for variant in members]
    return frame([{**about(study, variant), **more} for variant, more in found if more is not None])


def frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as a table; one without rows has the columns that every reader looks for."""
    return pd.DataFrame(list(rows), columns=None if rows else ["recipe", "model"])

"""What is report A's own: the protein that it speaks of, its grid, and which of our runs are its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replisome.analysis.repetition import repeats
from replisome.analysis.results import StudyResults, VariantKey
from replisome.analysis.variants import Variant, selected_score, variants
from replisome.config.study import Score

REPORT = "report A"
EXPERIMENTS = ["RNCMPT00168"]  # RBFOX1, its one protein
ENCODING = "onehot"
SCORE = "spearman"
GRID = "architectures"  # our experiment that repeats its grid: learning rate, dropout, width and depth of two networks
CHOSEN = "bilstm"  # the network that it chose; we compare the others with it
NETWORKS = (CHOSEN, "cnn1d")  # those of its grid
PROPOSED = "cnn_bilstm"  # what it would try next
BUDGET = {"epochs": 30}
TRAINING = {"optimiser": "adam", "lr": 0.001, "weight_decay": 1e-4, "batch_size": 64}
# The points of the grid that it chose; its values are theirs. The networks with attention have the BiLSTM's.
WINNERS = {CHOSEN: {"width": 128, "depth": 2, "dropout": 0.0}, "cnn1d": {"width": 128, "depth": 2, "dropout": 0.25}}


def grid_variants(study: StudyResults) -> list[Variant]:
    """Return the points of the grid; none where a configuration has no grid."""
    return variants(study, GRID) if GRID in study.plan.experiments else []


def chosen(study: StudyResults) -> set[VariantKey]:
    """Return the keys of the candidates that the grid's selection puts first among those of their model."""

    def choose() -> set[VariantKey]:
        models = study.plan.experiments.get(GRID, {"models": ()})["models"]
        best = [run for model in models for run in study.plan.best(GRID, model, study.selection)]
        return {(run.recipe, run.model, run.slug) for run in best}

    return study.once("chosen", choose)


def reference(study: StudyResults, recipe: str, model: str = CHOSEN) -> Variant | None:
    """Return the plain variant of a model, by default of the BiLSTM that the others of a recipe are compared with.

    That is the grid's winner where the recipe has one, else the run that inherits it and changes nothing.
    """
    here = [variant for variant in variants(study) if (variant.recipe, variant.model) == (recipe, model)]
    inherited = next((variant for variant in here if variant.slug == f"from={GRID}"), None)
    return inherited or next((variant for variant in here if variant.key in chosen(study)), None)


def networks(study: StudyResults, recipe: str) -> list[Variant]:
    """Return its two networks and, where it was run, the one that it proposed; none where one of the two is missing."""
    found = [reference(study, recipe, model) for model in (*NETWORKS, PROPOSED)]
    return [] if None in found[: len(NETWORKS)] else [variant for variant in found if variant is not None]


def scores_of(study: StudyResults, variant: Variant) -> list[Score]:
    """Return the score that the variant's experiment selects by and, where that is another one, Spearman.

    Of several proteins it is the mean over them.
    """
    selected, several = selected_score(study, variant), len(study.cards[variant.recipe]["proteins"]) > 1
    if selected.name.removesuffix("_mean") == SCORE:
        return [selected]
    return [selected, study.plan.implementation.score(f"{SCORE}_mean" if several else SCORE)]


def reported(study: StudyResults, variant: Variant, score: str, split: str, read: str) -> float | None:
    """Return the value that it gives for one of the two networks that it chose, or for attention.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        score: one of the study's scores.
        split: validation or test.
        read: how the claims read the curve: ``final``, ``best_round``, ...

    Returns:
        The value, or None where it gives none of such a network.
    """
    if not repeats_report(study, variant):
        return None
    number = {"score": score, "split": split, "read": read}
    asks = (claim["ask"] for claim in study.claims_of(variant.recipe, REPORT))
    values = (ask for ask in asks if ask["kind"] == "value" and ask["number"] == number)
    return next((ask["reported"]["value"] for ask in values if _is_of(ask["of"], variant)), None)


def _is_of(arm: Mapping[str, Any], variant: Variant) -> bool:
    """Say whether a claim's arm is a variant, as far as it names hyperparameters."""
    named = {"model": arm["model"], **arm.get("where", {})}
    return all({"model": variant.model, **variant.values}.get(key) == value for key, value in named.items())


def repeats_report(study: StudyResults, variant: Variant) -> bool:
    """Say whether a variant has the settings that report A chose, its budget and all of its data."""
    settings = {**TRAINING, **WINNERS.get(variant.model, WINNERS[CHOSEN])}
    return repeats(study, variant, settings, BUDGET, free=("heads",))


def reported_gain(study: StudyResults, variant: Variant) -> float | None:
    """Return how much test Spearman it gains by attention with this many heads."""
    if "heads" not in variant.values or not repeats_report(study, variant):
        return None
    number = {"score": SCORE, "split": "test", "read": "final"}
    asks = (claim["ask"] for claim in study.claims_of(variant.recipe, REPORT))
    gains = (ask for ask in asks if ask["kind"] == "difference" and ask["number"] == number and "reported" in ask)
    return next((ask["reported"]["value"] for ask in gains if _is_of(ask["first"], variant)), None)

"""Scores of variants with their intervals: on test over seeds and items, on validation over seeds; and differences.

Of variants that were tested the items of both splits are known (:func:`item_scores`). Which items a score is over, and
what each seed scores on them, is the study's to say (``item_scores`` in its ``predictions.py``). How the intervals come
about stands in :mod:`replisome.analysis.intervals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from replisome.analysis.intervals import ItemScores, difference, interval
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import NOTHING, Estimate
from replisome.analysis.variants import Variant, estimate, values_of
from replisome.config.study import Score


def final_role(selected: str, weights: str | None = None) -> str:
    """Return the role of test scores in the tidy table.

    Args:
        selected: the weights that the selection goes by, "best" or "last".
        weights: those whose scores are asked for; by default the same.

    Returns:
        "final", or "final_best" or "final_last" of other weights than the selection's.
    """
    return "final" if weights in (None, selected) else f"final_{weights}"


def final_values(study: StudyResults, variant: Variant, metric: str) -> np.ndarray:
    """Return a test score of each seed (seeds,), in the metric's own unit; empty where it was not asked for.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        metric: the score's name, or "loss".
    """
    return values_of(study, variant, split="test", metric=metric, role=final_role(variant.weights, variant.read_with))


def item_scores(study: StudyResults, variant: Variant, score: Score, split: str = "test") -> ItemScores | None:
    """Return what a variant scored by seed and item of a split.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        score: which of the study's scores.
        split: "test" or "validation"; both are predicted with the weights that are tested.

    Returns:
        The scores, or None where the variant was not tested, or items do not tell.
    """
    if not is_predicted(study, variant, split):
        return None
    found: ItemScores | None = study.once(
        ("item scores", variant.key, variant.read_with, score.name, split),
        lambda: study.part("predictions").item_scores(study, variant, score, split),
    )
    return found


def is_predicted(study: StudyResults, variant: Variant, split: str = "test") -> bool:
    """Say whether a split was predicted for a variant, with the weights that it is to be read with.

    It was not where a seed diverged at these weights: a mean over the seeds that are left would be of another thing.
    """
    run = variant.runs[0]
    weights = variant.read_with or run.weights
    if run.key not in study.tested or weights not in study.tested_weights(run):
        return False
    return (*variant.key, final_role(run.weights, weights) if split == "test" else weights) not in study.lost


def unscored(variant: Variant) -> np.ndarray:
    """Return no number for any seed (seeds,): what a quantity is of a variant that was not tested, or diverged."""
    return np.full(len(variant.runs), np.nan)


def score_on_test(study: StudyResults, variant: Variant, score: Score) -> Estimate:
    """Return a test score, mean over seeds, with its interval over seeds and items.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        score: which of the study's scores.

    Returns:
        The score in its own unit; without an interval where its items are not known, or a network has one seed; NaN
        where the variant was not tested.
    """
    found = item_scores(study, variant, score)
    if found is not None:
        return interval(found)
    values = final_values(study, variant, score.name)
    return Estimate(float(values.mean()), np.nan, np.nan, len(values)) if len(values) else NOTHING


def difference_on_test(study: StudyResults, one: Variant, two: Variant, score: Score) -> Estimate:
    """Return a variant's test score less another's on the same items, with its interval over seeds and items.

    Args:
        study: the study's results.
        one: runs that differ in their seed only.
        two: others, under the same recipe.
        score: which of the study's scores.

    Returns:
        The difference in the score's own unit; NaN where one of the two was not tested, or items do not tell.
    """
    first, second = (item_scores(study, variant, score) for variant in (one, two))
    return NOTHING if first is None or second is None else difference(first, second)


def difference_on_validation(study: StudyResults, one: Variant, two: Variant, score: Score) -> Estimate:
    """Return a variant's validation score less another's, with Welch's interval over seeds.

    It is of the question ``this_set`` for every row of a table: items are known of runs that were tested alone, and a
    column has one kind of interval. Whoever asks for other items too takes :func:`item_scores` of validation.

    Args:
        study: the study's results.
        one: runs that differ in their seed only.
        two: others, on the same validation split.
        score: which of the study's scores.

    Returns:
        The difference in the score's own unit.
    """
    over_seeds = []
    for variant in (one, two):
        values = values_of(study, variant, split="validation", metric=score.name, role=variant.weights)
        over_seeds.append(ItemScores.of_seeds(values, trained=variant.trained))
    return difference(*over_seeds, question="this_set")


def columns_on_test(
    study: StudyResults, variant: Variant, names: Iterable[str], of: Callable[[Score], Estimate] | None = None
) -> dict[str, float]:
    """Return the columns of a row that give test scores with their intervals.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        names: of the scores, each shown once.
        of: gives each score, where it is not that of the whole test split.
    """
    found: dict[str, float] = {}
    for score in map(study.plan.implementation.score, dict.fromkeys(names)):
        value = of(score) if of else score_on_test(study, variant, score)
        found |= estimate(f"test {score.heading}", value, score.scale)
    return found

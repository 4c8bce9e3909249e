"""What claims ask of this study's runs and data beside scores and costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from replisome.analysis.declare import fact, quantity
from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import item_scores, unscored
from replisome.analysis.variants import Variant, curve_table
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.studies.bloodmnist.predictions import softmax_floor


@quantity
def accuracy_less_ceiling(study: StudyResults, variant: Variant) -> ItemScores | np.ndarray:
    """Return by how much a model's test accuracy is above that of the oracle on the same drawn images.

    The oracle sees the traits that the cells were drawn from and knows no replaced label: on average none is better.
    Against its accuracy on this very draw, what the choice of images does to both cancels.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only, on a control.

    Returns:
        Shares, by seed and image: below 0 where the oracle is better; not a number where the variant was not tested.

    Raises:
        ReplisomeError: the recipe's data are not drawn, so that nobody knows what is possible.
    """
    card = study.cards[variant.recipe]
    if "ceiling" not in card:
        raise ReplisomeError(
            f"study '{study.plan.name}', recipe '{variant.recipe}': its data have no known ceiling; a claim about "
            "'accuracy_less_ceiling' needs a recipe whose source is a control."
        )
    found = item_scores(study, variant, study.plan.implementation.score("accuracy"))
    if found is None:
        return unscored(variant)
    return replace(found, values=found.values - card["ceiling"]["oracle_on_this_draw"]["test"])


@quantity
def best_less_last(study: StudyResults, variant: Variant, *, score: str) -> ItemScores | np.ndarray:
    """Return a test score at the epoch that is best on validation less that after the last epoch.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        score: which of the study's scores.

    Returns:
        In the score's own unit, by seed and image; not a number where one of the two weights was not tested.
    """
    asked = study.plan.implementation.score(score)
    best, last = (item_scores(study, variant.at(weights), asked) for weights in ("best", "last"))
    if best is None or last is None:
        return unscored(variant)
    return replace(best, values=best.values - last.values, parts=best.parts - last.parts)


@quantity
def accuracy_lost_by_shifting(study: StudyResults, variant: Variant) -> ItemScores | np.ndarray:
    """Return by how much accuracy is lower on images shifted by 1 to 3 pixels than on the same images as they are.

    Of the validation images, with the weights that are tested; the mean is over twelve shifts.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.

    Returns:
        Shares, by seed and image; not a number where a run diverged.

    Raises:
        ReplisomeError: the experiment does not ask for explanations of these runs.
    """
    if any(run.key not in study.explained for run in variant.runs):
        raise ReplisomeError("claims: 'accuracy_lost_by_shifting' needs an experiment that says explain: all.")
    lost = []
    for run in variant.runs:
        explanation = study.explanation(run)
        if explanation is None:
            return unscored(variant)
        rows, _ = explanation
        label = rows["label"].to_numpy()
        right = np.stack(rows["shifted"].tolist()) == label[:, None]
        lost.append((rows["predicted"].to_numpy() == label) - right.mean(axis=1))
    return ItemScores.of_items(np.stack(lost), trained=variant.trained)


@quantity
def after_largest_drop(study: StudyResults, variant: Variant, *, score: str, drop_of: str, split: str) -> np.ndarray:
    """Return a score after the epoch at which another, or the same, got worse by most from one epoch to the next.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        score: what is read.
        drop_of: the score whose largest fall is looked for.
        split: validation or test, of both.

    Returns:
        Each seed's (seeds,), in the score's own unit; where the other never fell, that after its smallest rise; not a
        number of a run with fewer than two epochs.
    """
    better = study.plan.implementation.score(drop_of).better
    fell, read = (curve_table(study, variant, split, name) for name in (drop_of, score))
    return at_largest_drop(read, fell if better == "max" else -fell)


def at_largest_drop(read: pd.DataFrame, fell: pd.DataFrame) -> np.ndarray:
    """Return from each row of ``read`` the value in the column at which ``fell`` is lowest under the one before.

    Args:
        read: a row a seed and a column an epoch.
        fell: the same of a score of which more is better; the first of several equal falls counts.

    Returns:
        Shape (seeds,); not a number of a row in which no two neighbours are known.
    """
    found = np.full(len(fell), np.nan)
    drops = -np.diff(fell.to_numpy(dtype=float), axis=1)
    for seed, row in enumerate(drops):
        if np.isfinite(row).any():
            found[seed] = read.iloc[seed, int(np.nanargmax(row)) + 1]
    return found


@fact
def least_loss_with_softmax(study: StudyResults, recipe: str) -> float:
    """Return the lowest cross-entropy, in nats, that is possible over probabilities of the recipe's classes."""
    return softmax_floor(len(study.cards[recipe]["class_names"]))


@fact
def seen_test_images_percent(study: StudyResults, recipe: str) -> float:
    """Return which share of the test images, in percent, stands byte for byte in training or validation too."""
    card, test = study.cards[recipe], SPLITS[-1]
    groups = [[image["split"] for image in group] for group in card["duplicates"]["members"]]
    seen = sum(group.count(test) for group in groups if set(group) != {test})
    images: int = sum(card["counts"][test])
    return 100 * seen / images

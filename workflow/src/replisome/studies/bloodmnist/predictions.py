"""What tables and figures read of the runs: names and order of the variants, their scores, their answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, plain_name, selected_score, unnamed_data, variants
from replisome.config.study import Score
from replisome.data.splits import SPLITS
from replisome.studies.bloodmnist.paper import DATASET, SCORE, SHAPE, has_switches, row_name, row_number

AUC = "auc"  # what MedMNIST's own tables show beside accuracy


def variant_name(study: StudyResults, variant: Variant) -> str:
    """Return what people call a variant: "max pooling, logits", or the model and its settings.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.

    Returns:
        The two switches of the reports, if the model has them, and what else its path shows; the learning rate only
        where the study compares several.
    """
    if not has_switches(variant):
        return plain_name(variant)
    rates = {one.values.get("lr") for one in variants(study) if one.model == variant.model}
    known = {"pool", "head", *([] if len(rates) > 1 else ["lr"])}
    others = [part.replace("=", " ") for part in variant.path_settings if part.partition("=")[0] not in known]
    return ", ".join([row_name(variant), *others])


data_name = unnamed_data  # the recipes' names say what their data are


def paper_speaks_of(study: StudyResults, recipe: str) -> bool:
    """Say whether the numbers of reports A and B may stand beside those of a recipe.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes.

    Returns:
        Whether its data are the assignment's blood cells, at 28x28 pixels, and prepared as the reports did.
    """
    card = study.cards[recipe]
    return bool(card["dataset"] == DATASET and card["image_shape"] == SHAPE and card["protocol"] == "reported")


def in_order(study: StudyResults, recipe: str | None = None) -> list[Variant]:
    """Return the variants of one recipe or all, in the order of the recipes and of the reports' rows."""
    recipes = list(study.plan.recipes)
    found = [variant for variant in variants(study) if recipe in (None, variant.recipe)]
    return sorted(found, key=lambda v: (recipes.index(v.recipe), row_number(v), v.model, v.slug))


def shown_scores(study: StudyResults, variant: Variant, *more: str) -> list[Score]:
    """Return the score that the variant's experiment selects by, the one that the reports give, and ``more``."""
    score = study.plan.implementation.score
    return [score(name) for name in dict.fromkeys([selected_score(study, variant).name, SCORE, *more])]


def why_no_auc(study: StudyResults, recipe: str) -> str | None:
    """Return which classes have no image in validation or test, so that AUC is not defined there; None where all do."""
    card = study.cards[recipe]
    absent = [
        f"no {split} image of class {name}"
        for split in SPLITS[1:]
        for name, count in zip(card["class_names"], card["counts"][split], strict=True)
        if not count
    ]
    return ", ".join(absent) or None


def recipe_scores(study: StudyResults) -> dict[str, Score]:
    """Return the score that each recipe's panels show: the one that its first experiment selects by."""
    return {recipe: selected_score(study, in_order(study, recipe)[0]) for recipe in study.plan.recipes}


def item_scores(study: StudyResults, variant: Variant, score: Score, split: str = "test") -> ItemScores | None:
    """Return what each seed scored on each image of a split.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only, and that were tested.
        score: one of the study's scores.
        split: "test" or "validation".

    Returns:
        Of accuracy, balanced accuracy and AUC; the predictions do not tell the loss of a model that gives
        probabilities.
    """
    answers = study.predictions_of(variant.runs, variant.read_with, split)
    labels = answers[0]["label"].to_numpy()
    if score.name == "auc":
        values = by_area(np.stack([np.stack(one["probabilities"].tolist()) for one in answers]), labels)
    elif score.name in ("accuracy", "balanced_accuracy"):
        right = np.stack([one["label"] == one["predicted"] for one in answers])
        values = right if score.name == "accuracy" else by_class(right, labels)
    else:
        return None
    return ItemScores.of_items(values, trained=variant.trained)


def by_class(right: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return what each image adds to the mean of the classes' accuracies (seeds, images), which is its mean.

    Every class weighs the same, however many images it has; around the mean, an image lies as far as it moves that of
    its class.

    Args:
        right: whether each answer is right (seeds, images).
        labels: of the images (images,).
    """
    sizes = np.bincount(labels)
    shares = np.stack([np.bincount(labels, weights=row, minlength=len(sizes)) for row in right])
    shares = np.divide(shares, sizes, out=np.zeros_like(shares), where=sizes > 0)
    classes = np.count_nonzero(sizes)
    moved = (right - shares[:, labels]) * len(labels) / (classes * sizes[labels])
    found: np.ndarray = shares.sum(axis=1, keepdims=True) / classes + moved
    return found


def by_area(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return what each image adds to the area under the ROC curve (seeds, images), which is its mean.

    As MedMNIST has it: of two classes that of the second, of more the mean over classes of each against the rest.
    Around the area, an image lies as far as it moves it (placements: DeLong, DeLong & Clarke-Pearson 1988).

    Args:
        probabilities: by seed, image and class (seeds, images, classes).
        labels: of the images (images,).
    """
    _, images, classes = probabilities.shape
    found = []
    for number in range(classes) if classes > 2 else [1]:
        own, scores = labels == number, probabilities[..., number]
        if own.all() or not own.any():
            return np.full(probabilities.shape[:2], np.nan)  # not defined
        # How many images of the other side each one is above, ties counted half.
        above = rankdata(scores, axis=1)
        for side in (own, ~own):
            above[:, side] -= rankdata(scores[:, side], axis=1)
        placed = np.where(own, above / (~own).sum(), 1 - above / own.sum())
        area = placed[:, own].mean(axis=1, keepdims=True)
        found.append(area + (placed - area) * images / np.where(own, own.sum(), (~own).sum()))
    return np.asarray(np.mean(found, axis=0))


def softmax_floor(classes: int) -> float:
    """Return the lowest cross-entropy, in nats, that is possible over the probabilities of so many classes.

    It is that of a network which is sure and right: the cross-entropy takes its 1 and zeros for logits.
    """
    return float(np.log(1 + (classes - 1) / np.e))


class Answers(NamedTuple):
    """The variant that is best on validation, and its first seed's rows of predictions.parquet."""

    variant: Variant
    table: pd.DataFrame


def best_answers(study: StudyResults, recipe: str) -> Answers | None:
    """Return the answers of the recipe's best model, or None where it was not tested."""
    runs = study.best_runs(recipe)
    table = study.predictions(runs[0]) if runs else None
    if table is None:
        return None
    key = (runs[0].recipe, runs[0].model, runs[0].slug)
    return Answers(next(variant for variant in variants(study) if variant.key == key), table)

"""What tables and figures read of the runs: names and order of the variants, their scores, their answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate, bootstrap_mean, mean_over_seeds
from replisome.analysis.variants import Variant, final_values, plain_name, selected_score, unnamed_data, variants
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


def per_image(study: StudyResults, variant: Variant, metric: str, weights: str | None = None) -> np.ndarray | None:
    """Return what each test image adds to a score, averaged over seeds, so that the score is the mean over images.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        metric: the name of a score.
        weights: "best" or "last"; by default those that the selection goes by.

    Returns:
        Shape (images,), float64; None where the variant was not tested so, or the score is no such mean.
    """
    weights = weights or variant.weights
    answers = study.once(
        ("answers", variant.key, weights), lambda: [study.predictions(run, weights) for run in variant.runs]
    )
    tested = [table for table in answers if table is not None]
    if not tested or metric not in ("accuracy", "balanced_accuracy"):
        return None
    share: np.ndarray = np.mean([(p["label"] == p["predicted"]).to_numpy(dtype=float) for p in tested], axis=0)
    if metric == "accuracy":
        return share
    labels = tested[0]["label"].to_numpy()
    counts = np.bincount(labels)  # every class weighs the same, however many images it has
    balanced: np.ndarray = share * len(labels) / (np.count_nonzero(counts) * counts[labels])
    return balanced


def final_score(study: StudyResults, variant: Variant, metric: str, weights: str | None = None) -> Estimate:
    """Return a test score with its interval: over seeds where there are several, else over images where it is a mean.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        metric: the name of a score.
        weights: "best" or "last"; by default those that the selection goes by.

    Returns:
        The mean over seeds; NaN where the variant was not tested so.
    """
    final, images = final_values(study, variant, metric, weights), None
    if len(final) == 1:
        images = per_image(study, variant, metric, weights)
    return mean_over_seeds(final) if images is None else bootstrap_mean(images)


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
    return Answers(next(variant for variant in variants(study) if runs[0] in variant.runs), table)

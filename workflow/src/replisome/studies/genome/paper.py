"""What is report D's own: the size of its genome, its models, and its values with what they were found with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from replisome.analysis.repetition import repeats
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant

REPORT = "report D"
BASES = 5_900_000  # of its genome: the only thing that the report says of it
MODEL_OF_BASES = "char_lstm"  # its model of single bases, beside which its models of k-mers stand
# Its two models of k-mers, which differ in these, with what the report gives them: the defaults of ours.
DEPTH: Mapping[str, Mapping[str, Any]] = {
    "kmer_lstm": {"layers": 1, "dropout": 0.0},
    "kmer_lstm_deep": {"layers": 3, "dropout": 0.5},
}


def is_model_of_bases(variant: Variant) -> bool:
    """Say whether a variant is the report's model of single bases."""
    return variant.model == MODEL_OF_BASES


def depth_of(variant: Variant) -> dict[str, Any]:
    """Return layers and dropout of one of the report's models of k-mers; nothing of another model."""
    return {key: variant.values.get(key, value) for key, value in DEPTH.get(variant.model, {}).items()}


def claimed(study: StudyResults, variant: Variant, quantity: str, **where: Any) -> float | None:
    """Return what the report says of a run such as this one, in the claim's own unit, or None where it says nothing.

    A claim says in ``where`` with which settings its value was found: size, rate, batch, steps, encoding, window and,
    of an accuracy, the split. A run that differs in one of them, or in a setting that the claim leaves at its default
    (optimiser, weight decay, ...), has no value of the report beside it; nor has one that takes a part of the genome
    only, or windows that do not begin at every base.

    Args:
        study: the study's results.
        variant: the model that is spoken of, under the recipe where the value is to stand.
        quantity: ``metric@split``.
        where: what else the claim speaks of, such as the step.
    """
    if study.cards[variant.recipe]["cut"]["step"] != 1:
        return None
    found = {**_row(study, variant), **where}
    for claim in study.plan.settings["claims"]:
        wanted = claim.get("where", {})
        settings = {key: value for key, value in wanted.items() if key not in found}
        if (
            (claim["report"], claim["quantity"]) == (REPORT, quantity)
            and all(found[key] == value for key, value in wanted.items() if key in found)
            and repeats(study, variant, settings, dict(variant.budget))
        ):
            return study.claimed(variant.recipe, REPORT, quantity, **wanted)
    return None


def claimed_losses(study: StudyResults, variant: Variant) -> dict[int, float]:
    """Return by step the training losses that the report gives of a model, in nats a token.

    A model of another size, or trained in another way, has NaN at the same steps.
    """
    claims = [claim for claim in study.plan.settings["claims"] if claim["quantity"] == "loss@train"]
    steps = [claim["where"]["step"] for claim in claims if claim["where"]["model"] == variant.model]
    found = {step: claimed(study, variant, "loss@train", step=step) for step in steps}
    return {step: np.nan if value is None else value for step, value in found.items()}


def _row(study: StudyResults, variant: Variant) -> dict[str, Any]:
    """Return what a claim can speak of beside the settings of model and training, as a variant has it."""
    recipe = study.plan.recipes[variant.recipe]
    return {
        "model": variant.model,
        "steps": variant.budget.get("steps"),
        "encoding": recipe["encoding"],
        "split": recipe["split"],
        "window": study.cards[variant.recipe]["cut"]["piece"],
    }

"""What is report D's own: the size of its genome, its model of single bases, and the values it gives."""

from __future__ import annotations

from typing import Any

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant

REPORT = "report D"
BASES = 5_900_000  # of its genome: the only thing that the report says of it
MODEL_OF_BASES = "char_lstm"  # its model of single bases, beside which its models of k-mers stand


def is_model_of_bases(variant: Variant) -> bool:
    """Say whether a variant is the report's model of single bases."""
    return variant.model == MODEL_OF_BASES


def claimed(study: StudyResults, variant: Variant, quantity: str, **where: Any) -> float | None:
    """Return what the report says of a model, in the claim's own unit, or None where it says nothing.

    Args:
        study: the study's results.
        variant: the model that is spoken of, under the recipe where the value is to stand.
        quantity: ``metric@split``.
        where: what else the claim speaks of, such as the step.
    """
    return study.claimed(variant.recipe, REPORT, quantity, model=variant.model, **where)


def claimed_losses(study: StudyResults, variant: Variant) -> dict[int, float]:
    """Return by step the training losses that the report gives of a model, in nats a token."""
    claims = [claim for claim in study.plan.settings["claims"] if claim["quantity"] == "loss@train"]
    steps = [claim["where"]["step"] for claim in claims if claim["where"]["model"] == variant.model]
    found = {step: claimed(study, variant, "loss@train", step=step) for step in steps}
    return {step: value for step, value in found.items() if value is not None}

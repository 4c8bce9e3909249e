"""What is reports A and B's own: their one CNN, the two switches that make its four variants, and what they say of it.

The assignment is question 1 of homework 2 in IST Deep Learning 2025-26. No other module of the study knows a model's
name, or these switches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from replisome.analysis.repetition import repeats
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant

MODEL = "cnn"
DATASET = "bloodmnist"
SCORE = "accuracy"  # what both reports compare by
FIRST_LINEAR_LAYER = "hidden"  # its name in the CNN; report B speaks of its size
POOLS = {"none": "no pooling", "max": "max pooling"}
SHAPE = [28, 28, 3]  # of its images: height, width, channels
# Both reports' training; what they leave open is in choices.py.
SETTINGS = {"optimiser": "adam", "lr": 0.001, "batch_size": 64, "hidden": 256}
BUDGET = {"epochs": 200}
SWITCHES = ("pool", "head")
# At which epoch a report's accuracies were read is our reading. Report B's curves end at the last, and nothing in it
# says that a best epoch was kept; report A speaks of best accuracies.
READ_AT = {"report A": "best", "report B": "last"}
EPOCH = {"best": "best epoch", "last": "last epoch"}  # in headings
# The numbers that they give, as the claims file says them.
VALIDATION = {"score": SCORE, "split": "validation", "read": READ_AT["report A"]}
TEST = {"score": SCORE, "split": "test", "read": READ_AT["report B"]}
BEST_EPOCH = {"score": SCORE, "split": "validation", "read": "best_round"}
TRAINING_LOSS = {"score": "loss", "split": "train", "read": "last"}
TIME = {"cost": "seconds_training"}
ROWS = tuple((pool, head) for pool in POOLS for head in ("logits", "softmax"))


def has_switches(variant: Variant) -> bool:
    """Say whether a model has both switches, as another CNN may have too."""
    return {"pool", "head"} <= variant.values.keys() and variant.values["pool"] in POOLS


def row_name(variant: Variant) -> str:
    """Return what a variant with both switches is called: "max pooling, logits", and the model if it is not theirs."""
    model = [] if variant.model == MODEL else [variant.model]
    return ", ".join([*model, POOLS[variant.values["pool"]], variant.values["head"]])


def row_number(variant: Variant) -> int:
    """Return the variant's place among the rows of the reports; variants of another kind come after them."""
    row = (variant.values.get("pool"), variant.values.get("head"))
    return ROWS.index(row) if row in ROWS else len(ROWS)


def with_softmax(members: Iterable[Variant], logits: Variant) -> Variant | None:
    """Return the variant that has a softmax head and is equal otherwise, or None where there is no such pair."""
    if logits.values.get("head") != "logits":
        return None
    wanted = (logits.recipe, logits.model, {**logits.values, "head": "softmax"})
    return next((other for other in members if (other.recipe, other.model, other.values) == wanted), None)


def claimed(
    study: StudyResults, variant: Variant, report: str, number: Mapping[str, Any], *switches: str
) -> float | None:
    """Return the value that a report gives of its CNN where the named switches are set as in a variant.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        report: "report A" or "report B".
        number: what was measured, as the claims file says it, without its scale.
        switches: the hyperparameters that must be those of the network that the claim is of.

    Returns:
        The value in the claim's own unit; None of another model, other settings or another budget than the reports', of
        a control and of other data.
    """
    for ask in _asked(study, variant, report, number):
        if ask["kind"] == "value" and _as_in(variant, ask["of"], *switches):
            value: float = ask["reported"]["value"]
            return value
    return None


def claimed_cost_of_softmax(
    study: StudyResults, logits: Variant, report: str, number: Mapping[str, Any]
) -> float | None:
    """Return by how much a report says that a softmax lowers a number of the network that is equal otherwise.

    Args:
        study: the study's results.
        logits: the network without it.
        report: "report A" or "report B".
        number: what was measured, as the claims file says it, without its scale.

    Returns:
        The difference in the claim's own unit, 0 where the report calls the two comparable; None as in :func:`claimed`.
    """
    for ask in _asked(study, logits, report, number):
        pair = ask["kind"] in ("difference", "same") and _as_in(logits, ask["first"], *SWITCHES)
        if pair and _as_in(logits, ask["second"], "pool") and ask["second"]["where"]["head"] == "softmax":
            return float(ask["reported"]["value"]) if ask["kind"] == "difference" else 0.0
    return None


def _asked(
    study: StudyResults, variant: Variant, report: str, number: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Yield the questions of a report's claims about a number, where the variant repeats the report's training."""
    if variant.model == MODEL and repeats(study, variant, SETTINGS, BUDGET, SWITCHES):
        for claim in study.claims_of(variant.recipe, report):
            about = claim["ask"].get("number", {})
            if {key: value for key, value in about.items() if key != "scale"} == number:
                yield claim["ask"]


def _as_in(variant: Variant, arm: Mapping[str, Any], *switches: str) -> bool:
    """Say whether the named switches are set in a variant as in an arm of a claim."""
    return all(arm["where"][name] == variant.values.get(name) for name in switches)

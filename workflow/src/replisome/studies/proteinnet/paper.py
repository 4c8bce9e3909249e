"""What is report C's own: its rows, which of our models and settings they are, and its constants.

Only this file of the study tells models apart by their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replisome.analysis.repetition import repeats
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant

REPORT = "report C"
LOSS = "paper_loss"  # the score that its losses are
SIMPLE, IMPROVED = "simple", "improved"
ORDER = (IMPROVED, "no dropout", "ReLU", SIMPLE)  # by loss, as the report has it
NETWORKS = ("conv_simple", "conv_attention")  # whatever their settings
MAPPED = (SIMPLE, IMPROVED, "no dropout")  # the networks whose maps are drawn
DROPOUT, SLOPE = 0.2, 0.3  # of the improved network, by inference: see the study file
EPOCHS = (10, 25)  # after which the report gives losses
LAST = 5  # epochs that it averages
# Its training; but for the batch, these are its framework's defaults, as are those of our two networks.
TRAINING = {"optimiser": "adam", "lr": 0.001, "epsilon": 1e-7, "batch_size": 512}
LONG = "epochs="  # a path that shows this is the long run's
BATCH = "batch_size="  # one that shows this is of larger batches, as the report proposes

# Two predictors that the report lacks: no distance at all, and mean distances by separation along the chain.
NOTHING, TABLE, LENGTH_TABLE = "zeros", "table by separation", "table by separation and length"


def row_name(variant: Variant) -> str:
    """Return the report's name of a network with the report's settings, otherwise what the model is."""
    own = variant.values
    if variant.model == "separation_table":
        return TABLE if own.get("classes", 1) == 1 else LENGTH_TABLE
    if variant.model == "conv_simple":
        return SIMPLE if own.get("activation", "none") == "none" else f"{SIMPLE}, ReLU between"
    if variant.model != "conv_attention" or own.get("slope", SLOPE) != SLOPE:
        return variant.model
    without = {
        "no attention": own.get("attention", True) is False,
        "no dropout": own.get("dropout", DROPOUT) == 0,
        "ReLU": own.get("activation") == "relu",
    }
    name = ", ".join(name for name, applies in without.items() if applies) or IMPROVED
    if own.get("dropout", DROPOUT) not in (0, DROPOUT):
        name = f"{name}, dropout {own['dropout']}"
    if own.get("heads"):
        name = f"{name}, {own['heads']} heads"
    if own.get("embedded"):
        name = f"{name}, embedded residues"
    if any(part.startswith(BATCH) for part in variant.path_settings):
        name = f"{name}, batches of {own['batch_size']}"
    return f"{name}, long run" if is_long_run(variant) else name


def is_report_network(variant: Variant) -> bool:
    """Say whether a variant is one of the report's two networks, whatever its settings."""
    return variant.model in NETWORKS


def is_long_run(variant: Variant) -> bool:
    """Say whether a variant's path shows a number of epochs of its own, as the long run's does."""
    return any(part.startswith(LONG) for part in variant.path_settings)


def report_loss(study: StudyResults, variant: Variant, split: str, epochs: int = EPOCHS[-1]) -> float | None:
    """Return a loss that the report gives for one of its networks, where a variant is trained as it was.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        split: "validation" or "test".
        epochs: after how many epochs.

    Returns:
        The loss in the unit of the score ``paper_loss`` (10^9 square picometres), or None where the report has none.
    """
    value = _claimed(study, variant, "value", split, {"at_epoch": epochs})
    return None if value is None else value * study.plan.implementation.score(LOSS).scale


def report_best_epoch(study: StudyResults, variant: Variant) -> float | None:
    """Return the report's epoch of least validation loss, where a variant is trained as it was; else None."""
    return _claimed(study, variant, "value", "validation", "best_round")


def report_last_below_simple(study: StudyResults, variant: Variant) -> float | None:
    """Return by how many percent the mean of the last epochs is below the simple network's in the report; else None.

    As :data:`LAST` validation losses of its own give it.
    """
    ratio = _claimed(study, variant, "ratio", "validation", {"mean_of_last": LAST})
    return None if ratio is None else round(100 * (1 - ratio), 2)  # the report has two decimals


def _claimed(
    study: StudyResults, variant: Variant, kind: str, split: str, read: str | Mapping[str, int]
) -> float | None:
    """Return what the report gives for a reading of its loss, where a variant is trained as the report trained it.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only; of a ratio, the network above the line.
        kind: of the question, "value" or "ratio".
        split: "validation" or "test".
        read: how the curve becomes a number, as the claims have it.

    Returns:
        The value as the claim has it; None of other settings, batches or budgets than the report's.
    """
    if not repeats(study, variant, TRAINING, {"epochs": EPOCHS[-1]}, ("dropout", "activation")):
        return None
    wanted = {"score": LOSS, "split": split, "read": read}
    for ask in (claim["ask"] for claim in study.claims_of(variant.recipe, REPORT)):
        if ask["kind"] != kind or not wanted.items() <= ask["number"].items():
            continue
        if _is_arm(study, variant, ask["of" if kind == "value" else "first"]):
            return float(ask["reported"]["value"])
    return None


def _is_arm(study: StudyResults, variant: Variant, arm: Mapping[str, Any]) -> bool:
    """Say whether a variant is of an experiment that a claim's arm names."""
    names = [arm["experiment"]] if isinstance(arm["experiment"], str) else arm["experiment"]
    runs = [run for name in names for run in study.plan.runs_of.get(name, ())]
    return any((run.recipe, run.model, run.slug) == variant.key for run in runs)

"""What is report D's own: the size of its genome, its three runs, and its values beside ours that repeat them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from replisome.analysis.repetition import repeats
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant

REPORT = "report D"
BASES = 5_900_000  # of its genome: the only thing that the report says of it
WINDOW, SPLIT = 200, "random"  # tokens that it reads in a row, and how it draws its test windows
MODEL_OF_BASES = "char_lstm"  # its model of single bases, beside which its models of k-mers stand
# Its two models of k-mers, which differ in these, with what the report gives them: the defaults of ours.
DEPTH: Mapping[str, Mapping[str, Any]] = {
    "kmer_lstm": {"layers": 1, "dropout": 0.0},
    "kmer_lstm_deep": {"layers": 3, "dropout": 0.5},
}
ACCURACY: Mapping[str, Any] = {"score": "accuracy", "split": "test", "read": "last"}


class Run(NamedTuple):
    """A run of the report.

    Attributes:
        encoding: of its tokens.
        steps: optimiser steps, which the report calls epochs, by our reading.
        settings: sizes, batch and rate; what it leaves open is as this study has it by default.
    """

    encoding: str
    steps: int
    settings: Mapping[str, Any]


RUNS: Mapping[str, Run] = {
    MODEL_OF_BASES: Run(
        "kmer1", 10_000, {"embedding": 128, "hidden": 1024, "layers": 1, "batch_size": 512, "lr": 0.001}
    ),
    "kmer_lstm": Run(
        "kmer4", 15_000, {"embedding": 512, "hidden": 1024, **DEPTH["kmer_lstm"], "batch_size": 512, "lr": 0.001}
    ),
    "kmer_lstm_deep": Run(
        "kmer4", 1_000, {"embedding": 512, "hidden": 1024, **DEPTH["kmer_lstm_deep"], "batch_size": 256, "lr": 0.01}
    ),
}


def is_model_of_bases(variant: Variant) -> bool:
    """Say whether a variant is the report's model of single bases."""
    return variant.model == MODEL_OF_BASES


def depth_of(variant: Variant) -> dict[str, Any]:
    """Return layers and dropout of one of the report's models of k-mers; nothing of another model."""
    return {key: variant.values.get(key, value) for key, value in DEPTH.get(variant.model, {}).items()}


def claimed(study: StudyResults, variant: Variant, number: Mapping[str, Any]) -> float | None:
    """Return what the report gives for a number of a run such as this one, or None where it gives nothing.

    A run that differs from the report's in size, rate, batch, steps, encoding or window, or in a setting that the
    report leaves at its default (optimiser, weight decay, ...), has no value of the report beside it; nor has one that
    takes a part of the genome only, or windows that do not begin at every base. A test score is that of its own split;
    a training loss may stand beside any.

    Args:
        study: the study's results.
        variant: the model that is spoken of, under the recipe where the value is to stand.
        number: as a claim asks for it, but for its scale: :data:`ACCURACY`, or what :func:`loss_at` returns.

    Returns:
        The value in the claim's own unit.
    """
    split = study.plan.recipes[variant.recipe]["split"]
    if not _repeats_its_run(study, variant) or (number["split"] == "test" and split != SPLIT):
        return None
    return next((value for own, value in _values(study, variant) if own == number), None)


def claimed_losses(study: StudyResults, variant: Variant) -> dict[int, float]:
    """Return by step the training losses that the report gives of a model, in nats a token.

    A model of another size, or trained in another way, has NaN at the same steps.
    """
    reads = [number["read"] for number, _ in _values(study, variant) if number["split"] == "train"]
    steps = [read["at_step"] for read in reads if "at_step" in read]
    found = {step: claimed(study, variant, loss_at(step)) for step in steps}
    return {step: np.nan if value is None else value for step, value in found.items()}


def loss_at(step: int) -> dict[str, Any]:
    """Return the number of a claim about the training loss of the batch that a step learns from."""
    return {"score": "loss", "split": "train", "read": {"at_step": step}}


def _values(study: StudyResults, variant: Variant) -> Iterator[tuple[dict[str, Any], float]]:
    """Yield the numbers of a model that the report gives, without their scale, and their values."""
    for claim in study.claims_of(variant.recipe, REPORT):
        ask = claim["ask"]
        if ask["kind"] == "value" and ask["of"].get("model") == variant.model:
            number = {key: value for key, value in ask["number"].items() if key != "scale"}
            yield number, float(ask["reported"]["value"])


def _repeats_its_run(study: StudyResults, variant: Variant) -> bool:
    run, cut = RUNS.get(variant.model), study.cards[variant.recipe]["cut"]
    return (
        run is not None
        and study.plan.recipes[variant.recipe]["encoding"] == run.encoding
        and (cut["piece"], cut["step"]) == (WINDOW, 1)
        and repeats(study, variant, run.settings, {**variant.budget, "steps": run.steps})
    )

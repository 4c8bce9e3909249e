"""What claims ask of the runs and of report D's settings, beside scores and costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from replisome.analysis.declare import fact, quantity
from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import item_scores, unscored
from replisome.analysis.variants import Variant
from replisome.config.catalogue import model_defaults
from replisome.errors import ReplisomeError
from replisome.studies.genome.predictions import encoding_of, windows


@quantity
def above_entropy(study: StudyResults, variant: Variant) -> ItemScores | np.ndarray:
    """Return what a model needs on the test windows beyond the entropy rate of a simulated chain, in bits a base.

    Below 0 it remembers the sequence: no prediction of unseen sequence needs less in the long run (Shannon 1948).

    Raises:
        ReplisomeError: the entropy rate of the recipe's genome is not known.
    """
    ceiling = study.cards[variant.recipe].get("ceiling")
    if ceiling is None:
        raise ReplisomeError(
            f"claims: quantity 'above_entropy': recipe '{variant.recipe}' has no genome of known entropy rate; name "
            "one of control 'markov'."
        )
    return _bits_beyond(study, variant, ceiling["expected"])


@quantity
def above_oracle(study: StudyResults, variant: Variant) -> ItemScores | np.ndarray:
    """Return what a model needs on the test windows beyond the control's oracle there, in bits a base.

    The oracle knows how the genome was drawn and remembers nothing: a model below it has seen a copy of the sequence.

    Raises:
        ReplisomeError: the recipe's genome is not simulated.
    """
    oracle = study.cards[variant.recipe].get("oracle")
    if oracle is None:
        raise ReplisomeError(
            f"claims: quantity 'above_oracle': recipe '{variant.recipe}' is not simulated; name one of a control."
        )
    return _bits_beyond(study, variant, oracle["test"])


@quantity
def gain_from_context(
    study: StudyResults, variant: Variant, *, after: int, until: int, beyond: int
) -> ItemScores | np.ndarray:
    """Return how many bits a base a model saves late in its test windows, against early, by window.

    Each window is compared with itself; which bases stand early and which late in a window is chance.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        after: the early tokens are those before which a window gives more than so many ...
        until: ... and at most so many.
        beyond: the late ones are those before which it gives more than so many.

    Returns:
        By seed and window, early less late; NaN by seed where the variant was not tested.

    Raises:
        ReplisomeError: windows are too short to have such tokens, or the numbers are not in order.
    """
    if _bits_by_window(study, variant) is None:
        return unscored(variant)
    stride = encoding_of(study, variant.recipe)[1]
    tables = [table for run in variant.runs if (table := study.predictions(run, variant.read_with)) is not None]
    bits = np.stack([np.stack(table["bits"].tolist()).astype(np.float64) / stride for table in tables])
    if not 0 <= after < until <= beyond < bits.shape[2]:
        raise ReplisomeError(
            f"claims: quantity 'gain_from_context': needs after < until <= beyond < {bits.shape[2]}, the tokens of a "
            f"window of recipe '{variant.recipe}'; got {after}, {until} and {beyond}."
        )
    saved = bits[:, :, after:until].mean(axis=2) - bits[:, :, beyond:].mean(axis=2)
    return ItemScores.of_items(saved, windows(study, variant.recipe).stretch, trained=variant.trained)


@fact
def chance_loss(study: StudyResults, recipe: str) -> float:
    """Return the loss of guessing evenly among a recipe's tokens, ln(4**k) nats: what a fresh network starts from."""
    return float(encoding_of(study, recipe)[0] * np.log(4))


@fact
def setting_added(study: StudyResults, recipe: str, *, setting: str, to: str, beyond: str) -> float:
    """Return by how much a size is larger in one of the report's models than in another, as its code prints them.

    Args:
        study: the study's results.
        recipe: one that both models read.
        setting: the size: a hyperparameter whose defaults are the report's.
        to: the model that is said to be larger.
        beyond: the model that it is compared with.
    """
    return float(model_defaults(to)[setting] - model_defaults(beyond)[setting])


def _bits_beyond(study: StudyResults, variant: Variant, least: float) -> ItemScores | np.ndarray:
    bits = _bits_by_window(study, variant)
    return unscored(variant) if bits is None else replace(bits, values=bits.values - least)


def _bits_by_window(study: StudyResults, variant: Variant) -> ItemScores | None:
    return item_scores(study, variant, study.plan.implementation.score("bits_per_base"))

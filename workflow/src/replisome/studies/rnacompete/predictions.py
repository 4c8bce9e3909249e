"""What tables and figures read of the runs: test predictions, scores with intervals, differences, explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import (
    Estimate,
    Resampled,
    bootstrap_mean,
    mean_over_seeds,
    resampled_scores,
    with_interval,
)
from replisome.analysis.variants import Key, Variant, plain_name, rows_of, variants
from replisome.config.study import Score
from replisome.studies.rnacompete import paper
from replisome.studies.rnacompete.logo import Logo, align
from replisome.studies.rnacompete.motifs import FEW, explained_proteins

MANY = 10  # proteins; from here on the interval of their mean is over proteins, not probes
LARGE = 10**7  # predicted values; of more than this, one variant is held in memory at a time


def variant_name(study: StudyResults, variant: Variant) -> str:
    """Return the model and what its path shows.

    A run that takes the grid's winner and changes nothing is called "as the grid chose".

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.

    Returns:
        A name such as ``bilstm: depth 2, width 128``.
    """
    own = [part for part in variant.path_settings if not part.startswith("from=")]
    if variant.path_settings and not own:
        return f"{variant.model} as the grid chose"
    return plain_name(variant, own)


def data_name(study: StudyResults, recipe: str) -> str:
    """Return the names of a recipe's proteins, or their number where there are many.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes.

    Returns:
        A text such as ``A1CF, ANKHD1`` or ``244 proteins``.
    """
    names = [protein["name"] for protein in proteins_of(study, recipe)]
    return ", ".join(names) if len(names) <= FEW else f"{len(names)} proteins"


def paper_speaks_of(study: StudyResults, recipe: str) -> bool:
    """Say whether a recipe's data are report A's, prepared as it did: RBFOX1 alone, on one-hot input.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes.

    Returns:
        Whether report A's values may stand beside those of the recipe.
    """
    experiments = [protein["experiment"] for protein in proteins_of(study, recipe)]
    card = study.cards[recipe]
    return experiments == paper.EXPERIMENTS and (card["encoding"], card["protocol"]) == (paper.ENCODING, "reported")


def proteins_of(study: StudyResults, recipe: str) -> Sequence[Mapping[str, Any]]:
    """Return the proteins of a recipe: experiment, name and the number of valid probes in each split."""
    proteins: Sequence[Mapping[str, Any]] = study.cards[recipe]["proteins"]
    return proteins


def full_name(protein: Mapping[str, Any]) -> str:
    """Return a protein's name with its experiment."""
    return f"{protein['name']} ({protein['experiment']})"


def varying(members: Sequence[Variant]) -> list[str]:
    """Return the settings in which variants differ, sorted; a setting that only some of them have counts."""
    keys = sorted({key for variant in members for key in variant.values})
    return [key for key in keys if len({repr(variant.values.get(key)) for variant in members}) > 1]


def attention_by_heads(study: StudyResults) -> dict[str, list[Variant]]:
    """Return by recipe the network without attention, then those with attention by number of heads."""
    attentive = [variant for variant in variants(study) if "heads" in variant.values]
    found = {}
    for recipe in dict.fromkeys(variant.recipe for variant in attentive):
        plain = paper.reference(study, recipe)
        members = [*([plain] if plain else []), *(variant for variant in attentive if variant.recipe == recipe)]
        found[recipe] = sorted(members, key=lambda variant: variant.values.get("heads", 0))
    return found


# ---- test scores


class Measured(NamedTuple):
    """One protein's valid test probes: what was measured (n,), and predicted by each seed (seeds, n); z-scores."""

    measured: np.ndarray
    predicted: np.ndarray


def measure(score: Score) -> str:
    """Return what a score is of one protein: ``spearman``, ``pearson`` or ``mse``."""
    return "mse" if score.name == "loss" else score.name.removesuffix("_mean")


def predictions_on_test(study: StudyResults, variant: Variant) -> tuple[np.ndarray, np.ndarray]:
    """Return what was measured (n, proteins) and predicted (seeds, n, proteins) for an evaluated variant."""
    kept: dict[Key, tuple[np.ndarray, np.ndarray]] = study.once("predictions on test", dict)
    if variant.key not in kept:
        frames = [frame for frame in map(study.predictions, variant.runs) if frame is not None]
        predicted = np.stack([np.stack(frame["predicted"].tolist()) for frame in frames])
        if predicted.size > LARGE:
            for key in [key for key, other in kept.items() if other[1].size > LARGE]:
                del kept[key]
        kept[variant.key] = (np.stack(frames[0]["measured"].tolist()), predicted)
    return kept[variant.key]


def protein_predictions(study: StudyResults, variant: Variant, number: int) -> Measured:
    """Return the valid test probes of the protein at position ``number`` of an evaluated variant's recipe."""
    measured, predicted = predictions_on_test(study, variant)
    valid = ~np.isnan(measured[:, number])
    return Measured(measured[valid, number], predicted[:, valid, number])


def values_on_test(study: StudyResults, variant: Variant, metric: str) -> np.ndarray:
    """Return an evaluated variant's test scores (proteins, seeds) as the evaluate stage found them.

    The evaluate stage does not keep the mean squared errors of single proteins; they come from the predictions.
    """

    def read() -> np.ndarray:
        if metric == "mse":
            measured, predicted = predictions_on_test(study, variant)
            errors: np.ndarray = np.nanmean((predicted - measured) ** 2, axis=1).T
            return errors
        members = proteins_of(study, variant.recipe)
        rows = rows_of(study, variant, split="test", role="final").sort_values("seed")
        by_metric = {str(name): group["value"].to_numpy() for name, group in rows.groupby("metric")}
        names = [f"{metric}.{protein['experiment']}" for protein in members] if len(members) > 1 else [metric]
        return np.stack([by_metric[name] for name in names])

    return study.once(("values on test", variant.key, metric), read)


def _samples(study: StudyResults, variant: Variant, number: int) -> Resampled:
    """Return the scores of each seed on bootstrap samples of one protein's test probes."""

    def draw() -> Resampled:
        measured, predicted = protein_predictions(study, variant, number)
        return resampled_scores(predicted, measured)

    return study.once(("samples", variant.key, number), draw)


def score_on_test(study: StudyResults, variant: Variant, metric: str, number: int | None = None) -> Estimate:
    """Return a test score, mean over seeds, with its 95 % interval.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        metric: ``spearman``, ``pearson`` or ``mse`` (of z-scores).
        number: the position of a protein in the recipe; None for the mean over all of them.

    Returns:
        The score with an interval over probes (bootstrap), for the mean of many proteins over proteins; NaN where the
        variant was not tested.
    """
    if variant.runs[0].key not in study.tested:
        return mean_over_seeds([])
    values = values_on_test(study, variant, metric)
    numbers = range(len(values)) if number is None else [number]
    if len(numbers) >= MANY:
        return bootstrap_mean(values.mean(axis=1))
    drawn = [_samples(study, variant, k) for k in numbers]
    spread = np.mean([getattr(sample, metric).mean(axis=0) for sample in drawn], axis=0)
    probes = sum(proteins_of(study, variant.recipe)[k]["test"] for k in numbers)
    return with_interval(float(values[list(numbers)].mean()), spread, probes)


def difference(
    study: StudyResults, one: Variant, two: Variant, metric: str, first: int = 0, second: int = 0
) -> Estimate | None:
    """Return the difference of two variants on the same test probes, seeds averaged, with a paired interval.

    Args:
        study: the study's results.
        one: an evaluated variant.
        two: an evaluated variant that is subtracted from it.
        metric: ``spearman``, ``pearson`` or ``mse`` (of z-scores).
        first: the protein's position in the recipe of ``one``.
        second: its position in the recipe of ``two``.

    Returns:
        ``one`` less ``two`` with a bootstrap interval over probes, or None where the probes are not the same.
    """
    left, right = protein_predictions(study, one, first), protein_predictions(study, two, second)
    if len(left.measured) != len(right.measured):
        return None
    # Recipes may scale the same probes by other statistics; the order of what was measured stays.
    if not np.array_equal(np.argsort(left.measured, kind="stable"), np.argsort(right.measured, kind="stable")):
        return None
    a, b = (getattr(_samples(study, *which), metric).mean(axis=0) for which in ((one, first), (two, second)))
    ours, theirs = values_on_test(study, one, metric)[first], values_on_test(study, two, metric)[second]
    return with_interval(float(ours.mean() - theirs.mean()), a - b, len(left.measured))


# ---- explanations


class Explained(NamedTuple):
    """A variant that was asked about one protein.

    Attributes:
        variant: the variant; its first seed was asked.
        number: the protein's position in the recipe.
        protein: what the data card says of the protein.
        rows: a row a mutated probe, as the explain stage left them.
        metadata: of the whole explanation.
        logo: the mutated probes, aligned.
    """

    variant: Variant
    number: int
    protein: Mapping[str, Any]
    rows: pd.DataFrame
    metadata: Mapping[str, Any]
    logo: Logo


def explained(study: StudyResults) -> list[Explained]:
    """Return the explained variants that had all labels, protein by protein."""
    return study.once("explained", lambda: _explained(study))


def _explained(study: StudyResults) -> list[Explained]:
    found = []
    for variant in variants(study):
        explanation = study.explanation(variant.runs[0])
        if explanation is None or study.cards[variant.recipe]["labels_hidden"]:
            continue
        table, metadata = explanation
        members = proteins_of(study, variant.recipe)
        for number in explained_proteins([protein["experiment"] for protein in members]):
            rows = table[table["protein"] == number]
            effect = np.stack(rows["effect"].tolist()).reshape(len(rows), *metadata["positions"])
            logo = align(rows["sequence"].tolist(), effect)
            found.append(Explained(variant, number, members[number], rows, metadata, logo))
    return found

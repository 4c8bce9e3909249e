"""What tables and figures read of the runs: predictions, scores with intervals, differences, explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from replisome.analysis import intervals
from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate, correlation_by_item, rank_correlation_by_item
from replisome.analysis.variants import Variant, plain_name, variants
from replisome.config.study import Score
from replisome.data.parquet import column_array
from replisome.studies.rnacompete import paper
from replisome.studies.rnacompete.logo import Logo, align
from replisome.studies.rnacompete.motifs import FEW, explained_proteins

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


# ---- scores, on the test split where no other is named


class Measured(NamedTuple):
    """Z-scores measured (n,) and predicted by each seed (seeds, n); of all proteins with an axis of these last."""

    measured: np.ndarray
    predicted: np.ndarray


def measure(score: Score) -> str:
    """Return what a score is of one protein: ``spearman``, ``pearson`` or ``mse``."""
    return "mse" if score.name == "loss" else score.name.removesuffix("_mean")


def measured_and_predicted(study: StudyResults, variant: Variant, split: str = "test") -> Measured:
    """Return what was measured (n, proteins), NaN where it was not, and predicted (seeds, n, proteins) for a split."""
    kept: dict[Any, Measured] = study.once("measured and predicted", dict)
    wanted = (variant.key, variant.read_with, split)
    if wanted not in kept:
        frames = study.predictions_of(variant.runs, variant.read_with, split)
        predicted = np.stack([np.stack(frame["predicted"].tolist()) for frame in frames])
        if predicted.size > LARGE:
            for key in [key for key, other in kept.items() if other.predicted.size > LARGE]:
                del kept[key]
        rows, _ = study.prepared(variant.recipe, split)  # predictions repeat what was measured on test alone
        kept[wanted] = Measured(column_array(rows, "target", predicted.shape[2:]), predicted)
    return kept[wanted]


def protein_predictions(study: StudyResults, variant: Variant, number: int) -> Measured:
    """Return the valid test probes of the protein at position ``number`` of an evaluated variant's recipe."""
    measured, predicted = measured_and_predicted(study, variant)
    valid = ~np.isnan(measured[:, number])
    return Measured(measured[valid, number], predicted[:, valid, number])


def item_scores(study: StudyResults, variant: Variant, score: Score, split: str = "test") -> ItemScores | None:
    """Return what each probe of a split adds to a score of each seed.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only, and that were tested.
        score: one of the study's scores.
        split: "test" or "validation".

    Returns:
        By seed and probe; a probe moves the scores of those proteins that it was measured for.
    """
    measured, predicted = measured_and_predicted(study, variant, split)
    known = [int(number) for number in np.flatnonzero((~np.isnan(measured)).any(axis=0))]
    parts = [[number] for number in known] if score.name.endswith("_mean") else [known]
    return ItemScores.of_items(
        _mean_of_parts(Measured(measured, predicted), parts, measure(score)), trained=variant.trained
    )


def mean_over_proteins(study: StudyResults, variant: Variant, metric: str, numbers: Sequence[int]) -> ItemScores:
    """Return what each test probe adds to the mean of some proteins' own scores, by seed.

    Args:
        study: the study's results.
        variant: one that was tested.
        metric: ``spearman``, ``pearson`` or ``mse`` (of z-scores).
        numbers: the proteins' positions in the recipe.
    """
    found = _mean_of_parts(measured_and_predicted(study, variant), [[number] for number in numbers], metric)
    return ItemScores.of_items(found, trained=variant.trained)


def _mean_of_parts(values: Measured, parts: Sequence[Sequence[int]], metric: str) -> np.ndarray:
    """Return what each probe adds (seeds, n) to the mean over parts, each some proteins whose values count at once."""
    found = np.zeros(values.predicted.shape[:2])
    for part in map(list, parts):
        found += _by_probe(Measured(values.measured[:, part], values.predicted[:, :, part]), metric)
    return found / len(parts)


def protein_scores(study: StudyResults, variant: Variant, metric: str, number: int) -> ItemScores:
    """Return what each valid test probe adds to a score of one protein, by seed.

    Args:
        study: the study's results.
        variant: one that was tested.
        metric: ``spearman``, ``pearson`` or ``mse`` (of z-scores).
        number: the position of the protein in the recipe.
    """
    return ItemScores.of_items(_by_value(protein_predictions(study, variant, number), metric), trained=variant.trained)


def _by_probe(values: Measured, metric: str) -> np.ndarray:
    """Return what each probe adds (seeds, n) to a score of all valid values (n, proteins) at once."""
    valid = ~np.isnan(values.measured)
    probe, probes = np.nonzero(valid)[0], len(valid)
    own = _by_value(Measured(values.measured[valid], values.predicted[:, valid]), metric)
    means = own.mean(axis=1, keepdims=True)
    moved = np.stack([np.bincount(probe, weights=row, minlength=probes) for row in own - means])
    return np.asarray(means + moved * probes / len(probe))


def _by_value(values: Measured, metric: str) -> np.ndarray:
    """Return what each value adds (seeds, n) to a score of values (n,), none of them missing."""
    if metric == "mse":
        return np.asarray((values.predicted - values.measured) ** 2)
    by_item = rank_correlation_by_item if metric == "spearman" else correlation_by_item
    return np.stack([by_item(one, values.measured) for one in values.predicted])


def difference(
    study: StudyResults, one: Variant, two: Variant, metric: str, first: int = 0, second: int = 0
) -> Estimate | None:
    """Return the difference of two variants on the same test probes, with its interval over seeds and probes.

    Args:
        study: the study's results.
        one: an evaluated variant.
        two: an evaluated variant that is subtracted from it.
        metric: ``spearman``, ``pearson`` or ``mse`` (of z-scores).
        first: the protein's position in the recipe of ``one``.
        second: its position in the recipe of ``two``.

    Returns:
        ``one`` less ``two``, or None where the probes are not the same.
    """
    left, right = protein_predictions(study, one, first), protein_predictions(study, two, second)
    if len(left.measured) != len(right.measured):
        return None
    # Recipes may scale the same probes by other statistics; the order of what was measured stays.
    if not np.array_equal(np.argsort(left.measured, kind="stable"), np.argsort(right.measured, kind="stable")):
        return None
    return intervals.difference(protein_scores(study, one, metric, first), protein_scores(study, two, metric, second))


# ---- explanations


class Explained(NamedTuple):
    """A variant that was asked about one protein.

    Attributes:
        variant: the variant; what its first seed says is shown.
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

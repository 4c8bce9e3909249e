"""What tables and figures read of the runs: variants' names, and how each did on each test chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate, bootstrap_mean, bootstrap_ratio, paired_difference
from replisome.analysis.variants import Key, Variant, evaluated_variants, label, unnamed_data, values_of, variants
from replisome.data.parquet import read_parquet
from replisome.studies.proteinnet.metrics import ANY, LISTS, RANGES, Errors, Pairs, errors, true_distances
from replisome.studies.proteinnet.paper import row_name
from replisome.studies.proteinnet.records import CROP, PICOMETRES

# ---- names


def variant_name(study: StudyResults, variant: Variant) -> str:
    """Return what report C calls a network, or what the model is: ``improved``, ``no dropout``, ``simple``, ...

    Where several variants of a recipe would have one name, what their paths show tells them apart.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.

    Returns:
        The name.
    """
    return study.once("names", lambda: _names(study))[variant.key]


def _names(study: StudyResults) -> dict[Key, str]:
    groups: dict[tuple[str, str], list[Variant]] = {}
    for one in variants(study):
        groups.setdefault((one.recipe, row_name(one)), []).append(one)
    return {
        one.key: name if len(members) == 1 else f"{name} ({', '.join(one.path_settings)})"
        for (_, name), members in groups.items()
        for one in members
    }


data_name = unnamed_data  # the recipes' names say what their data are


def paper_speaks_of(study: StudyResults, recipe: str) -> bool:
    """Say whether a recipe keeps report C's loss and its crop.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes.

    Returns:
        Whether the report's losses may stand beside those of the recipe.
    """
    return is_reported(study, recipe) and bool(study.cards[recipe]["crop"] == CROP)


def is_reported(study: StudyResults, recipe: str) -> bool:
    """Say whether a recipe keeps report C's loss, which is in square picometres; others are in square angstrom."""
    return bool(study.plan.recipes[recipe]["protocol"] == "reported")


def trained(study: StudyResults, recipe: str | None = None) -> list[Variant]:
    """Return the variants, of one recipe or all, that are trained, not averaged."""
    return [v for v in variants(study) if v.kind != "baseline" and recipe in (None, v.recipe)]


def find(study: StudyResults, recipe: str, name: str) -> Variant | None:
    """Return the tested variant of a recipe that has this name."""
    return next((v for v in evaluated_variants(study, recipe) if label(study, v) == name), None)


def level_of(study: StudyResults, variant: Variant, split: str, metric: str) -> float:
    """Return what a model that is not trained scores on a split, in the metric's own unit.

    Args:
        study: the study's results.
        variant: a baseline.
        split: "train", "validation" or "test".
        metric: the score's name, or "loss".
    """
    return float(values_of(study, variant, split=split, metric=metric, role="final" if split == "test" else "curve")[0])


# ---- test chains


class Chains(NamedTuple):
    """A recipe's test chains: names (n,), their lengths in residues (n,), known residues within the crop (n,)."""

    names: list[str]
    lengths: np.ndarray
    known: np.ndarray


def chains(study: StudyResults, recipe: str) -> Chains:
    """Return what is known of a recipe's test chains."""
    table, crop = _test_split(study, recipe), study.cards[recipe]["crop"]
    known = np.array([row[:crop].sum() for row in table["known"]])
    return Chains(list(table["id"]), table["letters"].str.len().to_numpy(), known)


def true_map(study: StudyResults, recipe: str, number: int) -> np.ndarray:
    """Return the true distances (crop, crop) of a test chain in angstrom, NaN where unknown or beyond its end."""
    return _square(_true(study, recipe)[number], Pairs.of(study.cards[recipe]["crop"]))


def predicted_map(study: StudyResults, variant: Variant, number: int) -> np.ndarray:
    """Return the distances (crop, crop) that a variant's first seed predicts for a test chain, in angstrom."""
    distances = np.asarray(_frames(study, variant)[0]["distances"].iloc[number], dtype=np.float64)
    return _square(distances, Pairs.of(study.cards[variant.recipe]["crop"]))


def _test_split(study: StudyResults, recipe: str) -> pd.DataFrame:
    def make() -> pd.DataFrame:
        table, _ = read_parquet(study.root / study.plan.name / recipe / "test.parquet")
        frame: pd.DataFrame = table.to_pandas()
        return frame

    return study.once(("test split", recipe), make)


def _true(study: StudyResults, recipe: str) -> np.ndarray:
    """Return the true distances (n, pairs) of a recipe's test chains, in angstrom."""

    def make() -> np.ndarray:
        table, crop = _test_split(study, recipe), study.cards[recipe]["crop"]
        pairs = Pairs.of(crop)
        rows = zip(table["ca"], table["known"], strict=True)
        return np.stack(
            [true_distances(np.reshape(ca, (-1, 3))[:crop], np.asarray(known)[:crop], pairs) for ca, known in rows]
        )

    return study.once(("true distances", recipe), make)


def _square(values: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Return values of pairs (p,) as a symmetric matrix with zeros on the diagonal."""
    found = np.zeros((pairs.second.max() + 1,) * 2)
    found[pairs.first, pairs.second] = found[pairs.second, pairs.first] = values
    return found


# ---- scores of tested variants


class ChainScores(NamedTuple):
    """A variant's scores of each test chain, means over seeds.

    Attributes:
        squared: squared errors in square angstrom, by separation 1, 2, ... (n, separations).
        pairs: numbers of pairs, likewise (n, separations).
        drmsd: in angstrom (n,).
        lddt: a share (n,).
        contacts: by range and list, the precision (n,), NaN where a chain has no pair in the range.
    """

    squared: np.ndarray
    pairs: np.ndarray
    drmsd: np.ndarray
    lddt: np.ndarray
    contacts: Mapping[tuple[str, str], np.ndarray]

    @property
    def errors(self) -> Errors:
        """Return each chain's errors of what the model was trained to match."""
        return Errors(self.squared.sum(axis=1), self.pairs.sum(axis=1))

    @property
    def paper_loss(self) -> np.ndarray:
        """Return each chain's loss as report C has it (n,), in square picometres."""
        return self.errors.paper_loss


def scores(study: StudyResults, variant: Variant) -> ChainScores:
    """Return the scores of a tested variant."""
    return study.once(("chain scores", variant.key), lambda: _scores(_frames(study, variant)))


def _frames(study: StudyResults, variant: Variant) -> list[pd.DataFrame]:
    """Return the test predictions of each seed of a tested variant."""
    return [frame for frame in map(study.predictions, variant.runs) if frame is not None]


def _scores(frames: list[pd.DataFrame]) -> ChainScores:
    squared = np.stack([np.stack(frame["squared"].tolist()) for frame in frames])
    pairs = np.stack(frames[0]["pairs"].tolist())
    drmsd = np.stack([Errors(part.sum(axis=1), pairs.sum(axis=1)).drmsd for part in squared])
    return ChainScores(
        squared.mean(axis=0),
        pairs,
        drmsd.mean(axis=0),
        np.mean([frame["lddt"].to_numpy() for frame in frames], axis=0),
        {
            (reach, size): np.mean([frame[f"{reach} {size}"].to_numpy() for frame in frames], axis=0)
            for reach in RANGES
            for size in LISTS
        },
    )


def rmse(study: StudyResults, variant: Variant, least: int = 1, beyond: int = ANY) -> Estimate:
    """Return the error pooled over pairs of all test chains.

    Args:
        study: the study's results.
        variant: a tested variant.
        least: the smallest separation along the chain that counts.
        beyond: the smallest separation above it that does not.

    Returns:
        Root mean squared error in angstrom with a 95 % interval from resampling proteins, which says nothing of seeds;
        ``n`` counts pairs.
    """
    found = scores(study, variant)
    squared, pairs = (part[:, least - 1 : beyond - 1].sum(axis=1) for part in (found.squared, found.pairs))
    if not pairs.sum():
        return Estimate(np.nan, np.nan, np.nan, 0)
    value, low, high = np.sqrt(bootstrap_ratio(squared, pairs)[:3])
    return Estimate(float(value), float(low), float(high), int(pairs.sum()))


def mean(study: StudyResults, variant: Variant, metric: str) -> Estimate:
    """Return the mean of ``paper_loss``, ``drmsd`` or ``lddt`` over test chains, in the metric's own unit."""
    return _mean(getattr(scores(study, variant), metric))


def contacts(study: StudyResults, variant: Variant, reach: str, size: str) -> Estimate:
    """Return the mean precision of the pairs predicted nearest.

    Args:
        study: the study's results.
        variant: a tested variant.
        reach: the range along the chain, of :data:`metrics.RANGES`.
        size: how many pairs are called contacts, of :data:`metrics.LISTS`.

    Returns:
        A share, with an interval from resampling those chains that have pairs in that range.
    """
    return _mean(scores(study, variant).contacts[reach, size])


def _mean(values: np.ndarray) -> Estimate:
    return bootstrap_mean(values[~np.isnan(values)])


def difference(study: StudyResults, one: Variant, two: Variant, metric: str) -> Estimate:
    """Return the mean over test chains of one variant's score minus another's.

    Args:
        study: the study's results.
        one: a tested variant.
        two: another of the same recipe.
        metric: ``paper_loss``, ``drmsd`` or ``lddt``.

    Returns:
        The difference in the metric's own unit, with a paired interval over chains.
    """
    left, right = (getattr(scores(study, variant), metric) for variant in (one, two))
    both = ~np.isnan(left) & ~np.isnan(right)
    return paired_difference(left[both], right[both])


def oracle_loss(study: StudyResults, recipe: str) -> float | None:
    """Return the report's loss of a control's oracle, in square picometres; None for real chains."""
    rmse = study.cards[recipe].get("ceiling", {}).get("oracle_on_this_draw", {}).get("test")
    if rmse is None:
        return None
    pairs = (~np.isnan(_true(study, recipe))).sum(axis=1)
    return float(Errors(rmse**2 * pairs, pairs).paper_loss.mean())


def coordinate_errors(study: StudyResults, variant: Variant, *, squared: bool) -> Errors | None:
    """Return the errors of the distances between the coordinates that a network gives, or of their squares.

    Under ``reported`` a network was trained to match the squares, in picometres, as report C's loss takes them; under
    ``sound`` the distances, which are what one would measure in the structure. The loss does not show the error of the
    other of the two.

    Args:
        study: the study's results.
        variant: a tested variant.
        squared: whether the squares are asked for.

    Returns:
        The errors, mean over seeds; None for models that give no coordinates.
    """
    if variant.gives != "coordinates":
        return None
    if squared == is_reported(study, variant.recipe):
        return scores(study, variant).errors
    true, found = _true(study, variant.recipe), []
    for frame in _frames(study, variant):
        given = np.stack(frame["distances"].tolist()).astype(np.float64)
        if squared:
            found.append(errors((given * PICOMETRES) ** 2 / PICOMETRES, true))
        else:
            found.append(errors(np.sqrt(np.maximum(given, 0) * PICOMETRES) / PICOMETRES, true))
    return Errors(np.mean([one.squared for one in found], axis=0), found[0].pairs)

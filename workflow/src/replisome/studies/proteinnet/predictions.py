"""What tables and figures read of the runs: variants' names, and how each did on each test chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from replisome.analysis.intervals import ItemScores, interval
from replisome.analysis.results import StudyResults, VariantKey
from replisome.analysis.statistics import Estimate, root_of_pooled
from replisome.analysis.variants import Variant, evaluated_variants, label, unnamed_data, values_of, variants
from replisome.config.study import Score
from replisome.studies.proteinnet.metrics import ANY, INCLUSION, LISTS, RANGES, Errors, Pairs, errors, true_distances
from replisome.studies.proteinnet.paper import row_name
from replisome.studies.proteinnet.records import CROP, PICOMETRES

CONTACTS = {(reach, size): f"{reach} {size}" for reach in RANGES for size in LISTS}  # columns of predictions

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


def _names(study: StudyResults) -> dict[VariantKey, str]:
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
    table, crop = _split(study, recipe), study.cards[recipe]["crop"]
    known = np.array([row[:crop].sum() for row in table["known"]])
    return Chains(list(table["id"]), table["letters"].str.len().to_numpy(), known)


def true_map(study: StudyResults, recipe: str, number: int) -> np.ndarray:
    """Return the true distances (crop, crop) of a test chain in angstrom, NaN where unknown or beyond its end."""
    return _square(_true(study, recipe)[number], Pairs.of(study.cards[recipe]["crop"]))


def predicted_map(study: StudyResults, variant: Variant, number: int) -> np.ndarray:
    """Return the distances (crop, crop) that a variant's first seed predicts for a test chain, in angstrom."""
    distances = np.asarray(
        study.predictions_of(variant.runs, variant.read_with)[0]["distances"].iloc[number], dtype=np.float64
    )
    return _square(distances, Pairs.of(study.cards[variant.recipe]["crop"]))


def _split(study: StudyResults, recipe: str, split: str = "test") -> pd.DataFrame:
    def make() -> pd.DataFrame:
        table, _ = study.prepared(recipe, split)
        frame: pd.DataFrame = table.to_pandas()
        return frame

    return study.once(("split", recipe, split), make)


def _true(study: StudyResults, recipe: str, split: str = "test") -> np.ndarray:
    """Return the true distances (n, pairs) of a recipe's chains, in angstrom."""

    def make() -> np.ndarray:
        table, crop = _split(study, recipe, split), study.cards[recipe]["crop"]
        pairs = Pairs.of(crop)
        rows = zip(table["ca"], table["known"], strict=True)
        return np.stack(
            [true_distances(np.reshape(ca, (-1, 3))[:crop], np.asarray(known)[:crop], pairs) for ca, known in rows]
        )

    return study.once(("true distances", recipe, split), make)


def _square(values: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Return values of pairs (p,) as a symmetric matrix with zeros on the diagonal."""
    found = np.zeros((pairs.second.max() + 1,) * 2)
    found[pairs.first, pairs.second] = found[pairs.second, pairs.first] = values
    return found


# ---- scores of tested variants, on the test split where no other is named


class ChainScores(NamedTuple):
    """A variant's scores by seed and chain of a split.

    Attributes:
        squared: squared errors in square angstrom, by separation 1, 2, ... (seeds, n, separations).
        pairs: numbers of pairs, likewise (n, separations).
        drmsd: in angstrom (seeds, n).
        lddt: a share (seeds, n), NaN where a chain has no short distance.
        contacts: by range and list, the precision (seeds, n), NaN where a chain has no pair in the range.
    """

    squared: np.ndarray
    pairs: np.ndarray
    drmsd: np.ndarray
    lddt: np.ndarray
    contacts: Mapping[tuple[str, str], np.ndarray]

    @property
    def errors(self) -> list[Errors]:
        """Return, a seed, each chain's errors of what the model was trained to match."""
        pairs = self.pairs.sum(axis=1)
        return [Errors(one.sum(axis=1), pairs) for one in self.squared]

    @property
    def paper_loss(self) -> np.ndarray:
        """Return each chain's loss as report C has it (seeds, n), in square picometres."""
        return np.stack([one.paper_loss for one in self.errors])


def scores(study: StudyResults, variant: Variant, split: str = "test") -> ChainScores:
    """Return the scores of a tested variant."""

    def read() -> ChainScores:
        tables = study.predictions_of(variant.runs, variant.read_with, split)
        squared = np.stack([np.stack(table["squared"].tolist()) for table in tables])
        pairs = np.stack(tables[0]["pairs"].tolist())
        drmsd = np.stack([Errors(one.sum(axis=1), pairs.sum(axis=1)).drmsd for one in squared])
        found = {name: np.stack([table[name] for table in tables]) for name in ("lddt", *CONTACTS.values())}
        contacts = {key: found[name] for key, name in CONTACTS.items()}
        return ChainScores(squared, pairs, drmsd, found["lddt"], contacts)

    return study.once(("chain scores", variant.key, variant.read_with, split), read)


def item_scores(study: StudyResults, variant: Variant, score: Score, split: str = "test") -> ItemScores | None:
    """Return what each seed scored on each chain of a split.

    Chains that a score says nothing of do not count; whether it does is the true structure's to say, not the model's.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only, and that were tested.
        score: one of the study's scores.
        split: "test" or "validation".

    Returns:
        The scores by seed and chain; None of the loss, which has another unit under each protocol.
    """
    if score.name == "rmse":
        return pooled(study, variant, split=split)
    if score.name == "loss":
        return None
    found, true = scores(study, variant, split), _true(study, variant.recipe, split)
    near = true < INCLUSION if score.name == "lddt" else ~np.isnan(true)
    return ItemScores.of_items(getattr(found, score.name)[:, near.any(axis=1)], trained=variant.trained)


def pooled(study: StudyResults, variant: Variant, least: int = 1, beyond: int = ANY, split: str = "test") -> ItemScores:
    """Return the error pooled over pairs of all chains, root mean squared and in angstrom, by seed and chain.

    Args:
        study: the study's results.
        variant: a tested variant.
        least: the smallest separation along the chain that counts.
        beyond: the smallest separation above it that does not.
        split: "test" or "validation".
    """
    found = scores(study, variant, split)
    squared, pairs = (part[..., least - 1 : beyond - 1].sum(axis=-1) for part in (found.squared, found.pairs))
    some = pairs > 0
    by_chain = root_of_pooled(squared[:, some], pairs[some]) if some.any() else squared[:, some]
    return ItemScores.of_items(by_chain, trained=variant.trained)


def contacts(study: StudyResults, variant: Variant, reach: str, size: str) -> Estimate:
    """Return the mean precision of the pairs predicted nearest, over those chains that have pairs in that range.

    Args:
        study: the study's results.
        variant: a tested variant.
        reach: the range along the chain, of :data:`metrics.RANGES`.
        size: how many pairs are called contacts, of :data:`metrics.LISTS`.

    Returns:
        A share, with its interval over seeds and chains.
    """
    found, (least, beyond) = scores(study, variant), RANGES[reach]
    some = found.pairs[:, least - 1 : beyond - 1].any(axis=1)
    return interval(ItemScores.of_items(found.contacts[reach, size][:, some], trained=variant.trained))


def oracle_loss(study: StudyResults, recipe: str) -> float | None:
    """Return the report's loss of a control's oracle, in square picometres; None for real chains."""
    rmse = study.cards[recipe].get("ceiling", {}).get("oracle_on_this_draw", {}).get("test")
    if rmse is None:
        return None
    pairs = (~np.isnan(_true(study, recipe))).sum(axis=1)
    return float(Errors(rmse**2 * pairs, pairs).paper_loss.mean())


def coordinate_errors(study: StudyResults, variant: Variant, *, squared: bool) -> list[Errors]:
    """Return the errors of the distances between the coordinates that a network gives, or of their squares.

    Under ``reported`` a network was trained to match the squares, in picometres, as report C's loss takes them; under
    ``sound`` the distances, which are what one would measure in the structure. The loss does not show the error of the
    other of the two.

    Args:
        study: the study's results.
        variant: a tested variant.
        squared: whether the squares are asked for.

    Returns:
        Each seed's errors; none of models that give no coordinates.
    """
    if variant.gives != "coordinates":
        return []
    if squared == is_reported(study, variant.recipe):
        return scores(study, variant).errors
    true, found = _true(study, variant.recipe), []
    for table in study.predictions_of(variant.runs, variant.read_with):
        given = np.stack(table["distances"].tolist()).astype(np.float64)
        if squared:
            found.append(errors((given * PICOMETRES) ** 2 / PICOMETRES, true))
        else:
            found.append(errors(np.sqrt(np.maximum(given, 0) * PICOMETRES) / PICOMETRES, true))
    return found

"""What the tables and figures know of a tested model: its name, and how it did on each test chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from replisome.io import read_parquet
from replisome.results import StudyResults
from replisome.statistics import Estimate, bootstrap_mean, bootstrap_ratio, paired_difference
from replisome.studies.proteinnet.metrics import ANY, LISTS, RANGES, Errors, Pairs, errors, true_distances
from replisome.studies.proteinnet.records import PICOMETRES
from replisome.variants import Variant, rows_of, values_of, variants

SOURCE = "report C"
SIMPLE, IMPROVED = "simple", "improved"
ORDER = (IMPROVED, "no dropout", "ReLU", SIMPLE)  # by loss, as the source has it
TABLE = "table by separation"
DROPOUT, SLOPE = 0.2, 0.3  # of the improved network, by inference: see the study file
BASELINES = ("zeros", "separation_table")
COORDINATES = ("conv_simple", "conv_attention")  # the models that give places, not distances
LONG_RUN = "long_run"  # the experiment
BILLION = 1e-9  # the source's losses are shown in 10^9 square picometres


class Chains(NamedTuple):
    """A recipe's test chains: names (n,), how many residues they have and of how many the first known places count."""

    names: list[str]
    lengths: np.ndarray
    known: np.ndarray


class Scores(NamedTuple):
    """A model's scores of each test chain, means over seeds.

    ``squared`` and ``pairs`` (n, separations) are squared errors in square angstrom and numbers of pairs by separation
    1, 2, ...; ``drmsd`` and ``lddt`` are (n,), ``contacts`` maps range and list to precision (n,).
    """

    squared: np.ndarray
    pairs: np.ndarray
    drmsd: np.ndarray
    lddt: np.ndarray
    contacts: Mapping[tuple[str, str], np.ndarray]


class Tested:
    """Test predictions, each file read once and kept as scores of chains."""

    def __init__(self, study: StudyResults) -> None:
        self.study = study
        self._scores: dict[tuple[str, str, str], Scores | None] = {}
        self._tables: dict[str, pd.DataFrame] = {}
        self._distances: dict[str, np.ndarray] = {}

    @classmethod
    def of(cls, study: StudyResults) -> Tested:
        """Return the one that all tables and figures of a call share."""
        shared: Tested = study.shared.setdefault("tested", cls(study))
        return shared

    def table(self, recipe: str) -> pd.DataFrame:
        """Return a recipe's test split."""
        if recipe not in self._tables:
            table, _ = read_parquet(self.study.root / self.study.plan.name / recipe / "test.parquet")
            self._tables[recipe] = table.to_pandas()
        return self._tables[recipe]

    def chains(self, recipe: str) -> Chains:
        """Return what is known of a recipe's test chains."""
        table, crop = self.table(recipe), self.study.cards[recipe]["crop"]
        known = np.array([row[:crop].sum() for row in table["known"]])
        return Chains(list(table["id"]), table["letters"].str.len().to_numpy(), known)

    def true_map(self, recipe: str, number: int) -> np.ndarray:
        """Return the true distances (crop, crop) of a test chain in angstrom, NaN where unknown or beyond its end."""
        return square(self._true(recipe)[number], Pairs.of(self.study.cards[recipe]["crop"]))

    def _true(self, recipe: str) -> np.ndarray:
        """Return the true distances (n, pairs) of a recipe's test chains."""
        if recipe not in self._distances:
            crop = self.study.cards[recipe]["crop"]
            pairs = Pairs.of(crop)
            rows = zip(self.table(recipe)["ca"], self.table(recipe)["known"], strict=True)
            self._distances[recipe] = np.stack(
                [true_distances(np.reshape(ca, (-1, 3))[:crop], np.asarray(known)[:crop], pairs) for ca, known in rows]
            )
        return self._distances[recipe]

    def predicted_map(self, variant: Variant, number: int) -> np.ndarray:
        """Return the distances (crop, crop) that a model's first seed predicts for a test chain, in angstrom."""
        frame = self.study.predictions(variant.runs[0])
        assert frame is not None  # only tested variants are asked for
        distances = np.asarray(frame["distances"].iloc[number], dtype=np.float64)
        return square(distances, Pairs.of(self.study.cards[variant.recipe]["crop"]))

    def scores(self, variant: Variant) -> Scores | None:
        """Return a variant's scores, or None where it was not tested."""
        key = (variant.recipe, variant.model, variant.slug)
        if key not in self._scores:
            frames = [frame for frame in map(self.study.predictions, variant.runs) if frame is not None]
            self._scores[key] = _scores(frames) if frames else None
        return self._scores[key]

    def rmse(self, variant: Variant, least: int = 1, beyond: int = ANY) -> Estimate:
        """Return the pooled error in angstrom over pairs at least ``least`` and less than ``beyond`` apart.

        With a 95 % interval from resampling proteins, which says nothing of seeds.
        """
        found = self._tested(variant)
        squared, pairs = (part[:, least - 1 : beyond - 1].sum(axis=1) for part in (found.squared, found.pairs))
        if not pairs.sum():
            return Estimate(np.nan, np.nan, np.nan, 0)
        pooled = bootstrap_ratio(squared, pairs)
        value, low, high = np.sqrt(pooled[:3])
        return Estimate(float(value), float(low), float(high), int(pairs.sum()))

    def errors(self, variant: Variant) -> Errors:
        """Return each chain's errors of what a model was trained to match, mean over seeds."""
        found = self._tested(variant)
        return Errors(found.squared.sum(axis=1), found.pairs.sum(axis=1))

    def losses(self, variant: Variant) -> np.ndarray:
        """Return each chain's loss as the source has it (n,), in square picometres."""
        return self.errors(variant).source_loss

    def source_loss(self, variant: Variant) -> Estimate:
        """Return the source's loss in 10^9 square picometres, with an interval from resampling proteins."""
        return bootstrap_mean(self.losses(variant) * BILLION)

    def oracle_loss(self, recipe: str) -> float | None:
        """Return a control's oracle under the source's loss, in 10^9 square picometres; None for real chains."""
        rmse = self.study.cards[recipe].get("ceiling", {}).get("oracle_on_this_draw", {}).get("test")
        if rmse is None:
            return None
        pairs = (~np.isnan(self._true(recipe))).sum(axis=1)
        return float(Errors(rmse**2 * pairs, pairs).source_loss.mean() * BILLION)

    def mean(self, variant: Variant, what: str) -> Estimate:
        """Return the mean of ``drmsd`` or ``lddt`` over chains, with an interval from resampling them."""
        return _mean(getattr(self._tested(variant), what))

    def contacts(self, variant: Variant, name: str, shown: str) -> Estimate:
        """Return the mean precision of a range's list over those chains that have pairs in that range."""
        return _mean(self._tested(variant).contacts[name, shown])

    def coordinates(self, variant: Variant) -> Errors | None:
        """Return the errors of the distances between the places that a network gives, mean over seeds.

        Under ``sound`` they are what it was trained to match. Under ``reported`` that were their squares, and these are
        what one would measure in the structure. None for models that give no places.
        """
        if variant.model not in COORDINATES:
            return None
        if not reported(self.study, variant.recipe):
            return self.errors(variant)
        return self._reread(variant, lambda squares: np.sqrt(np.maximum(squares, 0) * PICOMETRES) / PICOMETRES)

    def squares(self, variant: Variant) -> Errors | None:
        """Return the errors of those distances squared, in picometres, as the source's loss takes them.

        Under ``reported`` they are what it was trained to match. None for models that give no places.
        """
        if variant.model not in COORDINATES:
            return None
        if reported(self.study, variant.recipe):
            return self.errors(variant)
        return self._reread(variant, lambda distances: (distances * PICOMETRES) ** 2 / PICOMETRES)

    def _reread(self, variant: Variant, read: Callable[[np.ndarray], np.ndarray]) -> Errors:
        true = self._true(variant.recipe)
        frames = [frame for frame in map(self.study.predictions, variant.runs) if frame is not None]
        found = [errors(read(np.stack(frame["distances"].tolist()).astype(np.float64)), true) for frame in frames]
        return Errors(np.mean([one.squared for one in found], axis=0), found[0].pairs)

    def difference(self, one: Variant, two: Variant, what: str) -> Estimate:
        """Return the mean over chains of ``one`` less ``two`` in drmsd, lddt or losses, with a paired interval."""
        left, right = (
            self.losses(variant) * BILLION if what == "losses" else getattr(self._tested(variant), what)
            for variant in (one, two)
        )
        both = ~np.isnan(left) & ~np.isnan(right)
        return paired_difference(left[both], right[both])

    def share_better(self, one: Variant, two: Variant) -> float:
        """Return the share of chains on which ``one`` has the smaller dRMSD."""
        left, right = self._tested(one).drmsd, self._tested(two).drmsd
        return float(np.mean(left < right))

    def _tested(self, variant: Variant) -> Scores:
        found = self.scores(variant)
        assert found is not None  # only tested variants are asked for
        return found


def _scores(frames: list[pd.DataFrame]) -> Scores:
    squared = np.stack([np.stack(frame["squared"].tolist()) for frame in frames])
    pairs = np.stack(frames[0]["pairs"].tolist())
    drmsd = np.stack([Errors(part.sum(axis=1), pairs.sum(axis=1)).drmsd for part in squared])
    return Scores(
        squared.mean(axis=0),
        pairs,
        drmsd.mean(axis=0),
        np.mean([frame["lddt"].to_numpy() for frame in frames], axis=0),
        {
            (name, shown): np.mean([frame[f"{name} {shown}"].to_numpy() for frame in frames], axis=0)
            for name in RANGES
            for shown in LISTS
        },
    )


def _mean(values: np.ndarray) -> Estimate:
    return bootstrap_mean(values[~np.isnan(values)])


def square(values: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Return pairs (p,) as a symmetric matrix with zeros on the diagonal."""
    found = np.zeros((pairs.second.max() + 1,) * 2)
    found[pairs.first, pairs.second] = found[pairs.second, pairs.first] = values
    return found


def name_of(study: StudyResults, variant: Variant) -> str:
    """Return what the source calls a network, or what it is: ``improved``, ``no dropout``, ``simple``, ...

    Where several variants of a recipe would have one name, what their paths show tells them apart.
    """
    if "names" not in study.shared:
        groups: dict[tuple[str, str], list[Variant]] = {}
        for one in variants(study):
            groups.setdefault((one.recipe, _plain_name(one)), []).append(one)
        study.shared["names"] = {
            (one.recipe, one.model, one.slug): name if len(members) == 1 else f"{name} ({', '.join(one.shown)})"
            for (_, name), members in groups.items()
            for one in members
        }
    name: str = study.shared["names"][variant.recipe, variant.model, variant.slug]
    return name


def _plain_name(variant: Variant) -> str:
    """Return the source's name of a network with the source's settings, otherwise what it is."""
    own = variant.values
    if variant.model == "separation_table":
        return TABLE if own.get("classes", 1) == 1 else f"{TABLE} and length"
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
    return f"{name}, long run" if is_long(variant) else name


def is_long(variant: Variant) -> bool:
    """Say whether a variant's path shows a length of its own, as the long run's does."""
    return any(part.startswith("epochs=") for part in variant.shown)


def scored(study: StudyResults, recipe: str | None = None) -> list[Variant]:
    """Return the variants whose test split was read, of one recipe or of all."""
    return [
        variant
        for variant in variants(study)
        if variant.runs[0].key in study.tested and recipe in (None, variant.recipe)
    ]


def find(study: StudyResults, recipe: str, name: str) -> Variant | None:
    """Return the tested variant of a recipe that has this name."""
    return next((v for v in scored(study, recipe) if name_of(study, v) == name), None)


def trained(study: StudyResults) -> list[Variant]:
    """Return the variants that are trained, not averaged."""
    return [variant for variant in variants(study) if variant.model not in BASELINES]


def reported(study: StudyResults, recipe: str) -> bool:
    """Say whether a recipe keeps the source's loss."""
    return bool(study.plan.recipes[recipe]["protocol"] == "reported")


def curve(study: StudyResults, variant: Variant, split: str, metric: str = "loss") -> pd.DataFrame:
    """Return a row a seed and a column an epoch (1, 2, ...) of what was scored after each epoch.

    NaN where a seed stopped earlier, or where its score is none.
    """
    rows = rows_of(study, variant, split=split, metric=metric, role="curve")
    return rows.pivot(index="seed", columns="epoch", values="value").astype(float)


def level_of(study: StudyResults, variant: Variant, split: str, metric: str) -> float:
    """Return what a model that is not trained scores on a split."""
    return float(values_of(study, variant, split=split, metric=metric, role="final" if split == "test" else "curve")[0])

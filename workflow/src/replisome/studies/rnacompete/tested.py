"""What the tables and figures know of a tested model: its name, its scores with intervals, its differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from replisome.results import StudyResults
from replisome.statistics import Estimate, Resampled, bootstrap_mean, mean_over_seeds, resampled_scores, with_interval
from replisome.studies.rnacompete.motifs import FEW, shown
from replisome.variants import Variant, rows_of, values_of, variants

MANY = 10  # proteins; from here on the interval of their mean is over proteins, not probes
LARGE = 10**7  # predicted values; of more than this, one model is held in memory at a time
REFERENCE = "bilstm"  # what others are compared with
SOURCE = "architectures"  # the experiment whose winner it is


class Measured(NamedTuple):
    """One protein's test probes: what was measured (n,), and predicted by each seed (seeds, n)."""

    measured: np.ndarray
    predicted: np.ndarray


def label(variant: Variant) -> str:
    """Return the variant's name for people: its model and what its path shows."""
    own = [part.replace("=", " ") for part in variant.shown if not part.startswith("from=")]
    if not own and variant.shown:
        return f"{variant.model} as the grid chose"
    return f"{variant.model}{': ' if own else ''}{', '.join(own)}"


def shown_proteins(study: StudyResults, recipe: str) -> list[tuple[int, Mapping[str, Any]]]:
    """Return, with their positions, the proteins of a recipe that are shown one by one."""
    members = proteins_of(study, recipe)
    return [(number, members[number]) for number in shown([protein["experiment"] for protein in members])]


def proteins_of(study: StudyResults, recipe: str) -> list[Mapping[str, Any]]:
    """Return the proteins of a recipe with their counts of valid probes."""
    proteins: list[Mapping[str, Any]] = study.cards[recipe]["proteins"]
    return proteins


def protein_names(study: StudyResults, recipe: str) -> str:
    """Return the proteins of a recipe for people."""
    names = [protein["name"] for protein in proteins_of(study, recipe)]
    return ", ".join(names) if len(names) <= FEW else f"{len(names)} proteins"


class Tested:
    """Test predictions and their bootstrap samples, each read and drawn once."""

    def __init__(self, study: StudyResults) -> None:
        self.study = study
        self._samples: dict[tuple[str, str, str, int], Resampled] = {}
        self._predictions: dict[tuple[str, str, str], tuple[np.ndarray, np.ndarray] | None] = {}
        self._scores: dict[tuple[str, str, str, str], np.ndarray] = {}

    @classmethod
    def of(cls, study: StudyResults) -> Tested:
        """Return the one that all tables and figures of a call share."""
        shared: Tested = study.shared.setdefault("tested", cls(study))
        return shared

    def predictions(self, variant: Variant) -> tuple[np.ndarray, np.ndarray] | None:
        """Return measured (n, proteins) and predicted (seeds, n, proteins), or None where it was not tested."""
        key = (variant.recipe, variant.model, variant.slug)
        if key not in self._predictions:
            frames = [frame for frame in map(self.study.predictions, variant.runs) if frame is not None]
            found = None
            if frames:
                predicted = np.stack([np.stack(frame["predicted"].tolist()) for frame in frames])
                found = (np.stack(frames[0]["measured"].tolist()), predicted)
            if found is not None and found[1].size > LARGE:
                self._predictions = {k: v for k, v in self._predictions.items() if v is None or v[1].size <= LARGE}
            self._predictions[key] = found
        return self._predictions[key]

    def protein(self, variant: Variant, number: int) -> Measured | None:
        """Return one protein's valid test probes."""
        found = self.predictions(variant)
        if found is None:
            return None
        valid = ~np.isnan(found[0][:, number])
        return Measured(found[0][valid, number], found[1][:, valid, number])

    def samples(self, variant: Variant, number: int) -> Resampled | None:
        """Return the scores of each seed on bootstrap samples of one protein's test probes."""
        key = (variant.recipe, variant.model, variant.slug, number)
        if key not in self._samples:
            found = self.protein(variant, number)
            if found is None:
                return None
            self._samples[key] = resampled_scores(found.predicted, found.measured)
        return self._samples[key]

    def score(self, variant: Variant, metric: str, number: int | None = None) -> Estimate:
        """Return a test score, mean over seeds, with its 95 % interval: of one protein, or the mean over the recipe's.

        The interval is over probes (bootstrap); for the mean of many proteins over proteins. ``metric`` is spearman,
        pearson or mse.
        """
        values = self.values(variant, metric)
        if values is None:
            return mean_over_seeds([])
        numbers = range(len(values)) if number is None else [number]
        if len(numbers) >= MANY:
            return bootstrap_mean(values.mean(axis=1))
        drawn = [self.samples(variant, k) for k in numbers]
        spread = np.mean([getattr(sample, metric).mean(axis=0) for sample in drawn], axis=0)
        probes = sum(proteins_of(self.study, variant.recipe)[k]["test"] for k in numbers)
        return with_interval(float(values[list(numbers)].mean()), spread, probes)

    def values(self, variant: Variant, metric: str) -> np.ndarray | None:
        """Return test scores (proteins, seeds) as the evaluate stage found them, or None where it was not tested.

        The mean squared errors of single proteins it does not keep; they come from the predictions.
        """
        key = (variant.recipe, variant.model, variant.slug)
        if variant.runs[0].key not in self.study.tested:
            return None
        if metric == "mse" and (*key, metric) not in self._scores:
            found = self.predictions(variant)
            assert found is not None
            self._scores[(*key, metric)] = np.nanmean((found[1] - found[0]) ** 2, axis=1).T
        elif (*key, metric) not in self._scores:
            members = proteins_of(self.study, variant.recipe)
            rows = rows_of(self.study, variant, split="test", role="final").sort_values("seed")
            by_metric = {str(name): group["value"].to_numpy() for name, group in rows.groupby("metric")}
            names = [f"{metric}.{p['experiment']}" for p in members] if len(members) > 1 else [metric]
            self._scores[(*key, metric)] = np.stack([by_metric[name] for name in names])
        return self._scores[(*key, metric)]

    def difference(self, one: Variant, two: Variant, metric: str, first: int = 0, second: int = 0) -> Estimate | None:
        """Return the difference of two tested models on the same probes, seeds averaged, with a paired interval.

        ``first`` and ``second`` are the protein's positions in their recipes. None where one was not tested or the
        probes are not the same.
        """
        left, right = self.protein(one, first), self.protein(two, second)
        if left is None or right is None or len(left.measured) != len(right.measured):
            return None
        # Recipes may scale the same probes by other statistics; the order of what was measured stays.
        if not np.array_equal(np.argsort(left.measured, kind="stable"), np.argsort(right.measured, kind="stable")):
            return None
        a, b = self.samples(one, first), self.samples(two, second)
        assert a is not None
        assert b is not None
        spread = getattr(a, metric).mean(axis=0) - getattr(b, metric).mean(axis=0)
        ours, theirs = self.values(one, metric), self.values(two, metric)
        assert ours is not None
        assert theirs is not None
        return with_interval(float(ours[first].mean() - theirs[second].mean()), spread, len(left.measured))


def validation(study: StudyResults, variant: Variant, metric: str) -> Estimate:
    """Return a validation score at the best epoch, mean over seeds."""
    return mean_over_seeds(values_of(study, variant, split="validation", metric=metric, role="best"))


def chosen(study: StudyResults) -> set[tuple[str, str, str]]:
    """Return recipe, model and slug of the candidates of each model that the grid's selection puts first."""
    if SOURCE not in study.plan.experiments:
        return set()
    models = study.plan.experiments[SOURCE]["models"]
    best = [run for model in models for run in study.plan.best(SOURCE, model, study.selection)]
    return {(run.recipe, run.model, run.slug) for run in best}


def reference(study: StudyResults, recipe: str, model: str = REFERENCE) -> Variant | None:
    """Return the plain variant of a model, by default the BiLSTM that the others of a recipe are compared with.

    That is the grid's winner where the recipe has one, else the run that inherits it and changes nothing.
    """
    best = chosen(study)
    here = [variant for variant in variants(study) if (variant.recipe, variant.model) == (recipe, model)]
    inherited = next((variant for variant in here if variant.slug == f"from={SOURCE}"), None)
    return inherited or next((v for v in here if (v.recipe, v.model, v.slug) in best), None)


def tested_variants(study: StudyResults) -> list[Variant]:
    """Return the variants whose test split was read."""
    return [variant for variant in variants(study) if variant.runs[0].key in study.tested]


def varying(members: Sequence[Variant]) -> list[str]:
    """Return the settings in which variants differ, sorted; a setting that only some of them have counts."""
    keys = sorted({key for variant in members for key in variant.values})
    return [key for key in keys if len({repr(variant.values.get(key)) for variant in members}) > 1]

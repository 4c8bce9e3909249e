"""The tables of the study: numbers with their intervals, ours beside the sources'.

A column ``x`` with neighbours ``x low`` and ``x high`` is an estimate with its 95 % interval.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.statistics import Estimate, bootstrap_mean, mean_over_seeds, paired_difference
from replisome.variants import Variant, about, curves_of, data_kind, estimate, values_of
from replisome.variants import variants as all_variants

POOLS = {"none": "no pooling", "max": "max pooling"}


class Switches(Variant):
    """A variant of the assignment's CNN, by its two switches."""

    @property
    def pool(self) -> str | None:
        """Return the assignment's first switch, or None for a model that does not have it."""
        return self.values.get("pool")

    @property
    def head(self) -> str | None:
        """Return the assignment's second switch."""
        return self.values.get("head")

    @property
    def label(self) -> str:
        """Return the variant's name for people: the two switches, or model and slug where there are none."""
        if self.pool is None or self.head is None:
            return f"{self.model} {self.slug}"
        others = [part for part in self.shown if part.partition("=")[0] not in ("pool", "head", "lr")]
        model = [] if self.model == "cnn" else [self.model]
        return ", ".join([*model, POOLS[self.pool], self.head, *others])


def variant_list(study: StudyResults) -> list[Switches]:
    """Return the study's variants in the order recipe, pooling, head, then model and slug."""
    found = [Switches(**vars(variant)) for variant in all_variants(study)]
    recipes = list(study.plan.recipes)
    return sorted(found, key=lambda v: (recipes.index(v.recipe), v.pool == "max", v.head or "", v.model, v.slug))


def _claimed(study: StudyResults, variant: Switches, source: str, quantity: str, *keys: str) -> float | None:
    """Return what a source reports of variants with the same values of ``keys``; of a control it says nothing."""
    if study.cards[variant.recipe]["control"]:
        return None
    return study.claimed(source, quantity, **{key: variant.values.get(key) for key in keys})


def _correct(study: StudyResults, variant: Switches) -> np.ndarray | None:
    """Return each test item's share of seeds that classify it correctly, shape (items,)."""
    tested = [p for p in (study.predictions(run) for run in variant.runs) if p is not None]
    if not tested:
        return None
    share: np.ndarray = np.mean([(p["label"] == p["predicted"]).to_numpy(dtype=float) for p in tested], axis=0)
    return share


def variants(study: StudyResults) -> pd.DataFrame:
    """Return validation and test accuracy of each variant, beside the source's value (or the control's ceiling).

    The interval of the test accuracy is over seeds where there are several, else over test images.
    """
    rows = []
    for variant in variant_list(study):
        best = values_of(study, variant, split="validation", metric="accuracy", role="best")
        final = values_of(study, variant, split="test", metric="accuracy", role="final")
        correct = _correct(study, variant)
        test = mean_over_seeds(final) if len(final) != 1 or correct is None else bootstrap_mean(correct)
        ceiling = study.cards[variant.recipe].get("ceiling", {})
        rows.append(
            {
                **about(study, variant),
                "variant": variant.label,
                "lr": variant.values.get("lr"),
                **estimate("validation accuracy (%)", mean_over_seeds(best), 100),
                "report A, validation (%)": _claimed(study, variant, "report A", "accuracy@validation", "pool", "head"),
                **estimate("test accuracy (%)", test, 100),
                "test images": len(correct) if correct is not None else 0,
                "report B, test (%)": _claimed(study, variant, "report B", "accuracy@test", "pool", "head"),
                "ceiling (%)": 100 * ceiling.get("expected", np.nan),
            }
        )
    return pd.DataFrame(rows)


def _pairs(study: StudyResults) -> Iterator[tuple[Switches, Switches]]:
    """Yield logits and softmax variants that are equal otherwise."""
    everything = variant_list(study)
    for one in everything:
        for two in everything:
            others = [{k: v for k, v in variant.values.items() if k != "head"} for variant in (one, two)]
            alike = one.recipe == two.recipe and one.model == two.model and others[0] == others[1]
            if alike and one.head == "logits" and two.head == "softmax":
                yield one, two


def _gap(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Return the mean difference over seeds, paired where both have the same number of them."""
    if len(first) == len(second):
        return mean_over_seeds(first - second)
    return Estimate(float(first.mean() - second.mean()), np.nan, np.nan, min(len(first), len(second)))


def logits_vs_softmax(study: StudyResults) -> pd.DataFrame:
    """Return what the softmax before the cross-entropy costs, in percentage points.

    Test: paired over images, bootstrap interval. Validation: paired over seeds, Student's t.
    """
    rows = []
    for logits, softmax in _pairs(study):
        one, two = _correct(study, logits), _correct(study, softmax)
        test = paired_difference(one, two) if one is not None and two is not None else mean_over_seeds([])
        best = [values_of(study, v, split="validation", metric="accuracy", role="best") for v in (logits, softmax)]
        rows.append(
            {
                **about(study, logits),
                "pooling": POOLS[logits.pool or "none"],
                "lr": logits.values.get("lr"),
                **estimate("validation, logits - softmax (points)", _gap(*best), 100),
                "report A, validation (points)": _claimed(study, logits, "report A", "softmax_gap@validation", "pool"),
                **estimate("test, logits - softmax (points)", test, 100),
                "test images": test.n,
                "report B, test (points)": _claimed(study, logits, "report B", "softmax_gap@test", "pool"),
            }
        )
    return pd.DataFrame(rows, columns=None if rows else ["recipe", "pooling"])  # a grid may have one head only


def efficiency(study: StudyResults) -> pd.DataFrame:
    """Return accuracy beside what it costs: parameters, seconds, memory."""
    rows = []
    for variant in variant_list(study):

        def cost(metric: str, variant: Switches = variant) -> np.ndarray:
            return values_of(study, variant, split="run", metric=metric, role="cost")

        seconds = cost("seconds_training")
        epochs = np.array([len(curve) for curve in curves_of(study, variant, "train", "loss")])
        best = values_of(study, variant, split="validation", metric="accuracy", role="best")
        first_linear = cost("parameters.hidden")
        rows.append(
            {
                **about(study, variant),
                "variant": variant.label,
                "lr": variant.values.get("lr"),
                **estimate("validation accuracy (%)", mean_over_seeds(best), 100),
                "parameters": int(cost("parameters")[0]),
                "first linear layer": int(first_linear[0]) if len(first_linear) else None,
                **estimate("training (s)", mean_over_seeds(seconds)),
                "report A (s)": _claimed(study, variant, "report A", "seconds@training", "pool"),
                "report B (s)": _claimed(study, variant, "report B", "seconds@training", "pool"),
                **estimate("one epoch (s)", mean_over_seeds(seconds / epochs)),
                **estimate("scoring (s)", mean_over_seeds(cost("seconds_evaluation"))),
                **estimate("images/s", mean_over_seeds(cost("items") * epochs / seconds)),
                **estimate("peak memory (MB)", mean_over_seeds(cost("peak_memory_bytes") / 1e6)),
            }
        )
    return pd.DataFrame(rows)


def dynamics(study: StudyResults) -> pd.DataFrame:
    """Return how training went: where the loss ended, when validation peaked, how violently it fell between epochs."""
    rows = []
    for variant in variant_list(study):
        losses = curves_of(study, variant, "train", "loss")
        curves = curves_of(study, variant, "validation", "accuracy")
        drops = [float(np.maximum(0, -np.diff(curve)).max(initial=0)) for curve in curves]
        rows.append(
            {
                **about(study, variant),
                "variant": variant.label,
                "lr": variant.values.get("lr"),
                **estimate("training loss, last epoch", mean_over_seeds([curve[-1] for curve in losses])),
                "report B, loss": _claimed(study, variant, "report B", "last_loss@train", "head"),
                **estimate("best epoch", mean_over_seeds([float(curve.argmax() + 1) for curve in curves])),
                "report A, best epoch": _claimed(study, variant, "report A", "best_epoch@validation", "pool", "head"),
                **estimate("best validation accuracy (%)", mean_over_seeds([c.max() for c in curves]), 100),
                **estimate("last validation accuracy (%)", mean_over_seeds([c[-1] for c in curves]), 100),
                **estimate("largest drop between epochs (points)", mean_over_seeds(drops), 100),
            }
        )
    return pd.DataFrame(rows)


def duplicates(study: StudyResults) -> pd.DataFrame:
    """Return how many byte-identical images each recipe's source has, and what the recipe drops."""
    rows = []
    for recipe, card in study.cards.items():
        found = card["duplicates"]
        rows.append(
            {
                "recipe": recipe,
                "protocol": "control" if card["control"] else card["protocol"],
                "data": data_kind(card),
                "split": card["split"],
                "groups of identical images": found["groups"],
                "groups across splits": found["crossing_groups"],
                "groups with conflicting labels": found["conflicting_groups"],
                "dropped from training": card["dropped"]["train"],
                "dropped from validation": card["dropped"]["validation"],
                **{f"{split} images": sum(card["counts"][split]) for split in ("train", "validation", "test")},
            }
        )
    return pd.DataFrame(rows)

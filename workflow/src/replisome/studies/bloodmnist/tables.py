"""The tables of the study: numbers with their intervals, ours beside the sources'.

A column ``x`` with neighbours ``x low`` and ``x high`` is an estimate with its 95 % interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from replisome.grid import Run
from replisome.results import StudyResults
from replisome.statistics import Estimate, bootstrap_mean, mean_over_seeds, paired_difference

POOLS = {"none": "no pooling", "max": "max pooling"}
HEADS = {"logits": "logits", "softmax": "softmax"}


class Variant(NamedTuple):
    """Runs that differ in their seed only, and the two switches that tell variants apart."""

    recipe: str
    pool: str
    head: str
    runs: list[Run]

    @property
    def label(self) -> str:
        """Return the variant's name for people."""
        return f"{POOLS[self.pool]}, {HEADS[self.head]}"

    @property
    def claim(self) -> str:
        """Return the middle of the claims' ids: nopool-logits, pool-softmax, ..."""
        return f"{'pool' if self.pool == 'max' else 'nopool'}-{self.head}"


def variant_list(study: StudyResults) -> list[Variant]:
    """Return the study's variants in the order recipe, pooling, head, then hyperparameters."""
    groups: dict[tuple[str, str, str, str], list[Run]] = {}
    for run in study.plan.runs:
        values = run.settings["hyperparameters"]
        key = (run.recipe, values.get("pool", "none"), values.get("head", "logits"), run.slug)
        groups.setdefault(key, []).append(run)
    order = sorted(groups, key=lambda k: (list(study.plan.recipes).index(k[0]), k[1] == "max", k[2], k[3]))
    return [Variant(recipe, pool, head, groups[recipe, pool, head, slug]) for recipe, pool, head, slug in order]


def values_of(study: StudyResults, variant: Variant, **where: Any) -> np.ndarray:
    """Return one value a seed from the tidy table."""
    return _rows(study, variant, **where).sort_values("seed")["value"].to_numpy()


def curves_of(study: StudyResults, variant: Variant, split: str, metric: str) -> list[np.ndarray]:
    """Return one curve (epochs,) a seed; runs that stopped early have shorter ones."""
    rows = _rows(study, variant, split=split, metric=metric, role="curve").sort_values(["seed", "epoch"])
    return [group["value"].to_numpy() for _, group in rows.groupby("seed")]


def _rows(study: StudyResults, variant: Variant, **where: Any) -> pd.DataFrame:
    run = variant.runs[0]
    rows = study.pick(recipe=run.recipe, model=run.model, hyperparameters=run.slug, **where)
    return rows.drop_duplicates(["seed", "split", "metric", "role", "epoch"])  # two experiments may share a run


def _about(study: StudyResults, variant: Variant) -> dict[str, Any]:
    row = _rows(study, variant).iloc[0]
    return {
        "recipe": variant.recipe,
        "protocol": "control" if row["control"] else row["protocol"],
        "data": "stand-in" if row["stand_in"] else ("simulated" if row["control"] else "official"),
        "budget": f"{row['budget']}{' (reduced)' if row['reduced'] else ''}",
        "seeds": len(variant.runs),
    }


def _estimate(name: str, estimate: Estimate, scale: float = 1.0) -> dict[str, float]:
    return {name: estimate.value * scale, f"{name} low": estimate.low * scale, f"{name} high": estimate.high * scale}


def _correct(study: StudyResults, variant: Variant) -> np.ndarray | None:
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
        ceiling = study.cards[variant.recipe].get("ceiling")
        row = {
            **_about(study, variant),
            "variant": variant.label,
            "lr": variant.runs[0].settings["training"].get("lr"),
            **_estimate("validation accuracy (%)", mean_over_seeds(best), 100),
            **_estimate("test accuracy (%)", test, 100),
            "test images": len(correct) if correct is not None else 0,
        }
        if ceiling:
            row["ceiling (%)"] = 100 * ceiling["expected"]
        else:
            row["report B, test accuracy (%)"] = study.claim(f"acc-{variant.claim}")
        rows.append(row)
    return pd.DataFrame(rows)


def _pairs(study: StudyResults) -> Iterator[tuple[Variant, Variant]]:
    """Yield logits and softmax variants that are equal otherwise."""
    everything = variant_list(study)
    for one in everything:
        for two in everything:
            same = one.recipe == two.recipe and one.runs[0].slug.replace("head=logits", "head=softmax")
            if one.head == "logits" and two.head == "softmax" and same == two.runs[0].slug:
                yield one, two


def logits_vs_softmax(study: StudyResults) -> pd.DataFrame:
    """Return what the softmax before the cross-entropy costs, in percentage points.

    Test: paired over images, bootstrap interval. Validation: difference of means over seeds.
    """
    rows = []
    for logits, softmax in _pairs(study):
        one, two = _correct(study, logits), _correct(study, softmax)
        test = (
            paired_difference(one, two) if one is not None and two is not None else Estimate(np.nan, np.nan, np.nan, 0)
        )
        best = [values_of(study, v, split="validation", metric="accuracy", role="best") for v in (logits, softmax)]
        reported = [study.claim(f"acc-{variant.claim}") for variant in (logits, softmax)]
        row = {
            **_about(study, logits),
            "pooling": POOLS[logits.pool],
            "lr": logits.runs[0].settings["training"].get("lr"),
            "validation, logits - softmax (points)": 100 * (best[0].mean() - best[1].mean()),
            **_estimate("test, logits - softmax (points)", test, 100),
            "test images": test.n,
        }
        if reported[0] is not None and reported[1] is not None and not study.cards[logits.recipe]["control"]:
            row["report B, test (points)"] = reported[0] - reported[1]
        rows.append(row)
    return pd.DataFrame(rows, columns=None if rows else ["recipe", "pooling"])  # a grid may have one head only


def efficiency(study: StudyResults) -> pd.DataFrame:
    """Return accuracy beside what it costs: parameters, seconds, memory."""
    rows = []
    for variant in variant_list(study):

        def cost(metric: str, variant: Variant = variant) -> np.ndarray:
            return values_of(study, variant, split="run", metric=metric, role="cost")

        seconds, evaluation = cost("seconds_training"), cost("seconds_evaluation")
        epochs = np.array([len(curve) for curve in curves_of(study, variant, "train", "loss")])
        best = values_of(study, variant, split="validation", metric="accuracy", role="best")
        rows.append(
            {
                **_about(study, variant),
                "variant": variant.label,
                "lr": variant.runs[0].settings["training"].get("lr"),
                "validation accuracy (%)": 100 * best.mean(),
                "parameters": int(cost("parameters")[0]),
                "first linear layer": int(cost("parameters.hidden")[0]),
                **_estimate("training (s)", mean_over_seeds(seconds)),
                "training, one epoch (s)": (seconds / epochs).mean(),
                "scoring (s)": evaluation.mean(),
                "images/s": (cost("items") * epochs / seconds).mean(),
                "peak memory (MB)": cost("peak_memory_bytes").mean() / 1e6,
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
                **_about(study, variant),
                "variant": variant.label,
                "lr": variant.runs[0].settings["training"].get("lr"),
                **_estimate("training loss, last epoch", mean_over_seeds([curve[-1] for curve in losses])),
                "best epoch (mean)": float(np.mean([curve.argmax() + 1 for curve in curves])),
                "best validation accuracy (%)": 100 * float(np.mean([curve.max() for curve in curves])),
                "last validation accuracy (%)": 100 * float(np.mean([curve[-1] for curve in curves])),
                **_estimate("largest drop between epochs (points)", mean_over_seeds(drops), 100),
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
                "protocol": card["protocol"],
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

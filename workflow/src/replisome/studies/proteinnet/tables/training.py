"""How training went: best epochs, curves that cross, seeds, and how losses end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.cost import batch_size
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import Variant, about, curve_table, estimate, frame, label, tabulate
from replisome.studies.proteinnet.paper import (
    IMPROVED,
    LAST,
    ORDER,
    SIMPLE,
    is_long_run,
    report_best_epoch,
    report_last_below_simple,
)
from replisome.studies.proteinnet.predictions import is_reported, trained

# ---- columns, and what they are worked out from


def batch(variant: Variant) -> dict[str, float]:
    """Return the column with the number of chains a step; models that are not trained have none."""
    return {"batch": np.nan if variant.kind == "baseline" else batch_size(variant)}


def steps(study: StudyResults, variant: Variant, epochs: float) -> float:
    """Return how many optimiser steps so many epochs are, which is what compares across sizes of data and batch."""
    chains: int = study.cards[variant.recipe]["counts"]["train"]
    return epochs * -(-chains // batch_size(variant))


def short_runs(study: StudyResults, recipe: str) -> dict[str, Variant]:
    """Return by name the trained networks of a recipe, the long run left out."""
    return {label(study, variant): variant for variant in trained(study, recipe) if not is_long_run(variant)}


def mean_curve(study: StudyResults, variant: Variant, split: str) -> np.ndarray:
    """Return report C's loss after each epoch that all seeds have (epochs,), their mean, in 10^9 pm^2."""
    scale = study.plan.implementation.score("paper_loss").scale
    return curve_table(study, variant, split, "paper_loss").dropna(axis=1).mean(axis=0).to_numpy() * scale


def below(ours: float, other: float) -> float:
    """Return by how many percent a loss is below another."""
    return 100 * (1 - ours / other)


def each_seed(values: np.ndarray) -> str:
    """Return the values of seeds (seeds,) in one cell."""
    return " ".join(f"{value:.4g}" for value in values)


def _last(curves: pd.DataFrame, count: int = 1) -> np.ndarray:
    """Return each seed's mean over the last epochs that it has (seeds,); of one that diverged, its last finite ones."""
    found = [row[~np.isnan(row)][-count:] for row in curves.to_numpy()]
    return np.array([row.mean() if len(row) else np.nan for row in found])


# ---- tables


@table("Best epochs, crossings, the last five epochs")
def epochs(study: StudyResults) -> pd.DataFrame:
    """The epoch of the least validation loss, the mean of the last five epochs, and where curves cross.

    All losses are report C's. A curve is the mean over seeds. The table also counts the pairs of seeds in which a
    network stays below the simple one at every epoch. The row of report C that gives the last five epochs is out of
    order as printed, so the values shown here are those that follow from its own means. The report's whole order is
    improved below no dropout below ReLU below simple. Only curves of equal length are compared with the simple
    network's. The last epochs of a seed that diverged are its last finite ones. Intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        recipe, name = variant.recipe, label(study, variant)
        members = short_runs(study, recipe)
        per_seed = curve_table(study, variant, "validation", "paper_loss") * scale
        best = per_seed.dropna(how="all").idxmin(axis=1).to_numpy(dtype=float)
        own, last = mean_curve(study, variant, "validation"), _last(per_seed, LAST)
        fifth = max(1, len(own) // 5)
        row: dict[str, Any] = {
            **batch(variant),
            **estimate("best epoch", mean_over_seeds(best)),
            "best epoch of each seed": " ".join(f"{epoch:.0f}" for epoch in best),
            "report C, best epoch": report_best_epoch(study, variant),
            **estimate(f"mean of the last {LAST} epochs (10^9 pm^2)", mean_over_seeds(last)),
            "of each seed": each_seed(last),
            "below simple (%)": np.nan,
            "report C, below simple (%)": report_last_below_simple(study, variant),
            "fall since the first epoch (%)": below(own.min(), own[0]) if len(own) else np.nan,
            "fall from the fifth before the last to the last (%)": below(
                own[-fifth:].mean(), own[-2 * fifth : -fifth].mean()
            )
            if len(own) > 1
            else np.nan,
            "epochs": len(own),
            "steps": steps(study, variant, len(own)),
        }
        if name not in members:
            return row
        curves = {other: mean_curve(study, members[other], "validation") for other in ORDER if other in members}
        simple = curves.get(SIMPLE)
        if simple is not None and name != SIMPLE and len(simple) == len(own):
            row["below simple (%)"] = below(last.mean(), simple[-LAST:].mean())
            row["epochs below simple"] = _epochs_below(own, simple)
            row["pairs of seeds below simple at every epoch"] = _always_below(study, variant, members[SIMPLE])
        if name in ORDER[:-1] and (following := curves.get(ORDER[ORDER.index(name) + 1])) is not None:
            row["epochs below the next in report C's order"] = _epochs_below(own, following)
        if name == IMPROVED and len(curves) == len(ORDER):
            shortest = min(map(len, curves.values()))
            ordered = np.stack([curve[:shortest] for curve in curves.values()])
            row["epochs in report C's whole order"] = int((np.diff(ordered, axis=0) > 0).all(axis=0).sum())
        return row

    scale = study.plan.implementation.score("paper_loss").scale
    return tabulate(study, trained(study), columns)


def _epochs_below(one: np.ndarray, two: np.ndarray) -> int:
    """Return at how many epochs that both have one curve is below the other."""
    shared = min(len(one), len(two))
    return int((one[:shared] < two[:shared]).sum())


def _always_below(study: StudyResults, one: Variant, two: Variant) -> str:
    """Return of how many pairs of their seeds one variant's validation loss is below the other's at every epoch."""
    left, right = (curve_table(study, v, "validation", "paper_loss").to_numpy() for v in (one, two))
    always = [bool((a < b).all()) for a in left for b in right]
    return f"{sum(always)} of {len(always)}"


@table("From run to run")
def spread(study: StudyResults) -> pd.DataFrame:
    """The loss of the last epoch from seed to seed, for models with several seeds.

    The loss is report C's; of a seed that diverged, its last finite epoch's. Intervals are 95 %, over seeds.
    """
    rows, scale = [], study.plan.implementation.score("paper_loss").scale
    for variant in (variant for variant in trained(study) if len(variant.runs) > 1):
        for split in ("validation", "test"):
            curves = curve_table(study, variant, split, "paper_loss")
            if curves.empty or variant.key in study.diverged:
                continue
            last = _last(curves) * scale
            rows.append(
                {
                    **about(study, variant),
                    **batch(variant),
                    "split": split,
                    **estimate("loss (10^9 pm^2)", mean_over_seeds(last)),
                    "least": last.min(),
                    "most": last.max(),
                    "standard deviation": last.std(ddof=1),
                    "standard deviation (% of the mean)": 100 * last.std(ddof=1) / last.mean(),
                    "of each seed": each_seed(last),
                }
            )
    return frame(rows)


@table("How training went")
def training(study: StudyResults) -> pd.DataFrame:
    """Epochs, optimiser steps, and how training and validation losses end.

    The last loss is, of a seed that diverged, that of its last finite epoch. Where a micro-batch is given, the
    gradients of a batch are added up over pieces of that size, and batch norm sees the pieces. What training cost
    stands in the table "What it cost"; the parameters there are the trainable ones, and the 32 running statistics of
    the simple network's batch norm come on top.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        curves = {split: curve_table(study, variant, split) for split in ("train", "validation")}
        epochs = curves["train"].notna().sum(axis=1).to_numpy().mean()
        reported = is_reported(study, variant.recipe)
        scale = study.plan.implementation.score("paper_loss").scale if reported else 1
        return {
            **batch(variant),
            "micro-batch": variant.values.get("micro_batch", np.nan),
            "epochs": epochs,
            "steps": steps(study, variant, epochs),
            "loss": "10^9 pm^2 a protein" if reported else "A^2 a pair",
            **{f"{split}, last": _last(curve).mean() * scale for split, curve in curves.items()},
        }

    return tabulate(study, trained(study), columns)

"""Tables of how training went: the source's own table beside ours, epochs, seeds, cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.statistics import mean_over_seeds
from replisome.studies.proteinnet.columns import claimed, claimed_loss, steps, who
from replisome.studies.proteinnet.tested import (
    BILLION,
    IMPROVED,
    ORDER,
    SIMPLE,
    curve,
    find,
    is_long,
    level_of,
    name_of,
    reported,
    trained,
)
from replisome.variants import Variant, estimate, values_of

EPOCHS = (10, 25)  # those of which the source gives losses
LAST = 5  # epochs that it averages


def _members(study: StudyResults, recipe: str) -> dict[str, Variant]:
    """Return by name the trained networks of a recipe, the long run left out."""
    return {name_of(study, v): v for v in trained(study) if v.recipe == recipe and not is_long(v)}


def _mean_curve(study: StudyResults, variant: Variant, split: str) -> np.ndarray:
    """Return the source's loss after each epoch that all seeds have (epochs,), their mean, in 10^9 pm^2."""
    return curve(study, variant, split, "source_loss").dropna(axis=1).mean(axis=0).to_numpy() * BILLION


def _last(per_seed: pd.DataFrame, count: int = 1) -> np.ndarray:
    """Return each seed's mean over the last epochs that it has (seeds,)."""
    found = [row[~np.isnan(row)][-count:] for row in per_seed.to_numpy()]
    return np.array([row.mean() if len(row) else np.nan for row in found])


def _less(ours: float, simple: float) -> float:
    """Return by how many percent a loss is below the simple network's."""
    return 100 * (1 - ours / simple)


def source(study: StudyResults) -> pd.DataFrame:
    """Return the losses that the source gives, at its epochs where they were reached, and ours, trained as it did."""
    rows = []
    for recipe in study.plan.recipes:
        members = _members(study, recipe) if reported(study, recipe) else {}
        simple = members.get(SIMPLE)
        zeros = find(study, recipe, "zeros")
        for name, variant in members.items():
            for epochs in EPOCHS:
                for split in ("validation", "test"):
                    per_seed = curve(study, variant, split, "source_loss")
                    if epochs not in per_seed.columns:
                        continue
                    ours = mean_over_seeds(per_seed[epochs].to_numpy() * BILLION)
                    base = _mean_curve(study, simple, split) if simple and name != SIMPLE else np.empty(0)
                    nothing = level_of(study, zeros, split, "source_loss") * BILLION if zeros else np.nan
                    theirs, their_simple = (claimed_loss(study, recipe, split, n, epochs) for n in (name, SIMPLE))
                    theirs_below = _less(theirs, their_simple) if theirs and their_simple else np.nan
                    rows.append(
                        {
                            **who(study, variant),
                            "epoch": epochs,
                            "step": steps(study, variant, epochs),
                            "split": split,
                            **estimate("loss (10^9 pm^2)", ours),
                            "of each seed": _listed(per_seed[epochs].to_numpy() * BILLION),
                            "report C": theirs,
                            "loss over zeros'": ours.value / nothing,
                            "below simple (%)": _less(ours.value, base[epochs - 1]) if len(base) >= epochs else np.nan,
                            "report C, below simple (%)": theirs_below if name != SIMPLE else np.nan,
                        }
                    )
    return pd.DataFrame(rows, columns=None if rows else ["recipe", "model"])


def _listed(values: np.ndarray) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def epochs(study: StudyResults) -> pd.DataFrame:
    """Return best epochs, the last five epochs and how often curves of the validation loss cross."""
    rows = []
    for recipe in study.plan.recipes:
        members = _members(study, recipe)
        curves = {name: _mean_curve(study, variant, "validation") for name, variant in members.items()}
        for variant in (v for v in trained(study) if v.recipe == recipe):
            name = name_of(study, variant)
            per_seed = curve(study, variant, "validation", "source_loss") * BILLION
            best = per_seed.dropna(how="all").idxmin(axis=1).to_numpy(dtype=float)
            own = _mean_curve(study, variant, "validation")
            last = _last(per_seed, LAST)
            fifth = max(1, len(own) // 5)
            row: dict[str, Any] = {
                **who(study, variant),
                **estimate("best epoch", mean_over_seeds(best)),
                "best epoch of each seed": " ".join(f"{epoch:.0f}" for epoch in best),
                "report C, best epoch": claimed(study, recipe, "best_epoch@validation", name),
                **estimate(f"mean of the last {LAST} epochs (10^9 pm^2)", mean_over_seeds(last)),
                "of each seed": _listed(last),
                "below simple (%)": np.nan,
                "report C, below simple (%)": claimed(study, recipe, "improvement_last5@validation", name),
                "fall since the first epoch (%)": _less(own.min(), own[0]) if len(own) else np.nan,
                "fall from the fifth before the last to the last (%)": _less(
                    own[-fifth:].mean(), own[-2 * fifth : -fifth].mean()
                )
                if len(own) > 1
                else np.nan,
                "epochs": len(own),
                "steps": steps(study, variant, len(own)),
            }
            simple = curves.get(SIMPLE)
            if name in curves and simple is not None and name != SIMPLE and len(simple) == len(own):
                row["below simple (%)"] = _less(last.mean(), simple[-LAST:].mean())
                row["epochs below simple"] = _below(own, simple)
                row["pairs of seeds below simple at every epoch"] = _always_below(study, variant, members[SIMPLE])
            if name in ORDER[:-1] and (following := curves.get(ORDER[ORDER.index(name) + 1])) is not None:
                row["epochs below the next in report C's order"] = _below(own, following)
            if name == IMPROVED and all(other in curves for other in ORDER):
                shortest = min(len(curves[other]) for other in ORDER)
                table = np.stack([curves[other][:shortest] for other in ORDER])
                row["epochs in report C's whole order"] = int((np.diff(table, axis=0) > 0).all(axis=0).sum())
            rows.append(row)
    return pd.DataFrame(rows)


def _below(one: np.ndarray, two: np.ndarray) -> int:
    """Return at how many epochs that both have one curve is below the other."""
    shared = min(len(one), len(two))
    return int((one[:shared] < two[:shared]).sum())


def _always_below(study: StudyResults, one: Variant, two: Variant) -> str:
    """Return of how many pairs of their seeds one variant's validation loss is below the other's at every epoch."""
    left, right = (curve(study, v, "validation", "source_loss").to_numpy() for v in (one, two))
    always = [bool((a < b).all()) for a in left for b in right]
    return f"{sum(always)} of {len(always)}"


def spread(study: StudyResults) -> pd.DataFrame:
    """Return how the last epoch's losses differ from seed to seed, where there are several."""
    rows = []
    for variant in trained(study):
        if len(variant.runs) < 2:
            continue
        for split in ("validation", "test"):
            per_seed = curve(study, variant, split, "source_loss")
            if per_seed.empty:
                continue
            last = _last(per_seed) * BILLION
            rows.append(
                {
                    **who(study, variant),
                    "split": split,
                    **estimate("loss (10^9 pm^2)", mean_over_seeds(last)),
                    "least": last.min(),
                    "most": last.max(),
                    "standard deviation": last.std(ddof=1),
                    "standard deviation (% of the mean)": 100 * last.std(ddof=1) / last.mean(),
                    "of each seed": _listed(last),
                }
            )
    return pd.DataFrame(rows, columns=None if rows else ["recipe", "model"])


def training(study: StudyResults) -> pd.DataFrame:
    """Return size, steps and cost of the trained networks, and how training and validation losses end."""
    rows = []
    for variant in trained(study):
        cost = {
            metric: values_of(study, variant, role="cost", metric=metric)
            for metric in ("parameters", "seconds_training", "seconds_evaluation", "peak_memory_bytes")
        }
        per_seed = {split: curve(study, variant, split) for split in ("train", "validation")}
        chains = study.cards[variant.recipe]["counts"]["train"]
        epochs = per_seed["train"].notna().sum(axis=1).to_numpy()
        rows.append(
            {
                **who(study, variant),
                "parameters": cost["parameters"][0],
                "micro-batch": variant.values.get("micro_batch", np.nan),
                "epochs": epochs.mean(),
                "steps": steps(study, variant, 1) * epochs.mean(),
                "loss": "10^9 pm^2 a protein" if reported(study, variant.recipe) else "A^2 a pair",
                **{
                    f"{split}, last": _last(frame).mean() * (BILLION if reported(study, variant.recipe) else 1)
                    for split, frame in per_seed.items()
                },
                **estimate("training (s)", mean_over_seeds(cost["seconds_training"])),
                "scoring (s)": cost["seconds_evaluation"].mean(),
                "chains/s": (epochs * chains).sum() / cost["seconds_training"].sum(),
                "peak memory (GiB)": cost["peak_memory_bytes"].max() / 2**30,
            }
        )
    return pd.DataFrame(rows)

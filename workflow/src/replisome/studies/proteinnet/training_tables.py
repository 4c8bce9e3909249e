"""Tables of how training went: the source's own table beside ours, epochs, seeds, cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.statistics import mean_over_seeds
from replisome.studies.proteinnet.columns import claimed, claimed_loss, who
from replisome.studies.proteinnet.tested import (
    BILLION,
    IMPROVED,
    ORDER,
    SIMPLE,
    curve,
    is_long,
    name_of,
    reported,
    trained,
)
from replisome.variants import Variant, estimate, values_of

EPOCHS = (10, 25)  # those of which the source gives losses
LAST = 5  # epochs that it averages


def _members(study: StudyResults, recipe: str) -> dict[str, Variant]:
    """Return by name the trained networks of a recipe, the long run left out."""
    return {name_of(v): v for v in trained(study) if v.recipe == recipe and not is_long(v)}


def _mean_curve(study: StudyResults, variant: Variant, split: str) -> np.ndarray:
    """Return the source's loss after each epoch (epochs,), mean over seeds, in 10^9 square picometres."""
    return curve(study, variant, split, "source_loss").mean(axis=0).to_numpy() * BILLION


def _less(ours: float, simple: float) -> float:
    """Return by how many percent a loss is below the simple network's."""
    return 100 * (1 - ours / simple)


def source(study: StudyResults) -> pd.DataFrame:
    """Return the losses that the source gives, at its epochs where they were reached, and ours, trained as it did."""
    rows = []
    for recipe in study.plan.recipes:
        members = _members(study, recipe) if reported(study, recipe) else {}
        for variant in members.values():
            name = name_of(variant)
            for epochs in EPOCHS:
                for split in ("validation", "test"):
                    per_seed = curve(study, variant, split, "source_loss")
                    if epochs not in per_seed.columns:
                        continue
                    ours = mean_over_seeds(per_seed[epochs].to_numpy() * BILLION)
                    simple = members.get(SIMPLE)
                    base = _mean_curve(study, simple, split) if simple else np.empty(0)
                    comparable = len(base) >= epochs and name != SIMPLE
                    theirs, their_simple = (claimed_loss(study, recipe, split, n, epochs) for n in (name, SIMPLE))
                    below = theirs is not None and their_simple is not None and name != SIMPLE
                    rows.append(
                        {
                            **who(study, variant),
                            "epoch": epochs,
                            "split": split,
                            **estimate("loss (10^9 pm^2)", ours),
                            "report C": theirs,
                            "below simple (%)": _less(ours.value, base[epochs - 1]) if comparable else np.nan,
                            "report C, below simple (%)": _less(theirs or 0, their_simple or 1) if below else np.nan,
                        }
                    )
    return pd.DataFrame(rows, columns=None if rows else ["recipe", "model"])


def epochs(study: StudyResults) -> pd.DataFrame:
    """Return best epochs, the last five epochs and how often curves of the validation loss cross."""
    rows = []
    for recipe in study.plan.recipes:
        members = _members(study, recipe)
        curves = {name: _mean_curve(study, variant, "validation") for name, variant in members.items()}
        for variant in (v for v in trained(study) if v.recipe == recipe):
            name = name_of(variant)
            per_seed = curve(study, variant, "validation", "source_loss")
            best = per_seed.idxmin(axis=1).to_numpy(dtype=float)
            own = per_seed.mean(axis=0).to_numpy() * BILLION
            last = own[-LAST:].mean()
            simple = curves.get(SIMPLE)
            row: dict[str, Any] = {
                **who(study, variant),
                **estimate("best epoch", mean_over_seeds(best)),
                "best epoch of each seed": " ".join(f"{epoch:.0f}" for epoch in best),
                "report C, best epoch": claimed(study, recipe, "best_epoch@validation", name),
                f"mean of the last {LAST} epochs (10^9 pm^2)": last,
                "below simple (%)": np.nan,
                "report C, below simple (%)": claimed(study, recipe, "improvement_last5@validation", name),
                "fall since the first epoch (%)": _less(own.min(), own[0]),
                "fall in the last fifth of the epochs (%)": _less(own[-1], own[-max(2, len(own) // 5)]),
                "epochs": len(own),
            }
            if name in curves and simple is not None and name != SIMPLE:
                row["below simple (%)"] = _less(last, simple[-LAST:].mean())
                row["epochs below simple"] = _below(own, simple)
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
            last = per_seed.iloc[:, -1].to_numpy() * BILLION
            rows.append(
                {
                    **who(study, variant),
                    "split": split,
                    **estimate("loss (10^9 pm^2)", mean_over_seeds(last)),
                    "least": last.min(),
                    "most": last.max(),
                    "standard deviation": last.std(ddof=1),
                    "standard deviation (% of the mean)": 100 * last.std(ddof=1) / last.mean(),
                    "of each seed": " ".join(f"{value:.4g}" for value in last),
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
        chains, batch = study.cards[variant.recipe]["counts"]["train"], variant.values.get("batch_size", 64)
        epochs = per_seed["train"].shape[1]
        rows.append(
            {
                **who(study, variant),
                "parameters": cost["parameters"][0],
                "batch": batch,
                "micro-batch": variant.values.get("micro_batch", np.nan),
                "epochs": epochs,
                "steps": epochs * -(-chains // batch),
                "loss": "10^9 pm^2 a protein" if reported(study, variant.recipe) else "A^2 a pair",
                **{
                    f"{split}, last": frame.iloc[:, -1].mean() * (BILLION if reported(study, variant.recipe) else 1)
                    for split, frame in per_seed.items()
                },
                **estimate("training (s)", mean_over_seeds(cost["seconds_training"])),
                "scoring (s)": cost["seconds_evaluation"].mean(),
                "chains/s": epochs * chains / cost["seconds_training"].mean(),
                "peak memory (GiB)": cost["peak_memory_bytes"].max() / 2**30,
            }
        )
    return pd.DataFrame(rows)

"""Tables of how training went, and of the short runs that vary one thing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.statistics import mean_over_seeds
from replisome.studies.genome.columns import claimed, who
from replisome.studies.genome.tested import COUNTS, SWEEP, first_losses, genome_of, items_seen, size, weights_role
from replisome.variants import about, estimate, rows_of, values_of, variants


def sweeps(study: StudyResults) -> pd.DataFrame:
    """Return the short runs that vary one thing, and how they did on validation."""
    rows = []
    for name in study.plan.experiments:
        if not name.startswith(SWEEP):
            continue
        for variant in variants(study, name):
            best = {
                metric: values_of(study, variant, split="validation", metric=metric, role=weights_role(variant))
                for metric in ("accuracy", "bits_per_base")
            }
            rows.append(
                {
                    "varies": name.removeprefix(SWEEP),
                    "genome": genome_of(study, variant.recipe),
                    **about(study, variant),
                    "model": variant.model,
                    "window": study.cards[variant.recipe]["cut"]["length"],
                    "size": size(variant),
                    "lr": variant.values.get("lr"),
                    **estimate("validation accuracy (%)", mean_over_seeds(best["accuracy"]), 100),
                    **estimate("validation bits/base", mean_over_seeds(best["bits_per_base"])),
                    "validation windows": study.cards[variant.recipe]["counts"]["validation"],
                }
            )
    return pd.DataFrame(rows, columns=None if rows else ["varies", "genome"])


def training(study: StudyResults) -> pd.DataFrame:
    """Return how training went: losses at the steps that the source names, where they were reached, and the cost."""
    rows = []
    for variant in variants(study):
        if variant.model in COUNTS:
            continue
        ends = rows_of(study, variant, split="train", metric="loss", role="curve")
        last = ends.sort_values("epoch").groupby("seed")["value"].last()
        steps, seconds = (
            float(ends["step"].max()),
            values_of(study, variant, split="run", metric="seconds_training", role="cost"),
        )
        tokens = items_seen(study, variant, steps) * study.cards[variant.recipe]["cut"]["length"]
        rows.append(
            {
                **who(study, variant),
                "size": size(variant),
                "batch": variant.values.get("batch_size", 64),
                "steps": steps,
                "tokens trained on": tokens,
                **estimate("loss at step 0 (nats)", mean_over_seeds(first_losses(study, variant))),
                "report D, step 0": claimed(study, variant, "loss@train", step=0),
                **estimate("training loss, last (nats)", mean_over_seeds(last.to_numpy())),
                **estimate("training (s)", mean_over_seeds(seconds)),
                **estimate("tokens/s", mean_over_seeds(tokens / np.maximum(seconds, 1e-9))),
            }
        )
    return pd.DataFrame(rows)


def losses(study: StudyResults) -> pd.DataFrame:
    """Return the loss of single training batches at the steps of which the source gives its own; no short runs."""
    rows = []
    long = [v for name in study.plan.experiments if not name.startswith(SWEEP) for v in variants(study, name)]
    for variant in long:
        claims = [
            claim
            for claim in study.plan.settings["claims"]
            if claim["quantity"] == "loss@train" and claim["where"]["model"] == variant.model
        ]
        if claimed(study, variant, "loss@train", step=0) is None:
            continue
        curve = rows_of(study, variant, split="train", metric="loss_at_start", role="curve").sort_values("step")
        before = curve.groupby("seed")["step"].shift(1, fill_value=0)  # the steps made when the batch was taken
        for claim in claims:
            step = claim["where"]["step"]
            ours = curve[before == step]["value"]
            rows.append(
                {
                    **who(study, variant),
                    "step": step,
                    "training loss (nats)": float(ours.mean()) if len(ours) else np.nan,
                    "report D (nats)": claim["value"],
                    "reached": "yes" if len(ours) else "no: fewer steps, or no round began at this one",
                }
            )
    return pd.DataFrame(rows, columns=None if rows else ["genome", "model"])

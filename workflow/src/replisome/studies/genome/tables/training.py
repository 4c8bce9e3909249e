"""How training went, and the short runs that vary one thing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.cost import batch_size, items_seen
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import (
    Variant,
    about,
    estimate,
    frame,
    rows_of,
    tabulate,
    validation_columns,
    variants,
)
from replisome.studies.genome.paper import claimed, claimed_losses, loss_at
from replisome.studies.genome.predictions import (
    SWEEP,
    encoding_of,
    experiments,
    first_losses,
    paper_speaks_of,
    size,
    training_window,
)


@table("Windows, learning rates, embeddings, steps")
def sweeps(study: StudyResults) -> pd.DataFrame:
    """Short runs that vary one thing and keep the rest, as report D tried, on validation.

    Training windows of another length hold the same bases at each step, and all models are scored on the same windows
    of 200, so that each base is predicted from as much context; the table of training windows says more. The report
    says that it chose a rate of 0.001 after trying 0.01 and 0.1, not that 0.001 beats them. Where the budget is marked
    as reduced there may be one seed, which has no interval. Validation
    intervals are 95 %, over seeds.
    """
    rows = [
        {
            "varies": name.removeprefix(SWEEP),
            **about(study, variant),
            "training window": training_window(study, variant.recipe),
            "size": size(variant),
            "lr": variant.values.get("lr"),
            **validation_columns(study, variant, "accuracy", "bits_per_base"),
            "validation windows": study.cards[variant.recipe]["counts"]["validation"],
        }
        for name in experiments(study, sweeps=True)
        for variant in variants(study, name)
    ]
    return frame(rows)


@table("How training went")
def training(study: StudyResults) -> pd.DataFrame:
    """How far each network was trained, and its loss on the first and the last training batches.

    Losses are in nats a token. Step 0 is the loss of the first batch before any update: about ln 4 = 1.386 for bases
    and ln 256 = 5.545 for 4-mers, which is what a fresh network can give. Two of the report's losses at step 0 lie
    below that (1.319 and 5.493): those runs did not start fresh, or a mean over steps is printed. Its values are shown
    as its own, beside runs of its size, rate, batch and steps alone. What report D calls an epoch is, by our reading,
    one of these steps. Intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        rows = rows_of(study, variant, split="train", metric="loss", role="curve")
        last = rows.sort_values("epoch").groupby("seed")["value"].last()
        card, steps = study.cards[variant.recipe], float(rows["step"].max())
        return {
            "size": size(variant),
            "batch": batch_size(variant),
            "lr": variant.values.get("lr"),
            "steps": steps,
            "tokens trained on": items_seen(card["counts"]["train"], batch_size(variant), steps)
            * card["cut"]["length"],
            **estimate("loss at step 0 (nats)", mean_over_seeds(first_losses(study, variant))),
            "ln tokens": float(np.log(4 ** encoding_of(study, variant.recipe)[0])),
            "report D, step 0": claimed(study, variant, loss_at(0)),
            **estimate("training loss, last (nats)", mean_over_seeds(last.to_numpy())),
        }

    return tabulate(study, (v for v in variants(study) if v.kind == "network"), columns)


@table("Training loss at the steps that report D names")
def losses(study: StudyResults) -> pd.DataFrame:
    """The loss of one training batch at each step for which report D gives its own; short runs are left out.

    That report D means steps is our inference: it calls them epochs. A step counts as reached where the splits were
    scored just before it. The report's value stands beside runs of its size, rate, batch and steps alone.
    """
    rows = []
    main = {v.key: v for name in experiments(study, sweeps=False) for v in variants(study, name)}
    for variant in main.values():
        if study.cards[variant.recipe]["control"] or not paper_speaks_of(study, variant.recipe):
            continue
        curve = rows_of(study, variant, split="train", metric="loss_at_start", role="curve").sort_values("step")
        before = curve.groupby("seed")["step"].shift(1, fill_value=0)  # the steps made when the batch was taken
        for step, value in claimed_losses(study, variant).items():
            ours = curve[before == step]["value"]
            rows.append(
                {
                    **about(study, variant),
                    "step": step,
                    "training loss (nats)": float(ours.mean()) if len(ours) else np.nan,
                    "report D (nats)": value,
                    "reached": "yes" if len(ours) else "no: fewer steps, or no round began at this one",
                }
            )
    return frame(rows)

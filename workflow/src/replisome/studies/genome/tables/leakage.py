"""What a random split measures: each model under the splits of one genome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, rows_of, tabulate
from replisome.data.splits import TRAIN_SAMPLE
from replisome.studies.genome.paper import ACCURACY, claimed
from replisome.studies.genome.predictions import encoding_of, families, progress_columns, test_columns


@table("The same model, the same steps, another split")
def leakage(study: StudyResults) -> pd.DataFrame:
    """One row a model and split: what training saw of the test windows, and what the test then says.

    Scores are those of the tested weights; training had gone over its sequence as often as the row says by then. Bases
    seen: the share of the bases predicted in test windows that are predicted in training windows too. 24-mers seen: the
    share of the test windows' runs of 24 bases that occur in the training sequence, on either strand. The oracle is a
    predictor that knows how a control was simulated but has not seen its sequence; a model with fewer bits per base
    than the oracle has memorised part of the sequence. Report D's value stands beside its own networks alone, of its
    size, with its steps, rate, batch and split, on genomes of about the size of its own, whose sequence is another.
    Test intervals are 95 %, over seeds and stretches of the genome.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        seen = seen_in_training(study, variant.recipe, "test")
        return {
            "split": study.plan.recipes[variant.recipe]["split"],
            **progress_columns(study, variant),
            **{f"test {what} seen in training (%)": share for what, share in seen.items()},
            **test_columns(study, variant),
            "training bits/base by then": training_bits(study, variant),
            "report D, accuracy (%)": claimed(study, variant, ACCURACY),
        }

    return tabulate(study, (variant for members in families(study, diverged=True) for variant in members), columns)


def seen_in_training(study: StudyResults, recipe: str, split: str) -> dict[str, float]:
    """Return the shares, in percent, of a split's bases and 24-mers that training has seen; NaN where unknown."""
    seen = study.cards[recipe]["overlap"][split]
    shares = {"bases": seen["covered"], "24-mers": seen["shared"]}
    return {what: 100 * (np.nan if share is None else share) for what, share in shares.items()}


def training_bits(study: StudyResults, variant: Variant) -> float:
    """Return the training loss, in bits a base, at the tested weights, or of the round that ended with them.

    Of a sample of training windows in evaluation mode where one was scored, else as it was while training went on. NaN
    for models that count: their loss on the very bases that they counted measures nothing.
    """
    if variant.kind != "network":
        return float("nan")
    sampled = rows_of(study, variant, split=TRAIN_SAMPLE, metric="loss", role="curve")
    rows = rows_of(study, variant, split="train", metric="loss", role="curve") if sampled.empty else sampled
    tested = rows_of(study, variant, split="validation", metric="loss", role=variant.weights)
    met = rows.merge(tested[["seed", "epoch"]], on=["seed", "epoch"])
    return float(met["value"].mean() / np.log(2) / encoding_of(study, variant.recipe)[1])

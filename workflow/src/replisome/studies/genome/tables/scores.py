"""How networks and counts did on the test split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.cost import cost_of
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import final_values
from replisome.analysis.variants import Variant, evaluated_variants, label, rows_of, tabulate, validation_columns
from replisome.studies.genome import predictions
from replisome.studies.genome.paper import ACCURACY, claimed

SETTLED = 32  # tokens after which a model has some context
ORDERS = 12  # of a mix whose settings say nothing: the model's default


@table("Every tested model")
def scores(study: StudyResults) -> pd.DataFrame:
    """Every network whose test split was read: its size, how far it was trained, and how it did.

    A token adds one base where k-mers overlap and k bases where they stand end to end. Accuracies therefore compare
    where equally many tokens can follow; bits per base compare everywhere. Report D stops after a number of steps, so
    its models are tested with their last weights; other models are tested with those that did best on validation. Where
    both were asked for, the scores of the round that did best on validation stand beside those of the last.
    Report D's networks have 1,024 hidden units and make, by our reading, some 170 passes over its sequence: its value
    stands beside runs of that size, with its steps, rate, batch and split, and beside no others. Test intervals are
    95 %, over seeds and stretches of the genome; validation intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        bits = predictions.averages(study, variant).by_position["bits"]
        at_best = {name: final_values(study, variant.at("best"), name) for name in ("bits_per_base", "accuracy")}
        beside = {name: values for name, values in at_best.items() if len(values) and variant.weights == "last"}
        return {
            "size": predictions.size(variant),
            "parameters": cost_of(study, variant).parameters,
            "window": bits.shape[1],
            "training window": predictions.training_window(study, variant.recipe),
            "tokens that can follow": 4 ** predictions.encoding_of(study, variant.recipe)[1],
            **predictions.progress_columns(study, variant),
            **validation_columns(study, variant, "bits_per_base", "accuracy"),
            **predictions.test_columns(study, variant),
            **{
                f"test {score.heading}, best round": beside[score.name].mean() * score.scale
                if score.name in beside
                else np.nan
                for score in map(study.plan.implementation.score, at_best)
            },
            f"test bits/base after {SETTLED} tokens": bits[SETTLED:].mean() if len(bits) > SETTLED else np.nan,
            "report D, accuracy (%)": claimed(study, variant, ACCURACY),
        }

    return tabulate(study, predictions.networks(study, diverged=True), columns)


@table("What counting reaches")
def baselines(study: StudyResults) -> pd.DataFrame:
    """What counting reaches on the test split, order by order and mixed.

    A model of order k counts what followed the last k bases, one added to each count. A mix weighs the logarithms of
    all orders' probabilities by how often a context was seen and how well its order did over the last bases. Counts and
    weights come from the training split and are frozen. With both strands, inverted repeats count as well. Windows are
    scored as they are for the networks, without sight of what comes before them. Test intervals are 95 %, over
    stretches of the genome: counting knows no seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        mixed = variant.kind == "mixture"
        return {
            "order": variant.values.get("k", variant.values.get("orders", ORDERS if mixed else None)),
            "counts": "both strands" if variant.values.get("both_strands", mixed) else "one strand",
            **predictions.test_columns(study, variant),
        }

    counted = (v for v in evaluated_variants(study, diverged=True) if v.kind != "network")
    return tabulate(study, counted, columns)


@table("Next k-mer or next base: the same choice of four")
def same_choice(study: StudyResults) -> pd.DataFrame:
    """How much models of k-mers give the tokens that can come next, beside a model of single bases.

    Where 4-mers overlap by three bases, four of the 256 can follow. The models give those four nearly all probability
    soon after the start: from then on their task is that of a model of single bases, and their accuracies compare one
    to one. Where 4-mers stand end to end, all 256 can follow. Test intervals are 95 %, over seeds and stretches of the
    genome.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        k, stride = predictions.encoding_of(study, variant.recipe)
        curve = rows_of(study, variant, split="validation", metric="loss", role="curve").sort_values("step")
        below = curve[curve["value"] < np.log(4) * stride]["step"]
        bases = predictions.model_of_bases(study, variant)
        return {
            "tokens": 4**k,
            "bases a token adds": stride,
            "tokens that can follow": 4**stride,
            "probability on those (%)": predictions.successors(study, variant),
            "nats a token at the first step": float(predictions.first_losses(study, variant).mean()),
            "ln tokens": float(np.log(4**k)),
            "ln of those that can follow": float(np.log(4) * stride),
            "first scored step below that": float(below.min()) if len(below) else np.nan,
            **predictions.test_columns(study, variant),
            "model of bases, same split": "" if bases is None else label(study, bases),
            "its accuracy (%)": np.nan if bases is None else 100 * predictions.score(study, bases, "right").value,
            "its bits/base": np.nan if bases is None else predictions.score(study, bases, "bits").value,
        }

    kmers = (v for v in predictions.networks(study, diverged=True) if predictions.encoding_of(study, v.recipe)[0] > 1)
    return tabulate(study, kmers, columns)

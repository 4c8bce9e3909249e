"""Both measures of every model, and report C's own table beside ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import columns_on_test, score_on_test
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import (
    Variant,
    about,
    curve_table,
    estimate,
    evaluated_variants,
    frame,
    tabulate,
)
from replisome.studies.proteinnet import predictions
from replisome.studies.proteinnet.metrics import Errors
from replisome.studies.proteinnet.paper import EPOCHS, NOTHING, SIMPLE, TABLE, report_loss
from replisome.studies.proteinnet.tables.training import batch, below, each_seed, mean_curve, short_runs, steps


@table("Every model under both measures")
def measures(study: StudyResults) -> pd.DataFrame:
    """Report C's loss of every tested model, and the error in angstrom that it stands for.

    The loss is in squared picometres, summed over all pairs of a chain and averaged over chains; the error is in
    angstrom a pair. Both speak of what a model was trained to match. Under the reported protocol these are the squared
    distances between a network's coordinates, in picometres; under the sound protocol they are the distances. Models
    that give distances, the table of mean distances among them, are scored on these distances. On the same chains the
    two measures are one number in two units.

    Two more columns show what these measures hide: the error of the distances that one would measure between a
    network's coordinates, and report C's loss of the squares of these distances. The loss is also divided by that of no
    distance at all ("zeros"), by that of the table of mean distances by separation, and by that of the simple network.
    Report C's values, after 25 epochs, are of its own chains: compare ratios, not values. They stand only beside
    networks with its settings, its batches of 512 and its 25 epochs. That they are of the last epoch, not of the best,
    is our reading: the column "weights" says which ours are, and the loss at the best epoch stands beside those of the
    last. Test intervals are 95 %, over seeds and test chains.
    """
    loss = study.plan.implementation.score("paper_loss")

    def columns(variant: Variant) -> dict[str, Any]:
        recipe, ours = variant.recipe, score_on_test(study, variant, loss)
        others = {name: predictions.find(study, recipe, name) for name in (NOTHING, TABLE, SIMPLE)}
        over = {
            name: ours.value / score_on_test(study, other, loss).value if other else np.nan
            for name, other in others.items()
        }
        theirs, simple = (report_loss(study, one, "test") if one else None for one in (variant, others[SIMPLE]))
        at_best = score_on_test(study, variant.at("best"), loss).value if variant.weights == "last" else np.nan
        distances, squares = (predictions.coordinate_errors(study, variant, squared=one) for one in (False, True))
        return {
            **batch(variant),
            **columns_on_test(study, variant, [loss.name]),
            "report C, this model, last epoch": theirs,
            f"{loss.heading}, best epoch": at_best * loss.scale,
            **columns_on_test(study, variant, ["rmse"]),
            "RMSE of its coordinates' distances (A)": np.mean([d.rmse for d in distances]) if distances else np.nan,
            "loss of their squares (10^9 pm^2)": _loss(squares) * loss.scale,
            "loss over zeros'": over[NOTHING],
            "loss over the table's": over[TABLE],
            "loss over simple's": over[SIMPLE],
            "report C, over simple's": theirs / simple if theirs and simple else np.nan,
            "test chains": ours.items,
        }

    return tabulate(study, evaluated_variants(study, diverged=True), columns)


def _loss(found: list[Errors]) -> float:
    """Return report C's loss of errors, mean over chains and seeds, in square picometres; NaN of none."""
    return float(np.mean([one.paper_loss.mean() for one in found])) if found else float("nan")


@table("Report C's table, and ours")
def reported_losses(study: StudyResults) -> pd.DataFrame:
    """Report C's losses after 10 and 25 epochs, and ours, trained as it did.

    Both are also given as a percentage below the simple network's loss. Report C's values stand only beside networks
    with its settings and its batches of 512; elsewhere the cells are empty. Batch and step are given because an epoch
    is another number of steps on other data. Intervals are 95 %, over seeds: scores of curves have no test items. The
    value of each seed stands beside them: where these lie far apart, as when some seeds do little better than no
    distance at all, their mean says little. Test curves were recorded, and never used. Epochs that were not reached
    have no rows.
    """
    rows, scale = [], study.plan.implementation.score("paper_loss").scale
    for recipe in study.plan.recipes:
        members = short_runs(study, recipe) if predictions.is_reported(study, recipe) else {}
        simple, zeros = members.get(SIMPLE), predictions.find(study, recipe, NOTHING)
        for name, variant in members.items():
            curves = {split: curve_table(study, variant, split, "paper_loss") for split in ("validation", "test")}
            for epochs, split in ((e, s) for e in EPOCHS for s, curve in curves.items() if e in curve):
                losses = curves[split][epochs].to_numpy() * scale
                ours = mean_over_seeds(losses)
                base = mean_curve(study, simple, split) if simple and name != SIMPLE else np.empty(0)
                nothing = predictions.level_of(study, zeros, split, "paper_loss") * scale if zeros else np.nan
                theirs, their_base = (
                    report_loss(study, one, split, epochs) if one else None for one in (variant, simple)
                )
                theirs_below = below(theirs, their_base) if theirs and their_base and name != SIMPLE else np.nan
                rows.append(
                    {
                        **about(study, variant),
                        **batch(variant),
                        "epoch": epochs,
                        "step": steps(study, variant, epochs),
                        "split": split,
                        **estimate("loss (10^9 pm^2)", ours),
                        "of each seed": each_seed(losses),
                        "report C": theirs,
                        "loss over zeros'": ours.value / nothing,
                        "below simple (%)": below(ours.value, base[epochs - 1]) if len(base) >= epochs else np.nan,
                        "report C, below simple (%)": theirs_below,
                    }
                )
    return frame(rows)

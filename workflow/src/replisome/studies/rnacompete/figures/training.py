"""Figures of training and of the grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replisome.analysis import panels
from replisome.analysis.declare import figure
from replisome.analysis.plots import LeftOut, grid
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import selected_score, validation
from replisome.studies.rnacompete.paper import grid_variants, networks
from replisome.studies.rnacompete.predictions import attention_by_heads, varying

LOSS = "mean squared error of z-scored targets"
ACROSS = ("depth", "width")  # of a panel of the grid; what else varies goes down


@figure("Loss against epoch")
def loss_curves(study: StudyResults) -> Figure | LeftOut:
    """Loss against epoch, mean over seeds, for the networks of report A.

    These are the best BiLSTM and the best CNN of each recipe and, where it was run, the CNN before the BiLSTM.
    """
    members = {recipe: networks(study, recipe) for recipe in study.plan.recipes}
    return panels.loss_curves(study, members, LOSS, nothing="No recipe has both models.")


@figure("The grid at a glance")
def grid_view(study: StudyResults) -> Figure | LeftOut:
    """The grid of the two architectures, by the score that validation selects by.

    Each cell is the mean over seeds of the validation score at the best epoch; of what a search kept but made no
    finalist, of its first seed. "None" is where a seed diverged or a search dropped the candidate.
    """
    members = grid_variants(study)
    if not members:
        return LeftOut("This configuration has no grid.")
    score = selected_score(study, members[0])
    values = {variant.key: validation(study, variant, score.name).value * score.scale for variant in members}
    reached = [value for value in values.values() if np.isfinite(value)]
    if not reached:
        return LeftOut("Every model of the grid diverged.")
    low, high = min(reached), max(reached)
    keys = list(dict.fromkeys((variant.recipe, variant.model) for variant in members))
    drawn, axes = grid(len(keys), sharey=False)
    for panel, (recipe, model) in zip(axes, keys, strict=True):
        here = [variant for variant in members if (variant.recipe, variant.model) == (recipe, model)]
        across = [key for key in ACROSS if any(key in variant.values for variant in here)]
        down = [key for key in varying(here) if key not in across] or [k for k in ("lr",) if k in here[0].values]
        cells = pd.DataFrame(
            {
                "down": "\n".join(f"{key} {variant.values[key]}" for key in down if key in variant.values),
                "across": tuple(variant.values.get(key) for key in across),
                "value": values[variant.key],
            }
            for variant in here
        ).pivot(index="down", columns="across", values="value")
        panel.imshow(cells, cmap="viridis", vmin=low, vmax=high, aspect="auto")
        for (row, column), value in np.ndenumerate(cells.to_numpy()):
            colour = "white" if value < (low + high) / 2 else "black"
            text = format(value, score.format) if np.isfinite(value) else "none"
            panel.text(column, row, text, ha="center", va="center", color=colour)
        panel.set_xticks(range(cells.shape[1]), [" x ".join(map(str, size)) for size in cells.columns])
        panel.set_yticks(range(cells.shape[0]), cells.index)
        panel.set_xlabel(" x ".join(across))
        panel.grid(False)
        panel.set_title(f"{model}: validation {score.heading}\n{panels.heading(study, recipe)}", fontsize=10)
    return drawn


@figure("With attention and without")
def attention_curves(study: StudyResults) -> Figure | LeftOut:
    """The same BiLSTM without attention pooling and with it, by number of heads."""
    members = attention_by_heads(study)
    return panels.loss_curves(study, members, LOSS, nothing="This configuration has no model with attention.")

"""Figures of training and of the grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from replisome.analysis import curves, plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import Heading, by_panel, heading
from replisome.analysis.plots import Drawn, LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, selected_score, validation
from replisome.config.study import Score
from replisome.studies.rnacompete.paper import grid_variants, networks
from replisome.studies.rnacompete.predictions import attention_by_heads, varying

LOSS = "mean squared error of z-scored targets"
ACROSS = ("depth", "width")  # of a panel of the grid; what else varies goes down
ROW = 0.45  # inches of a row of cells


@figure("Loss against epoch", pages=2)
def loss_curves(study: StudyResults) -> Drawn:
    """Loss against epoch, mean over seeds, for the networks of report A.

    These are the best BiLSTM and the best CNN of each recipe and, where it was run, the CNN before the BiLSTM. Bands
    are the range of validation over seeds.
    """
    members = {recipe: networks(study, recipe) for recipe in study.plan.recipes}
    return curves.loss_curves(study, members, LOSS, nothing="No recipe has both models.")


@figure("The grid at a glance", pages=2)
def grid_view(study: StudyResults) -> Drawn:
    """The grid of the two architectures, by the score that validation selects by.

    Each cell is the mean over seeds of the validation score at the best epoch, with half its 95 % interval over seeds
    where there are several; of what a search kept but made no finalist, of its first seed. "None" is where a seed
    diverged or a search dropped the candidate.
    """
    members = grid_variants(study)
    if not members:
        return LeftOut("This configuration has no grid.")
    grids: dict[tuple[str, str], list[Variant]] = {}
    for variant in members:
        grids.setdefault((variant.recipe, variant.model), []).append(variant)
    if all(len(own) == 1 for own in grids.values()):
        return LeftOut("Each model of the grid has one setting only: there is nothing to compare.")
    score = selected_score(study, members[0])
    values = {variant.key: validation(study, variant, score.name).value * score.scale for variant in members}
    reached = [value for value in values.values() if np.isfinite(value)]
    if not reached:
        return LeftOut("Every model of the grid diverged.")
    low, high = min(reached), max(reached)

    def draw(panel: Axes, key: tuple[str, str]) -> None:
        cells = _cells(grids[key])
        shades = cells.map(lambda variant: values[variant.key], na_action="ignore").to_numpy(float)
        plots.heat_map(panel, shades, vmin=low, vmax=high, aspect="auto")
        for (row, column), variant in np.ndenumerate(cells.to_numpy()):
            known = isinstance(variant, Variant) and np.isfinite(values[variant.key])
            colour = "white" if known and values[variant.key] < (low + high) / 2 else plots.INK
            text = _written(study, variant, score) if known else "none"
            panel.text(column, row, text, ha="center", va="center", color=colour)
        panel.set_xticks(range(cells.shape[1]), [" x ".join(map(str, size)) for size in cells.columns])
        panel.set_yticks(range(cells.shape[0]), cells.index)

    about = {recipe: heading(study, recipe).about for recipe, _ in grids}
    headings = {(r, m): Heading(f"{m}: validation {score.heading}", (f"recipe {r}", *about[r])) for r, m in grids}
    tall = ROW * max(len(_cells(own)) for own in grids.values()) + 0.4
    sizes = " x ".join(_across(members))
    return by_panel(headings, draw, sizes, "", sharex=False, sharey=False, columns=2, height=tall)


def _cells(members: Sequence[Variant]) -> pd.DataFrame:
    """Return the variants of a grid as a table: sizes across, what else varies down."""
    sizes = _across(members)
    down = [key for key in varying(list(members)) if key not in sizes] or [k for k in ("lr",) if k in members[0].values]
    rows = (
        {
            "down": "\n".join(f"{key} {variant.values[key]}" for key in down if key in variant.values),
            "across": tuple(variant.values.get(key) for key in sizes),
            "variant": variant,
        }
        for variant in members
    )
    return pd.DataFrame(rows).pivot(index="down", columns="across", values="variant")


def _across(members: Sequence[Variant]) -> list[str]:
    return [key for key in ACROSS if any(key in variant.values for variant in members)]


def _written(study: StudyResults, variant: Variant, score: Score) -> str:
    found = validation(study, variant, score.name)
    half = score.scale * (found.high - found.low) / 2
    value = format(found.value * score.scale, score.format)
    return f"{value}\n± {format(half, score.format)}" if np.isfinite(half) else value


@figure("With attention and without", pages=2)
def attention_curves(study: StudyResults) -> Drawn:
    """The same BiLSTM without attention pooling and with it, by number of heads.

    Lines are means over seeds, and bands the range of validation over seeds.
    """
    members = attention_by_heads(study)
    return curves.loss_curves(study, members, LOSS, nothing="This configuration has no model with attention.")

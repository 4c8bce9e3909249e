"""Curves of training: losses and scores against epoch or step, their range over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from replisome.analysis import plots
from replisome.analysis.endings import diverged_seeds
from replisome.analysis.panels import by_recipe, style_number
from replisome.analysis.plots import LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, curve_table, label, rows_of, styles
from replisome.data.splits import TRAIN_SAMPLE

MARKED = 12  # points of a curve that have a marker, at most


def loss_curves(
    study: StudyResults,
    members: Mapping[str, Sequence[Variant]],
    y: str,
    *,
    sharey: bool = True,
    nothing: str = "This configuration has no such run.",
) -> list[Figure] | LeftOut:
    """Return pages with a panel a recipe, the loss of its variants in each.

    Args:
        study: the study's results.
        members: by recipe, the variants to draw; recipes without any have no panel.
        y: what the loss is, with its unit.
        sharey: whether all panels have one y axis.
        nothing: why the figure is left out where there is nothing to draw.
    """
    shown = {recipe: found for recipe, found in members.items() if found}
    every = [variant for found in shown.values() for variant in found]
    numbers = styles(study, every)

    def draw(panel: Axes, recipe: str) -> None:
        for variant in shown[recipe]:
            loss_lines(panel, study, variant, numbers[label(study, variant)], seeds=True)

    signs = loss_signs(study, every)
    return by_recipe(study, list(shown), draw, step_or_epoch(every), y, sharey=sharey, more=signs, nothing=nothing)


def step_or_epoch(members: Iterable[Variant]) -> str:
    """Return what losses are drawn against: optimiser steps where a budget counts them, epochs elsewhere."""
    return "optimiser step" if any("steps" in variant.budget for variant in members) else "epoch"


def loss_signs(study: StudyResults, members: Iterable[Variant]) -> list[Line2D]:
    """Return entries of a legend that say which line of :func:`loss_lines` is which split."""
    found = [plots.sign("validation (band: all seeds)")]
    if any(has_sample(study, variant) for variant in members):
        return [
            *found,
            plots.sign("training, scored alike", ls="--"),
            plots.sign("training while it went on", ls=plots.DOTS, lw=plots.THIN),
        ]
    return [*found, plots.sign("training while it went on", ls="--")]


def loss_lines(
    panel: Axes,
    study: StudyResults,
    variant: Variant,
    number: int,
    *,
    scale: float = 1.0,
    name: str | None = None,
    seeds: bool = False,
) -> None:
    """Draw loss against epoch, or against step where the budget counts steps: validation solid, training dashed.

    Where a sample of training was scored in evaluation mode after each round, that is the dashed line, which compares
    with validation; the running loss, taken while weights changed and dropout was at work, is dotted. Lines are means
    over seeds; validation has the range over seeds as a band.

    Args:
        panel: to draw on.
        study: the study's results.
        variant: whose losses.
        number: gives colour and marker.
        scale: what losses are multiplied by.
        name: in the legend; the variant's own where none is given.
        seeds: whether the legend says how many seeds a line is the mean of.
    """
    column = "step" if "steps" in variant.budget else "epoch"
    sampled = has_sample(study, variant)
    name = name or label(study, variant)
    colour = plots.look(number)["color"]
    lines: dict[str, Any] = {"train": plots.DOTS if sampled else "--", TRAIN_SAMPLE: "--", "validation": "-"}
    for split, line in lines.items():
        rows = rows_of(study, variant, split=split, metric="loss", role="curve")
        curve = scale * rows.groupby(column)["value"].agg(["mean", "min", "max"])
        marks: dict[str, Any] = {}
        if split == "validation":
            text = f"{name} ({seeds_shown(study, variant)})" if seeds else name
            marks = {"marker": plots.look(number)["marker"], "ms": plots.SMALL_MARK, "label": text}
            if len(variant.runs) > 1:
                panel.fill_between(curve.index, curve["min"], curve["max"], color=colour, alpha=plots.BAND, lw=0)
        every = max(1, len(curve) // MARKED)
        wide = plots.THIN if line == plots.DOTS else plots.LINE
        panel.plot(curve.index, curve["mean"], ls=line, color=colour, lw=wide, markevery=every, **marks)
    panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def has_sample(study: StudyResults, variant: Variant) -> bool:
    """Say whether a sample of the training split was scored after each round of a variant."""
    return not rows_of(study, variant, split=TRAIN_SAMPLE, metric="loss").empty


def seeds_shown(study: StudyResults, variant: Variant) -> str:
    """Return how many seeds a line is the mean of, and how many of them diverged: from there on it is of the others."""
    lost = diverged_seeds(study, variant.key)
    return f"n={len(variant.runs)}{f', {lost} diverged' if lost else ''}"


def score_curves(
    panel: Axes,
    study: StudyResults,
    members: Iterable[Variant],
    split: str,
    metric: str,
    scale: float | None = None,
) -> None:
    """Draw a score against epoch for each variant: the mean of its seeds, and their range as a band.

    Beside the running loss of training, what a sample of training scores in evaluation mode is a thin dotted line.

    Args:
        panel: where to draw.
        study: the study's results.
        members: the variants.
        split: "train", "validation" or "test".
        metric: the score's name.
        scale: what values are multiplied by; the score's own scale where none is given.
    """
    members = list(members)
    if scale is None:
        scale = next((score.scale for score in study.plan.implementation.scores if score.name == metric), 1.0)
    for variant in members:
        curves = [scale * _as_far_as_it_goes(row) for row in curve_table(study, variant, split, metric).to_numpy()]
        style = style_number(study, variant)
        if curves:
            text = f"{label(study, variant)} ({seeds_shown(study, variant)})"
            curve_with_spread(panel, curves, text, style)
        sample = curve_table(study, variant, TRAIN_SAMPLE, metric) if split == "train" else pd.DataFrame()
        if not sample.empty:
            dotted = {"ls": plots.DOTS, "color": plots.look(style)["color"], "lw": plots.THIN}
            panel.plot(sample.columns.astype(int), scale * sample.mean(), **dotted)
    panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def curve_with_spread(axes: Axes, curves: list[np.ndarray], text: str, style: int) -> None:
    """Draw the mean of several curves over epochs 1, 2, ... and, where there are several, their range as a band.

    Curves that stopped early count as far as they go.

    Args:
        axes: to draw on.
        curves: one (epochs,) a seed.
        text: for the legend.
        style: a number that gives colour, line and marker.
    """
    table = pd.DataFrame(padded(curves))  # its mean, least and most leave NaN out, also where there is nothing else
    epochs = np.arange(1, table.shape[1] + 1)
    every = max(1, len(epochs) // MARKED)
    axes.plot(epochs, table.mean(), label=text, ms=plots.SMALL_MARK, markevery=every, **plots.look(style))
    if len(curves) > 1:
        band = {"color": plots.look(style)["color"], "alpha": plots.BAND, "lw": 0}
        axes.fill_between(epochs, table.min(), table.max(), **band)


def padded(curves: list[np.ndarray]) -> np.ndarray:
    """Return curves (epochs,) as one array (curves, longest), NaN where one stopped earlier."""
    table = np.full((len(curves), max(len(curve) for curve in curves)), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    return table


def _as_far_as_it_goes(curve: np.ndarray) -> np.ndarray:
    """Return a curve up to its last number: an epoch without a score leaves a gap, and those after it stay in place."""
    scored = np.flatnonzero(~np.isnan(curve))
    return curve[: scored[-1] + 1] if len(scored) else curve[:0]

"""What the figures of all studies are put together from: a panel a recipe, loss curves, levels, error bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from replisome.analysis.endings import diverged_seeds
from replisome.analysis.plots import COLOURS, COLUMNS, LeftOut, curve_with_spread, grid
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate
from replisome.analysis.variants import Variant, curve_table, data_kind, data_name, label, rows_of, styles, variants
from replisome.data.splits import TRAIN_SAMPLE

DOTS = (0, (1, 1))  # the line style of levels: ceilings, floors, baselines


def heading(study: StudyResults, recipe: str) -> str:
    """Return the title of a recipe's panel: its name, what its data are, and in a second line what they are called."""
    card = study.card(recipe)
    experiments = [name for name, block in study.plan.experiments.items() if recipe in block["recipes"]]
    reduced = ", reduced budget" if any(study.plan.reduced(name) for name in experiments) else ""
    if card["control"]:
        first = f"{recipe} (simulated {study.plan.implementation.simulated}{reduced})"
    else:
        first = f"recipe {recipe} ({card['protocol']} protocol, {data_kind(card)} data{reduced})"
    second = data_name(study, recipe)
    return f"{first}\n{second}" if second else first


def by_recipe(
    study: StudyResults,
    recipes: Sequence[str],
    draw: Callable[[Axes, str], str | None],
    x: str,
    y: str | Callable[[str], str],
    *,
    sharey: bool = True,
    height: float = 4.2,
    nothing: str = "Nothing of this kind was tested.",
) -> Figure | LeftOut:
    """Return a figure with a panel a recipe, so that protocols are never mixed in one.

    Args:
        study: the study's results.
        recipes: the recipes that have a panel.
        draw: fills a recipe's panel; what it returns is a further line of the panel's title.
        x: label of the x axes.
        y: label of the y axes, written at the left of each row; or what gives each recipe's panel its own.
        sharey: whether all panels have one y axis.
        height: of a panel, in inches.
        nothing: why the figure is left out where there is no recipe.
    """
    if not recipes:
        return LeftOut(nothing)
    figure, axes = grid(len(recipes), height, sharey)
    for number, (panel, recipe) in enumerate(zip(axes, recipes, strict=True)):
        more = draw(panel, recipe)
        panel.set_title(heading(study, recipe) + (f"\n{more}" if more else ""))
        panel.set_xlabel(x)
        if callable(y):
            panel.set_ylabel(y(recipe))
        elif number % COLUMNS == 0:
            panel.set_ylabel(y)
        if panel.get_legend_handles_labels()[0]:
            panel.legend(fontsize=9)
    return figure


def loss_curves(
    study: StudyResults,
    members: Mapping[str, Sequence[Variant]],
    y: str,
    *,
    also: Callable[[Axes, str], None] | None = None,
    sharey: bool = True,
    nothing: str = "This configuration has no such run.",
) -> Figure | LeftOut:
    """Return loss against epoch, or against step where the budget counts steps: validation solid, training dashed.

    Where a sample of training was scored in evaluation mode after each round, that is the dashed line, which compares
    with validation; the running loss, taken while weights changed and dropout was at work, is dotted.

    Args:
        study: the study's results.
        members: by recipe, the variants to draw; recipes without any have no panel.
        y: what the loss is, with its unit.
        also: adds to a recipe's panel, levels for example.
        sharey: whether all panels have one y axis.
        nothing: why the figure is left out where there is nothing to draw.
    """
    shown = {recipe: found for recipe, found in members.items() if found}
    numbers = styles(study, (variant for found in shown.values() for variant in found))
    stepwise = any("steps" in variant.budget for found in shown.values() for variant in found)
    column, what = ("step", "optimiser step") if stepwise else ("epoch", "epoch")
    sampled = any(has_sample(study, variant) for found in shown.values() for variant in found)
    lines = "dashed: training, scored alike\ndotted: training while it went on" if sampled else "dashed: training"

    def draw(panel: Axes, recipe: str) -> None:
        for variant in shown[recipe]:
            name = label(study, variant)
            colour = COLOURS[numbers[name] % len(COLOURS)]
            looks = {"train": DOTS if sampled else "--", TRAIN_SAMPLE: "--", "validation": "-"}
            for split, line in looks.items():
                rows = rows_of(study, variant, split=split, metric="loss", role="curve")
                curve = rows.groupby(column)["value"].mean()
                text = f"{name} ({seeds_shown(study, variant)})" if split == "validation" else None
                panel.plot(curve.index, curve, ls=line, color=colour, label=text, lw=1.6, marker="o", ms=3)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        if also:
            also(panel, recipe)

    return by_recipe(study, list(shown), draw, f"{what}\nsolid: validation, {lines}", y, sharey=sharey, nothing=nothing)


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
            panel.plot(
                sample.columns.astype(int), scale * sample.mean(), ls=DOTS, color=COLOURS[style % len(COLOURS)], lw=1.2
            )
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))


def _as_far_as_it_goes(curve: np.ndarray) -> np.ndarray:
    """Return a curve up to its last number: an epoch without a score leaves a gap, and those after it stay in place."""
    scored = np.flatnonzero(~np.isnan(curve))
    return curve[: scored[-1] + 1] if len(scored) else curve[:0]


def style_number(study: StudyResults, variant: Variant) -> int:
    """Return the number of a variant's label among all of the study, so that it looks the same in every figure."""
    numbers: dict[str, int] = study.once("style numbers", lambda: styles(study, variants(study)))
    return numbers[label(study, variant)]


def level(panel: Axes, height: float, text: str | None = None, **style: object) -> None:
    """Draw a dotted horizontal level; its text stands above it, inside the panel's right edge.

    Args:
        panel: to draw on.
        height: in the panel's unit.
        text: stands above the level, if given.
        style: of the line, where it is not to be the usual one.
    """
    panel.axhline(height, **{"color": "0.35", "lw": 1.2, "ls": DOTS, **style})  # type: ignore[arg-type]
    if text:
        place = panel.get_yaxis_transform()
        panel.text(0.99, height, text, fontsize=8, ha="right", va="bottom", transform=place)


def bars(found: Sequence[Estimate], scale: float = 1.0) -> np.ndarray:
    """Return the lengths of error bars (2, n) of estimates: below and above, 0 where there is no interval."""
    ends = scale * np.array([[one.value - one.low, one.high - one.value] for one in found]).T
    return np.nan_to_num(ends).clip(min=0)

"""The house style of figures: colour-blind-safe, readable at the size shown, saved whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from replisome.io import atomic

matplotlib.use("Agg")
# Okabe & Ito 2008, as in Wong 2011 (Nature Methods 8:441): told apart by people with any colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")
WIDTH = 6.4  # inches of one panel; at 150 dots an inch this is 960 pixels, twice the width it is shown at
COLUMNS = 3  # panels in a row of a grid

matplotlib.rcParams.update(
    {
        "figure.dpi": 150,
        "savefig.dpi": 150,
        "font.size": 11,
        "axes.titlesize": 12,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "legend.frameon": False,
        "svg.hashsalt": "replisome",
        "text.parse_math": False,  # names of classes, contigs and proteins may have dollar signs: no text is a formula
    }
)


def panels(count: int, height: float = 4.2, width: float = WIDTH) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` panels side by side and their axes, y axes shared."""
    figure = Figure(figsize=(width * count, height), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False, sharey=True)
    return figure, list(axes[0])


def grid(count: int, height: float = 4.2, sharey: bool = True) -> tuple[Figure, list[Axes]]:
    """Return a figure with ``count`` panels, at most three in a row."""
    columns = min(COLUMNS, max(1, count))
    rows = -(-max(1, count) // columns)
    figure = Figure(figsize=(WIDTH * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=sharey).reshape(-1)
    for spare in axes[count:]:
        spare.set_axis_off()
    return figure, list(axes[:count])


def log_scale(axes: Axes, which: Literal["x", "y"]) -> None:
    """Make an axis logarithmic, its ticks written as plain numbers."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


@dataclass(frozen=True)
class LeftOut:
    """In place of a figure for which a configuration has nothing: why the page has none, in one plain sentence."""

    why: str

    def drawn(self) -> Figure:
        """Return a small figure that says so, for the files that the workflow asks for."""
        figure = Figure(figsize=(WIDTH, 1.0), layout="constrained")
        figure.text(0.5, 0.5, self.why, ha="center", va="center", wrap=True)
        return figure


def padded(curves: list[np.ndarray]) -> np.ndarray:
    """Return curves (epochs,) as one array (curves, longest), NaN where one stopped earlier."""
    table = np.full((len(curves), max(len(curve) for curve in curves)), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    return table


def curve_with_spread(axes: Axes, curves: list[np.ndarray], label: str, style: int) -> None:
    """Draw the mean of several curves over epochs 1, 2, ... and, where there are several, their range as a band.

    Curves that stopped early count as far as they go.

    Args:
        axes: to draw on.
        curves: one (epochs,) a seed.
        label: for the legend.
        style: a number that gives colour, line and marker.
    """
    table = pd.DataFrame(padded(curves))  # its mean, least and most leave NaN out, also where there is nothing else
    longest = table.shape[1]
    epochs = np.arange(1, longest + 1)
    colour = COLOURS[style % len(COLOURS)]
    line = LINES[style % len(LINES)]
    marker = MARKERS[style % len(MARKERS)]
    axes.plot(
        epochs,
        table.mean(),
        line,
        color=colour,
        label=label,
        linewidth=1.8,
        marker=marker,
        markersize=4.5,
        markevery=max(1, longest // 12),
    )
    if len(curves) > 1:
        axes.fill_between(epochs, table.min(), table.max(), color=colour, alpha=0.18, lw=0)


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write ``name``.png and ``name``.svg; the same figure gives the same bytes."""
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        with atomic(folder / f"{name}.{kind}") as handle:
            figure.savefig(handle, format=kind, metadata=metadata, bbox_inches="tight")

"""Where models do well: in a window, in a codon, along the genome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis.declare import figure
from replisome.analysis.panels import by_recipe
from replisome.analysis.plots import COLOURS, LeftOut, log_scale
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import label, styles
from replisome.studies.genome.predictions import (
    CODONS,
    Averages,
    averages,
    encoding_of,
    genes_expected,
    leading,
    windows,
)

POINTS = 40  # along the genome


@figure("Where in a window")
def positions(study: StudyResults) -> Figure | LeftOut:
    """Test accuracy by position in the window: a window starts without context.

    How fast accuracy rises shows how much context a model uses.
    """

    def ranges(recipe: str, found: Averages) -> list[tuple[float, float]]:
        right = found.by_position["right"]
        edges = np.unique(np.geomspace(1, len(right) + 1, 16).round().astype(int)) - 1
        return [((low + high + 1) / 2, 100 * right[low:high].mean()) for low, high in pairwise(edges)]

    def finish(panel: Axes) -> None:
        log_scale(panel, "x")

    return _lines(study, ranges, "tokens read in the window (log scale)", "test accuracy (%)", finish=finish)


@figure("Where in a codon")
def codon_positions(study: StudyResults) -> Figure | LeftOut:
    """Test accuracy by the position in the codon of long stretches without a stop codon.

    Such stretches are taken on the strand that is read (1, 2, 3) and on the other (1', 2', 3').
    """
    members = {recipe: found for recipe, found in leading(study).items() if genes_expected(study, recipe)}
    numbers = styles(study, (variant for found in members.values() for variant in found))
    order = list(CODONS)

    def draw(panel: Axes, recipe: str) -> None:
        width = 0.8 / len(members[recipe])
        for beside, variant in enumerate(members[recipe]):
            right = averages(study, variant).by_codon["right"]
            name = label(study, variant)
            x = np.array([order.index(at) for at in CODONS if at in right])
            height = [100 * right[at] for at in CODONS if at in right]
            aside = width * (beside - (len(members[recipe]) - 1) / 2)
            panel.bar(x + aside, height, width, label=name, color=COLOURS[numbers[name] % len(COLOURS)])
        panel.set_xticks(range(len(CODONS)), list(CODONS.values()))

    x = "position in the codon (' on the other strand)"
    return by_recipe(study, list(members), draw, x, "test accuracy (%)")


@figure("Where in the genome")
def along_genome(study: StudyResults) -> Figure | LeftOut:
    """Mean bits per base of test windows along the genome, contigs end to end.

    Dips mark repeats, or genes that resemble other genes.
    """

    def bins(recipe: str, found: Averages) -> list[tuple[float, float]]:
        base = windows(study, recipe).table["start"].to_numpy() * encoding_of(study, recipe)[1]
        number = np.floor(base / (base.max() + 1) * POINTS).astype(int)
        inside = [number == one for one in range(POINTS)]
        bits, empty = found.by_window["bits"].mean(axis=0), (np.nan, np.nan)
        return [(base[i].mean() / 1000, bits[i].mean()) if i.any() else empty for i in inside]

    x = "position in the genome (kb); a gap: no test windows"
    return _lines(study, bins, x, "test bits/base", sharey=False)


def _lines(
    study: StudyResults,
    points: Callable[[str, Averages], Sequence[tuple[float, float]]],
    x: str,
    y: str,
    *,
    sharey: bool = True,
    finish: Callable[[Axes], None] = lambda panel: None,
) -> Figure | LeftOut:
    """Return a panel a recipe with a line for each of its leading models, through what ``points`` makes of it."""
    members = leading(study)
    numbers = styles(study, (variant for found in members.values() for variant in found))

    def draw(panel: Axes, recipe: str) -> None:
        for variant in members[recipe]:
            name = label(study, variant)
            across, up = zip(*points(recipe, averages(study, variant)), strict=True)
            panel.plot(across, up, color=COLOURS[numbers[name] % len(COLOURS)], marker="o", ms=3, lw=1.4, label=name)
        finish(panel)

    return by_recipe(study, list(members), draw, x, y, sharey=sharey)

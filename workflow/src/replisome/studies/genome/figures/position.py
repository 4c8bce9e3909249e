"""Where models do well: in a window, in a codon, along the genome."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import by_panel
from replisome.analysis.plots import Drawn
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant
from replisome.studies.genome.figures._sequences import by_sequence, headings, name_of, numbers
from replisome.studies.genome.predictions import CODONS, averages, encoding_of, genes_expected, leading, windows

POINTS = 40  # along the genome
MARK = 3.5  # points: several models stand side by side at a position
STEPS = 16  # along a window, equally wide on a logarithmic axis


@figure("Where in a window", pages=2)
def positions(study: StudyResults) -> Drawn:
    """Test accuracy by position in the window: a window starts without context.

    How fast accuracy rises shows how much context a model uses. Bands are the range over seeds. 4-mers end to end are
    a choice of 256, and all others a choice of four.
    """

    def ranges(variant: Variant) -> tuple[np.ndarray, np.ndarray]:
        right = averages(study, variant).by_position["right"]
        edges = np.unique(np.geomspace(1, right.shape[1] + 1, STEPS).round().astype(int)) - 1
        means = [100 * right[:, low:high].mean(axis=1) for low, high in pairwise(edges)]
        return (edges[:-1] + edges[1:] + 1) / 2, np.stack(means, axis=1)

    def finish(panel: Axes) -> None:
        plots.log_scale(panel, "x")

    return _lines(study, ranges, "tokens read in the window (log scale)", "test accuracy (%)", finish=finish)


@figure("Where in a codon", pages=2)
def codon_positions(study: StudyResults) -> Drawn:
    """Test accuracy by the position in the codon of long stretches without a stop codon.

    Such stretches are taken on the strand that is read (1, 2, 3) and on the other (1', 2', 3'). Points are means over
    seeds, and bars the range over seeds.
    """
    members = by_sequence(study, {r: own for r, own in leading(study).items() if genes_expected(study, r)})
    number = numbers(study, members)
    order = list(CODONS)

    def draw(panel: Axes, key: str) -> None:
        for beside, variant in enumerate(members[key]):
            right, name = averages(study, variant).by_codon["right"], name_of(study, variant)
            values = 100 * np.stack([right[at] for at in order if at in right])
            x = np.array([order.index(at) for at in order if at in right])
            aside = 0.8 * ((beside + 0.5) / len(members[key]) - 0.5)
            mean = values.mean(axis=1)
            reach = np.abs(np.stack([values.min(axis=1), values.max(axis=1)]) - mean)
            style = plots.look(number[name], line=False)
            panel.errorbar(x + aside, mean, reach, ls="none", ms=MARK, label=name, **style)
        panel.set_xticks(range(len(order)), list(CODONS.values()))

    x = "position in the codon (' on the other strand)"
    nothing = "No genome of this configuration has genes."
    return by_panel(headings(study, members), draw, x, "test accuracy (%)", nothing=nothing)


@figure("Where in the genome", pages=2)
def along_genome(study: StudyResults) -> Drawn:
    """Mean bits per base of test windows along the genome, contigs end to end.

    Dips mark repeats, or genes that resemble other genes. Bands are the range over seeds. Each panel has a scale of its
    own.
    """

    def bins(variant: Variant) -> tuple[np.ndarray, np.ndarray]:
        base = windows(study, variant.recipe).table["start"].to_numpy() * encoding_of(study, variant.recipe)[1]
        number = np.floor(base / (base.max() + 1) * POINTS).astype(int)
        inside = [number == one for one in range(POINTS)]
        bits = averages(study, variant).by_window["bits"]
        middles = [base[i].mean() / 1000 if i.any() else np.nan for i in inside]
        means = [bits[:, i].mean(axis=1) if i.any() else np.full(len(bits), np.nan) for i in inside]
        return np.array(middles), np.stack(means, axis=1)

    x = "position in the genome (kb); a gap: no test windows"
    return _lines(study, bins, x, "test bits/base", sharex=False, sharey=False)


def _lines(
    study: StudyResults,
    points: Callable[[Variant], tuple[np.ndarray, np.ndarray]],
    x: str,
    y: str,
    *,
    finish: Callable[[Axes], None] = lambda panel: None,
    **options: Any,
) -> Drawn:
    """Return a panel a sequence with a line for each of its leading models, and the range over seeds as a band.

    Args:
        study: the study's results.
        points: gives a variant's places (n,) and what each seed has there (seeds, n).
        x: label of the x axes.
        y: label of the y axes.
        finish: what is done with a panel at last.
        options: of :func:`by_panel`.
    """
    members = by_sequence(study, leading(study))
    number = numbers(study, members)

    def draw(panel: Axes, key: str) -> None:
        for variant in members[key]:
            name = name_of(study, variant)
            across, up = points(variant)
            style = plots.look(number[name])
            panel.plot(across, up.mean(axis=0), ms=plots.SMALL_MARK, lw=plots.THIN, label=name, **style)
            if len(up) > 1:
                band = {"color": style["color"], "alpha": plots.BAND, "lw": 0}
                panel.fill_between(across, up.min(axis=0), up.max(axis=0), **band)
        finish(panel)

    return by_panel(headings(study, members), draw, x, y, **options)

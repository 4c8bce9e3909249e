"""Figures of where models do well: in a window, in a codon, along the genome."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from replisome.plots import COLOURS
from replisome.results import StudyResults
from replisome.studies.genome.shown import by_recipe, line, main_recipes, short
from replisome.studies.genome.tested import CODON_NAMES, CODONS, Tested, encoding_of, leading

POINTS = 40  # along the genome


def positions(study: StudyResults) -> Figure:
    """Accuracy by position in the window: what context is worth."""

    def draw(panel: Axes, recipe: str) -> None:
        for style, (variant, found) in enumerate(leading(study, recipe)):
            edges = np.unique(np.geomspace(1, len(found.right_at) + 1, 16).round().astype(int)) - 1
            mean = [100 * found.right_at[low:high].mean() for low, high in pairwise(edges)]
            line(panel, [(low + high + 1) / 2 for low, high in pairwise(edges)], mean, variant, style)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))

    return by_recipe(study, main_recipes(study), draw, "tokens read in the window (log scale)", "test accuracy (%)")


def codon_positions(study: StudyResults) -> Figure:
    """Accuracy by the position in the codon of long open reading frames."""

    def draw(panel: Axes, recipe: str) -> None:
        members = leading(study, recipe)
        width = 0.8 / len(members)
        for style, (variant, found) in enumerate(members):
            places = [place for place in CODONS if place in found.codon_right]
            x = np.array([CODONS.index(place) for place in places]) + width * (style - (len(members) - 1) / 2)
            right = [100 * found.codon_right[place] for place in places]
            panel.bar(x, right, width, label=short(variant), color=COLOURS[style % len(COLOURS)])
        panel.set_xticks(range(len(CODONS)), [CODON_NAMES[place] for place in CODONS])

    recipes = [
        recipe
        for recipe in main_recipes(study)
        if Tested.of(study).windows(recipe).codon is not None and study.cards[recipe]["control"] != "markov"
    ]
    return by_recipe(study, recipes, draw, "position in the codon (' on the other strand)", "test accuracy (%)")


def along_genome(study: StudyResults) -> Figure:
    """Bits a base along the genome, contigs end to end."""

    def draw(panel: Axes, recipe: str) -> None:
        place = Tested.of(study).windows(recipe).table["start"].to_numpy() * encoding_of(study, recipe)[1]
        bins = np.floor(place / (place.max() + 1) * POINTS).astype(int)
        filled = [bins == which for which in range(POINTS)]
        for style, (variant, found) in enumerate(leading(study, recipe)):
            x = [place[among].mean() / 1000 if among.any() else np.nan for among in filled]
            y = [found.bits[among].mean() if among.any() else np.nan for among in filled]
            line(panel, x, y, variant, style)

    x = "place in the genome (kb); a gap: no test windows"
    return by_recipe(study, main_recipes(study), draw, x, "test bits/base", sharey=False)

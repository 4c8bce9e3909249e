"""Figures of where models do well: in a window, in a codon, along the genome."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from replisome.plots import COLOURS
from replisome.results import StudyResults
from replisome.studies.genome.shown import COLUMNS, best_counts, empty, grid, main_recipes, main_variants, short, titled
from replisome.studies.genome.tested import CODONS, Tested, encoding_of
from replisome.variants import Variant

POINTS = 40  # along the genome


def positions(study: StudyResults) -> Figure:
    """Accuracy by position in the window: what context is worth."""
    recipes = main_recipes(study)
    if not recipes:
        return empty("nothing was tested")
    figure, axes = grid(len(recipes))
    for panel, recipe in zip(axes, recipes, strict=True):
        for style, variant in enumerate(_shown(study, recipe)):
            found = Tested.of(study).reduced(variant)
            assert found is not None
            edges = np.unique(np.geomspace(1, len(found.right_at) + 1, 16).round().astype(int)) - 1
            mean = [found.right_at[low:high].mean() for low, high in pairwise(edges)]
            centre = [(low + high + 1) / 2 for low, high in pairwise(edges)]
            panel.plot(
                centre, 100 * np.array(mean), color=COLOURS[style % len(COLOURS)], marker="o", ms=3,
                label=short(variant),
            )  # fmt: skip
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panel.set_title(titled(study, recipe))
        panel.set_xlabel("tokens read in the window (log scale)")
        panel.legend(fontsize=8)
    for panel in axes[::COLUMNS]:
        panel.set_ylabel("test accuracy (%)")
    return figure


def _shown(study: StudyResults, recipe: str) -> list[Variant]:
    """Return a recipe's networks, its mix, and its best order of counts."""
    counted = main_variants(study, recipe, counts=True)
    mixes = [v for v in counted if v.model == "context_mix"]
    orders = [v for v in counted if v.model == "context_counts"]
    best = best_counts(study, orders)
    return [*main_variants(study, recipe), *mixes[:1], *([best] if best else [])]


def codon_positions(study: StudyResults) -> Figure:
    """Accuracy by the position in the codon of long open reading frames."""
    recipes = [
        recipe
        for recipe in main_recipes(study)
        if Tested.of(study).windows(recipe).codon is not None and study.cards[recipe]["control"] != "markov"
    ]
    if not recipes:
        return empty("no genes, or no tokens that add one base each")
    figure, axes = grid(len(recipes))
    names = {1: "1", 2: "2", 3: "3", -1: "1'", -2: "2'", -3: "3'", 0: "none"}
    for panel, recipe in zip(axes, recipes, strict=True):
        members = _shown(study, recipe)
        for style, variant in enumerate(members):
            found = Tested.of(study).reduced(variant)
            assert found is not None
            places = [place for place in CODONS if place in found.codon_right]
            width = 0.8 / len(members)
            x = np.array([CODONS.index(place) for place in places]) + width * (style - (len(members) - 1) / 2)
            panel.bar(
                x, [100 * found.codon_right[place] for place in places], width, label=short(variant),
                color=COLOURS[style % len(COLOURS)],
            )  # fmt: skip
        panel.set_xticks(range(len(CODONS)), [names[place] for place in CODONS])
        panel.set_title(titled(study, recipe))
        panel.set_xlabel("position in the codon (' on the other strand)")
        panel.legend(fontsize=8)
    for panel in axes[::COLUMNS]:
        panel.set_ylabel("test accuracy (%)")
    return figure


def along_genome(study: StudyResults) -> Figure:
    """Bits a base along the genome, contigs end to end."""
    recipes = main_recipes(study)
    if not recipes:
        return empty("nothing was tested")
    figure, axes = grid(len(recipes))
    for panel, recipe in zip(axes, recipes, strict=True):
        table = Tested.of(study).windows(recipe).table
        place = table["start"].to_numpy() * encoding_of(study, recipe)[1]
        bins = np.floor(place / (place.max() + 1) * POINTS).astype(int)
        for style, variant in enumerate(_shown(study, recipe)):
            found = Tested.of(study).reduced(variant)
            assert found is not None
            x, y = [], []
            for which in range(POINTS):
                among = bins == which
                x.append(place[among].mean() / 1000 if among.any() else np.nan)
                y.append(found.bits[among].mean() if among.any() else np.nan)
            panel.plot(x, y, color=COLOURS[style % len(COLOURS)], marker="o", ms=3, lw=1.2, label=short(variant))
        panel.set_title(titled(study, recipe))
        panel.set_xlabel("place in the genome (kb); a gap: no test windows")
        panel.legend(fontsize=8)
    for panel in axes[::COLUMNS]:
        panel.set_ylabel("test bits/base")
    return figure

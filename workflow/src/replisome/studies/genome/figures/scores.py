"""Networks beside counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import bars, by_panel, level
from replisome.analysis.plots import Drawn
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant
from replisome.studies.genome.figures._sequences import by_sequence, headings, name_of, numbers
from replisome.studies.genome.predictions import main_variants, score

APART = 0.9  # orders between two models that stand beside the counts


@figure("Networks beside counts", pages=2)
def networks_and_counts(study: StudyResults) -> Drawn:
    """Bits per base of counts against their order k, and right of them the mixes of all orders and every network.

    Counts of order k are of what followed the last k bases. Intervals are 95 %, over seeds and stretches of the genome;
    a network that was trained with one seed has none. What stands in a panel read the same windows of the same genome.
    A network that stays above the lowest point of the curve has learned no more than counting teaches. Each panel has a
    scale of its own.
    """
    every = by_sequence(study, {recipe: main_variants(study, recipe) for recipe in study.plan.recipes})
    members = {key: own for key, own in every.items() if any(variant.kind == "counts" for variant in own)}
    others = {key: [variant for variant in own if variant.kind != "counts"] for key, own in members.items()}
    number = numbers(study, others)

    def draw(panel: Axes, key: str) -> None:
        counts = sorted(_counts(members[key]), key=lambda variant: variant.values["k"])
        orders = [variant.values["k"] for variant in counts]
        found = [score(study, variant, "bits") for variant in counts]
        style: dict[str, Any] = {"color": plots.GREY, "ms": plots.SMALL_MARK, "marker": "o"}
        panel.errorbar(orders, [one.value for one in found], bars(found), label="counts of order k", **style)
        panel.axvline(max(orders) + APART, color=plots.FAINT, lw=plots.THIN)
        for place, variant in enumerate(others[key], start=2):
            name, ours = name_of(study, variant), score(study, variant, "bits")
            look = plots.look(number[name] + 1, line=False)
            panel.errorbar(max(orders) + APART * place, ours.value, bars([ours]), ls="none", label=name, **look)
        panel.xaxis.set_major_locator(FixedLocator(np.unique(orders).tolist()[:: 1 + len(orders) // 8]))
        ceiling = study.cards[counts[0].recipe].get("ceiling")
        if ceiling:
            level(panel, ceiling["oracle_on_this_draw"]["test"], "best possible", left=True, color=plots.INK)

    x = "order k (bases of context); right: all other models"
    nothing = "This configuration has no counts."
    return by_panel(headings(study, members), draw, x, "test bits/base", sharex=False, sharey=False, nothing=nothing)


def _counts(members: list[Variant]) -> list[Variant]:
    return [variant for variant in members if variant.kind == "counts"]

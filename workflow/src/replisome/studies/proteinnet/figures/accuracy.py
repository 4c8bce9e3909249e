"""How far off the tested models are."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis.declare import figure
from replisome.analysis.panels import DOTS, bars, by_recipe, style_number
from replisome.analysis.plots import COLOURS, LINES, MARKERS, LeftOut, log_scale
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import score_on_test
from replisome.analysis.variants import Variant, evaluated_variants, label
from replisome.studies.proteinnet import predictions
from replisome.studies.proteinnet.metrics import RANGES, between
from replisome.studies.proteinnet.paper import report_loss

BINS = 48  # of separations, equally wide on a logarithmic axis


def _tested_recipes(study: StudyResults) -> list[str]:
    return [recipe for recipe in study.plan.recipes if evaluated_variants(study, recipe)]


def _look(study: StudyResults, variant: Variant) -> dict[str, Any]:
    number = style_number(study, variant)
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}


@figure("Against no distance at all, and against a table")
def baselines(study: StudyResults) -> Figure | LeftOut:
    """Report C's loss of every tested model on the test chains, worst at the bottom.

    Report C's own values are of other chains, so only their order and their ratios compare. The oracle knows how a
    control was folded, except for the errors of the turns, which nothing shows. Test intervals are 95 %, over seeds and
    test chains.
    """
    recipes, loss = _tested_recipes(study), study.plan.implementation.score("paper_loss")
    tallest = max((len(evaluated_variants(study, recipe)) for recipe in recipes), default=1)

    def draw(panel: Axes, recipe: str) -> None:
        found = {label(study, v): (v, score_on_test(study, v, loss)) for v in evaluated_variants(study, recipe)}
        names = sorted(found, key=lambda name: -found[name][1].value)
        for height, name in enumerate(names):
            variant, ours = found[name]
            look = {**_look(study, variant), "marker": "o"}
            panel.errorbar(ours.value * loss.scale, height, xerr=bars([ours], loss.scale), ls="none", capsize=3, **look)
        theirs = {name: report_loss(study, found[name][0], "test") for name in names}
        given = {name: value for name, value in theirs.items() if value is not None}
        if given:
            heights = [names.index(name) for name in given]
            text = "report C, its own chains, 25 epochs"
            panel.plot(list(given.values()), heights, marker="D", mfc="none", color="0.3", ls="none", label=text)
        least = predictions.oracle_loss(study, recipe)
        if least is not None:
            panel.axvline(least * loss.scale, color="black", lw=1.2, ls=DOTS)
            place = panel.get_xaxis_transform()
            panel.text(least * loss.scale, 1.0, "oracle", fontsize=8, ha="left", va="top", transform=place)
        panel.set_yticks(range(len(names)), names)
        log_scale(panel, "x")

    x = f"{loss.heading} on test chains, log scale"
    return by_recipe(study, recipes, draw, x, "", sharey=False, height=1.6 + 0.36 * tallest)


@figure("Where the error is")
def error_by_separation(study: StudyResults) -> Figure | LeftOut:
    """The error of pairs against their separation along the chain, pooled over test chains.

    Beyond some ten residues, neighbouring separations are pooled too.
    """

    def draw(panel: Axes, recipe: str) -> None:
        for variant in evaluated_variants(study, recipe):
            found = predictions.scores(study, variant)
            squared, pairs = found.squared.sum(axis=1), found.pairs.sum(axis=0)
            starts = np.unique(np.geomspace(1, len(pairs), BINS).astype(int)) - 1
            apart = np.add.reduceat(np.arange(1, len(pairs) + 1) * pairs, starts)
            squared, pairs = np.add.reduceat(squared, starts, axis=1), np.add.reduceat(pairs, starts)
            known, line = pairs > 0, LINES[style_number(study, variant) % len(LINES)]
            x, y = apart[known] / pairs[known], np.sqrt(squared[:, known] / pairs[known]).mean(axis=0)
            panel.plot(x, y, ls=line, ms=3.5, lw=1.4, label=label(study, variant), **_look(study, variant))
        log_scale(panel, "x")

    x, y = "residues apart along the chain, log scale", study.plan.implementation.score("rmse").heading
    return by_recipe(study, _tested_recipes(study), draw, x, y, sharey=False)


@figure("Contacts found")
def contact_precision(study: StudyResults) -> Figure | LeftOut:
    """The percentage of true contacts among the L/5 pairs predicted nearest, by range along the chain.

    Contacts are pairs of alpha carbons less than 8 angstrom apart; L is the number of residues with known coordinates.
    Test intervals are 95 %, over seeds and test chains.
    """
    recipes, reaches = _tested_recipes(study), list(RANGES)
    width = 0.8 / max((len(evaluated_variants(study, recipe)) for recipe in recipes), default=1)

    def draw(panel: Axes, recipe: str) -> None:
        for number, variant in enumerate(evaluated_variants(study, recipe)):
            found = [predictions.contacts(study, variant, reach, "L/5") for reach in reaches]
            x = np.arange(len(reaches)) + width * (number + 0.5) - 0.4
            y = [100 * share.value for share in found]
            look = _look(study, variant)
            panel.errorbar(x, y, yerr=bars(found, 100), ls="none", capsize=2, label=label(study, variant), **look)
        panel.set_xticks(range(len(reaches)), [f"{reach}\n{between(*RANGES[reach])} apart" for reach in reaches])
        panel.set_ylim(0, 1.6 * panel.get_ylim()[1])  # room for the legend

    y = "contacts among the L/5 nearest (%)"
    return by_recipe(study, recipes, draw, "range along the chain, in residues", y, sharey=False)

"""How far off the tested models are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import bars, by_recipe, level, style_number
from replisome.analysis.plots import Drawn
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import score_on_test
from replisome.analysis.variants import Variant, evaluated_variants, label
from replisome.studies.proteinnet import predictions
from replisome.studies.proteinnet.metrics import RANGES, between
from replisome.studies.proteinnet.paper import report_loss

BINS = 48  # of separations, equally wide on a logarithmic axis


@figure("Against no distance at all, and against a table", pages=2)
def baselines(study: StudyResults) -> Drawn:
    """Report C's loss of every tested model on the test chains, those of a recipe in a panel, the worst at the bottom.

    Report C's own values are of other chains, so only their order and their ratios compare. The oracle knows how a
    control was folded, except for the errors of the turns, which nothing shows. Test intervals are 95 %, over seeds and
    test chains.
    """
    recipes, loss = _tested_recipes(study), study.plan.implementation.score("paper_loss")
    ours = {
        recipe: {label(study, v): (v, score_on_test(study, v, loss)) for v in evaluated_variants(study, recipe)}
        for recipe in recipes
    }
    names = _worst_first([{name: one.value for name, (_, one) in found.items()} for found in ours.values()])

    def draw(panel: Axes, recipe: str) -> None:
        for name, (variant, found) in ours[recipe].items():
            style = {**_look(study, variant), "marker": "o", "ls": "none"}
            panel.errorbar(found.value * loss.scale, names.index(name), xerr=bars([found], loss.scale), **style)
        theirs = {name: report_loss(study, variant, "test") for name, (variant, _) in ours[recipe].items()}
        given = {name: value for name, value in theirs.items() if value is not None}
        if given:
            heights = [names.index(name) for name in given]
            text = "report C, its own chains, 25 epochs"
            panel.plot(list(given.values()), heights, marker="D", mfc="none", color=plots.GREY, ls="none", label=text)
        least = predictions.oracle_loss(study, recipe)
        if least is not None:
            level(panel, least * loss.scale, "oracle", along="x", color=plots.INK)
        panel.set_yticks(range(len(names)), names)
        plots.log_scale(panel, "x")

    x = f"{loss.heading}, log scale"
    return by_recipe(study, recipes, draw, x, "", height=0.5 + 0.18 * len(names), columns=2)


def _worst_first(found: Sequence[Mapping[str, float]]) -> list[str]:
    """Return the names of several rankings in one order, by the mean of their logarithms, the highest first."""
    logs: dict[str, list[float]] = {}
    for values in found:
        for name, value in values.items():
            logs.setdefault(name, []).append(float(np.log(value)))
    return sorted(logs, key=lambda name: -np.nan_to_num(np.mean(logs[name]), nan=np.inf))


@figure("Where the error is", pages=2)
def error_by_separation(study: StudyResults) -> Drawn:
    """The error of pairs against their separation along the chain, pooled over test chains.

    Beyond some ten residues, neighbouring separations are pooled too. Lines are means over seeds, bands their range.
    """

    def draw(panel: Axes, recipe: str) -> None:
        for variant in evaluated_variants(study, recipe):
            found = predictions.scores(study, variant)
            squared, pairs = found.squared.sum(axis=1), found.pairs.sum(axis=0)
            starts = np.unique(np.geomspace(1, len(pairs), BINS).astype(int)) - 1
            apart = np.add.reduceat(np.arange(1, len(pairs) + 1) * pairs, starts)
            squared, pairs = np.add.reduceat(squared, starts, axis=1), np.add.reduceat(pairs, starts)
            known, look = pairs > 0, _look(study, variant)
            x, seeds = apart[known] / pairs[known], np.sqrt(squared[:, known] / pairs[known])
            panel.plot(x, seeds.mean(axis=0), ms=plots.SMALL_MARK, lw=plots.THIN, label=label(study, variant), **look)
            if len(seeds) > 1:
                band = {"color": look["color"], "alpha": plots.BAND, "lw": 0}
                panel.fill_between(x, seeds.min(axis=0), seeds.max(axis=0), **band)
        plots.log_scale(panel, "x")

    x, y = "residues apart along the chain, log scale", study.plan.implementation.score("rmse").heading
    return by_recipe(study, _tested_recipes(study), draw, x, y, height=2.4)


@figure("Contacts found", pages=2)
def contact_precision(study: StudyResults) -> Drawn:
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
            style = {**_look(study, variant), "ls": "none", "ms": plots.SMALL_MARK}
            panel.errorbar(x, y, bars(found, 100), label=label(study, variant), **style)
        panel.set_xticks(range(len(reaches)), [f"{reach}\n{between(*RANGES[reach])}" for reach in reaches])

    x, y = "range: residues apart along the chain", "contacts among the L/5 nearest (%)"
    return by_recipe(study, recipes, draw, x, y, height=2.2)


def _tested_recipes(study: StudyResults) -> list[str]:
    return [recipe for recipe in study.plan.recipes if evaluated_variants(study, recipe)]


def _look(study: StudyResults, variant: Variant) -> dict[str, Any]:
    return plots.look(style_number(study, variant))

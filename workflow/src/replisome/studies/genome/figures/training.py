"""How training went, and what the short runs show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from replisome.analysis import panels
from replisome.analysis.declare import figure
from replisome.analysis.plots import COLOURS, MARKERS, LeftOut, grid
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, data_name, selected_score, validation, variants
from replisome.studies.genome.figures.leakage import SPLIT_NAMES
from replisome.studies.genome.predictions import encoding_of, experiments, main_variants, training_window


@figure("Loss against step")
def loss_curves(study: StudyResults) -> Figure | LeftOut:
    """Cross-entropy against the optimiser step, on training and on validation.

    Where a sample of training windows was scored after each round as validation is, that is the dashed line, and the
    training batches' own loss is dotted; where none was, the dashed line is that of the training batches.
    Below ln 4 a model knows more than which bases can follow. Where validation rises while training falls, the model
    remembers its training sequence.
    """

    def levels(panel: Axes, recipe: str) -> None:
        k, stride = encoding_of(study, recipe)
        panels.level(panel, np.log(4) * stride, f"ln {4**stride}: any that can follow")
        if k != stride:
            panels.level(panel, np.log(4**k), f"ln {4**k}: any token")

    members = {
        recipe: [variant for variant in main_variants(study, recipe) if variant.kind == "network"]
        for recipe in study.plan.recipes
    }
    return panels.loss_curves(study, members, study.plan.implementation.score("loss").heading, also=levels)


@figure("Short runs that vary one thing")
def short_runs(study: StudyResults) -> Figure | LeftOut:
    """The validation score of the short runs in the table of sweeps, by what they vary.

    A window is what training reads in a row. Whatever its length, training sees the same bases at each step, and all
    are scored on the same windows.
    """
    names = experiments(study, sweeps=True)
    if not names:
        return LeftOut("This configuration has no sweeps.")
    drawing, axes = grid(len(names), sharey=False)
    for panel, name in zip(axes, names, strict=True):
        _one_sweep(panel, study, variants(study, name))
    return drawing


def _one_sweep(panel: Axes, study: StudyResults, members: Sequence[Variant]) -> None:
    settings = [_numbers(study, variant) for variant in members]
    varied = next((key for key in settings[0] if len({numbers.get(key) for numbers in settings}) > 1), "lr")
    by = selected_score(study, members[0])
    lines: dict[str, list[tuple[float, float]]] = {}
    for variant, numbers in zip(members, settings, strict=True):
        recipe = study.plan.recipes[variant.recipe]
        point = (numbers[varied], by.scale * validation(study, variant, by.name).value)
        lines.setdefault(f"{recipe['protocol']} ({SPLIT_NAMES[recipe['split']]})", []).append(point)
    for style, (name, points) in enumerate(lines.items()):
        x, y = zip(*sorted(points), strict=True)
        panel.plot(x, y, color=COLOURS[style], marker=MARKERS[style % len(MARKERS)], label=name)
    panel.set_xscale("log")
    panel.set_xticks(sorted({x for points in lines.values() for x, _ in points}))
    panel.minorticks_off()
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.set_title(f"{members[0].model}, {data_name(study, members[0].recipe)}")
    panel.set_xlabel(f"{varied} (log scale)")
    panel.set_ylabel(f"validation {by.heading}")
    panel.legend(fontsize=9)


def _numbers(study: StudyResults, variant: Variant) -> dict[str, float]:
    """Return what a sweep can vary: the window and the settings that are numbers; the precision differs by recipe."""
    settings = {"window": training_window(study, variant.recipe), **variant.values, **variant.budget}
    return {key: value for key, value in settings.items() if isinstance(value, int | float)}

"""How training went, and what the short runs show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from replisome.analysis import plots
from replisome.analysis.curves import loss_lines, loss_signs, step_or_epoch
from replisome.analysis.declare import figure
from replisome.analysis.panels import Heading, bars, by_panel, level
from replisome.analysis.plots import Drawn
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate
from replisome.analysis.variants import Variant, data_name, rows_of, selected_score, validation, variants
from replisome.studies.genome.figures._sequences import (
    SPLIT_NAMES,
    SPLITS,
    by_sequence,
    headings,
    name_of,
    numbers,
    split_of,
)
from replisome.studies.genome.predictions import encoding_of, experiments, main_variants, training_window

CHOICE = 2.0  # bits a base: the choice among the four bases that can follow
ROOM = 0.05  # of the range of values, above and below


@figure("Loss against step", pages=2)
def loss_curves(study: StudyResults) -> Drawn:
    """Cross-entropy against the optimiser step, on training and on validation, in bits a base for all tokens.

    Where a sample of training windows was scored after each round as validation is, that is the dashed line, and the
    training batches' own loss is dotted; where none was, the dashed line is that of the training batches. Below 2 bits,
    the level line, a model knows more than which bases can follow. Where validation rises while training falls, the
    model remembers its training sequence. First batches, in which k-mers still are a choice of many, may lie above the
    panels. Bands are the range of validation over seeds. A panel is named after its first recipe; beside it are drawn
    the models of recipes that read the same windows in other tokens.
    """
    networks = {
        recipe: [variant for variant in main_variants(study, recipe) if variant.kind == "network"]
        for recipe in study.plan.recipes
    }
    members = by_sequence(study, networks)
    every = [variant for own in members.values() for variant in own]
    number = numbers(study, members)
    ends = [end for variant in every for end in _ends(study, variant)]

    def draw(panel: Axes, key: str) -> None:
        for variant in members[key]:
            name = name_of(study, variant)
            loss_lines(panel, study, variant, number[name], scale=_a_base(study, variant), name=name)
        level(panel, CHOICE)
        room = ROOM * (max(ends) - min(ends))
        panel.set_ylim(min(ends) - room, max(*ends, CHOICE) + 2 * room)

    signs = loss_signs(study, every)
    x, y = step_or_epoch(every), "cross-entropy (bits/base)"
    nothing = "This configuration trains no network."
    return by_panel(headings(study, members), draw, x, y, more=signs, nothing=nothing)


def _a_base(study: StudyResults, variant: Variant) -> float:
    """Return what a loss in nats a token is multiplied by to have bits a base."""
    return float(1 / (np.log(2) * encoding_of(study, variant.recipe)[1]))


def _ends(study: StudyResults, variant: Variant) -> tuple[float, float]:
    """Return the lowest loss of a variant, and its highest on validation, in bits a base."""
    losses = rows_of(study, variant, metric="loss", role="curve")
    scored = losses.loc[losses["split"] == "validation", "value"]
    scale = _a_base(study, variant)
    return scale * float(losses["value"].min()), scale * float(scored.max())


@figure("Short runs that vary one thing", pages=2)
def short_runs(study: StudyResults) -> Drawn:
    """The validation score of the short runs in the table of sweeps, by what they vary.

    A window is what training reads in a row. Whatever its length, training sees the same bases at each step, and all
    are scored on the same windows. Intervals are 95 %, over seeds.
    """
    names = experiments(study, sweeps=True)
    members = {name: variants(study, name) for name in names}
    headings = {
        name: Heading(f"{own[0].model}: {_varied(study, own)}", (data_name(study, own[0].recipe),))
        for name, own in members.items()
    }

    def draw(panel: Axes, name: str) -> None:
        _one_sweep(panel, study, members[name])

    def y(name: str) -> str:
        return f"validation {selected_score(study, members[name][0]).heading}"

    x, nothing = "value of what is varied (log scale)", "This configuration has no sweeps."
    return by_panel(headings, draw, x, y, sharex=False, nothing=nothing)


def _one_sweep(panel: Axes, study: StudyResults, members: Sequence[Variant]) -> None:
    by, varied = selected_score(study, members[0]), _varied(study, members)
    lines: dict[tuple[str, str], list[tuple[float, Estimate]]] = {}
    for variant in members:
        point = _numbers(study, variant)[varied], validation(study, variant, by.name)
        split, protocol = split_of(study, variant.recipe), study.plan.recipes[variant.recipe]["protocol"]
        lines.setdefault((split, protocol), []).append(point)
    for (split, protocol), points in lines.items():
        x, found = zip(*sorted(points, key=lambda point: point[0]), strict=True)
        style = plots.look(SPLITS.index(split))
        y, reach = [by.scale * one.value for one in found], bars(found, by.scale)
        panel.errorbar(x, y, reach, label=f"{SPLIT_NAMES[split]} ({protocol})", **style)
    panel.set_xscale("log")
    panel.set_xticks(sorted({x for points in lines.values() for x, _ in points}))
    panel.minorticks_off()
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _varied(study: StudyResults, members: Sequence[Variant]) -> str:
    """Return the name of what a sweep varies."""
    settings = [_numbers(study, variant) for variant in members]
    return next((key for key in settings[0] if len({numbers.get(key) for numbers in settings}) > 1), "lr")


def _numbers(study: StudyResults, variant: Variant) -> dict[str, float]:
    """Return what a sweep can vary: the window and the settings that are numbers; the precision differs by recipe."""
    settings = {"window": training_window(study, variant.recipe), **variant.values, **variant.budget}
    return {key: value for key, value in settings.items() if isinstance(value, int | float)}

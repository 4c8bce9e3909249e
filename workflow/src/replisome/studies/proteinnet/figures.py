"""The figures of the study. Recipes stand in panels of their own: protocols are never mixed in one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from replisome.errors import ReplisomeError, did_you_mean
from replisome.plots import COLOURS, LINES, MARKERS, curve_with_spread, empty, grid, log_scale
from replisome.results import StudyResults
from replisome.studies.proteinnet.columns import claimed_loss
from replisome.studies.proteinnet.metrics import CONTACT, RANGES, between
from replisome.studies.proteinnet.tested import (
    BASELINES,
    BILLION,
    IMPROVED,
    SIMPLE,
    TABLE,
    Tested,
    curve,
    is_long,
    level_of,
    name_of,
    reported,
    scored,
    trained,
)
from replisome.variants import Variant, heading

SHOWN = 3  # chains whose maps are drawn where none are named
MAPS = (TABLE, SIMPLE, IMPROVED, "no dropout", "pair_resnet")  # beside the true ones, where tested
SPLITS = {"train": "training (while it went on)", "validation": "validation", "test": "test (recorded, never used)"}
BINS = 48  # of separations, equally wide on a logarithmic axis
LONGEST = 24  # letters of a chain's name
INCH = 2.6  # width and height of a map


def _title(study: StudyResults, recipe: str) -> str:
    return heading(study, recipe, "chains")


def _style(study: StudyResults, variant: Variant) -> int:
    """Return the place of a model's name among all of the study, so that it looks the same in every panel."""
    names = list(dict.fromkeys(name_of(study, v) for v in [*trained(study), *scored(study)]))
    return names.index(name_of(study, variant))


def _recipes(study: StudyResults) -> list[str]:
    return [recipe for recipe in study.plan.recipes if scored(study, recipe)]


def chosen_chains(study: StudyResults, recipe: str) -> list[int]:
    """Return which test chains are drawn: those that the study file names under ``show``, or three of different length.

    Raises:
        ReplisomeError: a name that no recipe's test split has.
    """
    tested, wanted = Tested.of(study), study.plan.settings["show"]
    names = tested.chains(recipe).names
    known = {name for other in _recipes(study) for name in tested.chains(other).names}
    for name in wanted:
        if name not in known:
            raise ReplisomeError(
                f"study '{study.plan.name}', key 'show': no test chain '{name}'{did_you_mean(name, known)}"
            )
    chosen = [names.index(name) for name in wanted if name in names]
    if not chosen:
        order = np.argsort(tested.chains(recipe).known, kind="stable")
        places = np.linspace(0, len(order) - 1, SHOWN + 2)[1:-1]
        chosen = list(dict.fromkeys(int(order[int(place)]) for place in places))
    return chosen


def maps(study: StudyResults) -> Figure:
    """True and predicted distances of some test chains, side by side; a row a chain."""
    rows = [(recipe, number) for recipe in _recipes(study) for number in chosen_chains(study, recipe)]
    if not rows:
        return empty("nothing was tested")
    members = {recipe: _mapped(study, recipe) for recipe, _ in rows}
    across = 1 + max(len(found) for found in members.values())
    figure = Figure(figsize=(INCH * across + 1, (INCH + 0.5) * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), across, squeeze=False)
    tested = Tested.of(study)
    for line, (recipe, number) in zip(axes, rows, strict=True):
        chain, true = tested.chains(recipe), tested.true_map(recipe, number)
        length = min(int(chain.lengths[number]), len(true))
        unknown = np.isnan(true[:length, :length])
        farthest = float(np.nanmax(true))
        shown = [("true", true), *((name_of(study, v), tested.predicted_map(v, number)) for v in members[recipe])]
        for panel, (name, whole) in zip(line, shown, strict=False):
            values = np.ma.masked_array(whole[:length, :length], mask=unknown)
            image = panel.imshow(values, cmap="viridis_r", vmin=0, vmax=farthest, interpolation="nearest")
            panel.set_facecolor("0.8")
            off = np.sqrt(np.nanmean((whole - true)[np.triu_indices(len(true), 1)] ** 2))
            panel.set_title(name if name == "true" else f"{name}: {off:.1f} Å", fontsize=9)
            panel.grid(visible=False)
            panel.tick_params(labelsize=7)
        for spare in line[len(shown) :]:
            spare.set_axis_off()
        name = textwrap.shorten(chain.names[number], LONGEST).replace("$", r"\$")  # which begins a formula
        line[0].set_ylabel(f"{name}\n{recipe}, {chain.lengths[number]} residues", fontsize=9)
        figure.colorbar(image, ax=line.tolist(), shrink=0.8, pad=0.01).set_label("Å", fontsize=8)
    return figure


def _mapped(study: StudyResults, recipe: str) -> list[Variant]:
    found = {name_of(study, variant): variant for variant in scored(study, recipe)}
    return [found[name] for name in MAPS if name in found]


def loss_curves(study: StudyResults) -> Figure:
    """Loss against epoch of all networks, a panel a split; dotted what the baselines have."""
    recipes = list(dict.fromkeys(v.recipe for v in trained(study)))
    if not recipes:
        return empty("this configuration trains nothing")
    figure, axes = grid(len(SPLITS) * len(recipes), sharey=False)
    for number, recipe in enumerate(recipes):
        scale, unit = (BILLION, "10⁹ pm² a protein") if reported(study, recipe) else (1.0, "Å² a pair")
        for panel, (split, shown) in zip(axes[len(SPLITS) * number :], SPLITS.items(), strict=False):
            for variant in (v for v in trained(study) if v.recipe == recipe and not is_long(v)):
                lines = curve(study, variant, split).to_numpy() * scale
                if lines.size:
                    label = f"{name_of(study, variant)} (n={len(lines)})"
                    curve_with_spread(panel, list(lines), label, _style(study, variant))
            for variant in (v for v in scored(study, recipe) if v.model in BASELINES):
                if not variant.values.get("classes", 1) > 1:
                    level = level_of(study, variant, split, "loss") * scale
                    panel.axhline(level, color="0.4", lw=1.1, ls=(0, (1, 1)))
                    panel.text(0.99, level, name_of(study, variant), fontsize=8, ha="right", va="bottom",
                               transform=panel.get_yaxis_transform())  # fmt: skip
            log_scale(panel, "y")
            panel.set_title(f"{_title(study, recipe)}\n{shown}")
            panel.set_xlabel("epoch")
            panel.set_ylabel(f"loss ({unit})")
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
            if panel.get_legend_handles_labels()[0]:
                panel.legend(fontsize=8)
    return figure


def long_run(study: StudyResults) -> Figure:
    """Loss against epoch of the long run, beside the simple network's shorter one."""
    found = [variant for variant in trained(study) if is_long(variant)]
    if not found:
        return empty("this configuration has no long run")
    figure, axes = grid(len(found))
    for panel, variant in zip(axes, found, strict=True):
        beside = [v for v in trained(study) if v.recipe == variant.recipe and name_of(study, v) == SIMPLE]
        style = 0
        for one in (variant, *beside):
            for split in SPLITS:
                lines = curve(study, one, split, "loss" if split == "train" else "source_loss").to_numpy() * BILLION
                if lines.size and reported(study, one.recipe):
                    curve_with_spread(panel, list(lines), f"{name_of(study, one)}, {split} (n={len(lines)})", style)
                    style += 1
        log_scale(panel, "y")
        panel.set_title(_title(study, variant.recipe))
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.set_ylabel("source's loss (10⁹ pm²)")
        panel.legend(fontsize=8)
    return figure


def baselines(study: StudyResults) -> Figure:
    """The source's loss of every tested model on the test chains, beside the source's own values."""
    recipes = _recipes(study)
    if not recipes:
        return empty("nothing was tested")
    tallest = max(len(scored(study, recipe)) for recipe in recipes)
    figure, axes = grid(len(recipes), height=1.6 + 0.36 * tallest, sharey=False)
    tested = Tested.of(study)
    for panel, recipe in zip(axes, recipes, strict=True):
        members = scored(study, recipe)
        members.sort(key=lambda variant: -tested.source_loss(variant).value)
        for place, variant in enumerate(members):
            found = tested.source_loss(variant)
            error = np.nan_to_num([[found.value - found.low], [found.high - found.value]])
            colour = COLOURS[_style(study, variant) % len(COLOURS)]
            panel.errorbar(found.value, place, xerr=error, fmt="o", color=colour, capsize=3)
            theirs = claimed_loss(study, recipe, "test", name_of(study, variant))
            if theirs is not None:
                panel.plot(theirs, place, marker="D", mfc="none", color="0.3", ls="none")
        panel.plot([], [], marker="D", mfc="none", color="0.3", ls="none", label="report C, its own chains, 25 epochs")
        if not study.cards[recipe]["control"] and reported(study, recipe):
            panel.legend(fontsize=8, loc="upper right")
        least = tested.oracle_loss(recipe)
        if least is not None:
            panel.axvline(least, color="black", lw=1.2, ls=(0, (1, 1)))
            panel.text(least, 1.0, "oracle", fontsize=8, ha="left", va="top", transform=panel.get_xaxis_transform())
        panel.set_yticks(range(len(members)), [name_of(study, variant) for variant in members])
        log_scale(panel, "x")
        panel.set_title(_title(study, recipe))
        panel.set_xlabel("source's loss on test chains (10⁹ pm², log scale)")
    return figure


def error_by_separation(study: StudyResults) -> Figure:
    """Root mean squared error against the separation along the chain, separations pooled in steps of a tenth or so."""

    def draw(panel: Axes, variant: Variant) -> None:
        found = Tested.of(study).scores(variant)
        assert found is not None
        squared, pairs = found.squared.sum(axis=0), found.pairs.sum(axis=0)
        starts = np.unique(np.geomspace(1, len(pairs), BINS).astype(int)) - 1
        apart = np.add.reduceat(np.arange(1, len(pairs) + 1) * pairs, starts)
        squared, pairs = np.add.reduceat(squared, starts), np.add.reduceat(pairs, starts)
        known, style = pairs > 0, _style(study, variant)
        panel.plot(
            apart[known] / pairs[known], np.sqrt(squared[known] / pairs[known]), LINES[style % len(LINES)],
            color=COLOURS[style % len(COLOURS)], marker=MARKERS[style % len(MARKERS)], ms=3.5, lw=1.4,
            label=name_of(study, variant),
        )  # fmt: skip

    figure, axes = _panels(study, draw)
    for panel in axes:
        log_scale(panel, "x")
        panel.set_xlabel("residues apart along the chain (log scale)")
        panel.set_ylabel("RMSE (Å)")
        panel.legend(fontsize=8)
    return figure


def contact_precision(study: StudyResults) -> Figure:
    """Precision of the L/5 pairs predicted nearest, by range along the chain."""
    names = list(RANGES)
    width = 0.8 / max(1, max((len(scored(study, recipe)) for recipe in _recipes(study)), default=1))

    def draw(panel: Axes, variant: Variant) -> None:
        style = _style(study, variant)
        found = [Tested.of(study).contacts(variant, name, "L/5") for name in names]
        place = scored(study, variant.recipe).index(variant)
        values = 100 * np.array([[e.value, e.value - e.low, e.high - e.value] for e in found])
        panel.errorbar(
            np.arange(len(names)) + width * (place + 0.5) - 0.4, values[:, 0], yerr=np.nan_to_num(values[:, 1:].T),
            fmt=MARKERS[style % len(MARKERS)], color=COLOURS[style % len(COLOURS)], capsize=2,
            label=name_of(study, variant),
        )  # fmt: skip

    figure, axes = _panels(study, draw)
    for panel in axes:
        panel.set_xticks(range(len(names)), [f"{name}\n{between(*RANGES[name])} apart" for name in names])
        panel.set_ylabel(f"contacts (< {CONTACT:.0f} Å) among the L/5 nearest (%)")
        panel.set_ylim(0, 1.4 * panel.get_ylim()[1])  # room for the legend
        panel.legend(fontsize=8, ncols=2)
    return figure


def _panels(study: StudyResults, draw: Callable[[Axes, Variant], None]) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure with a panel a recipe in which every tested model was drawn."""
    recipes = _recipes(study)
    if not recipes:
        return empty("nothing was tested"), []
    figure, axes = grid(len(recipes), sharey=False)
    for panel, recipe in zip(axes, recipes, strict=True):
        for variant in scored(study, recipe):
            draw(panel, variant)
        panel.set_title(_title(study, recipe))
    return figure, axes

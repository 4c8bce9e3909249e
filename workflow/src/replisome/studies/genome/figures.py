"""The figures of the study. Recipes stand in panels or at places of their own: protocols are never mixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from replisome.plots import COLOURS, COLUMNS, LINES, MARKERS, empty, grid
from replisome.results import StudyResults
from replisome.studies.genome.leak import NAMES, memory
from replisome.studies.genome.places import along_genome, codon_positions, positions
from replisome.studies.genome.shown import (
    by_recipe,
    line,
    main_recipes,
    note,
    short,
)
from replisome.studies.genome.tested import (
    SWEEP,
    Tested,
    budget,
    encoding_of,
    genome_of,
    main_variants,
    tested_variants,
    weights_role,
)
from replisome.variants import Variant, rows_of, values_of, variants

__all__ = ["along_genome", "codon_positions", "loss_curves", "memory", "networks_and_counts", "positions", "short_runs"]


def loss_curves(study: StudyResults) -> Figure:
    """Loss against step, training dashed and validation solid."""

    def draw(panel: Axes, recipe: str) -> None:
        k, stride = encoding_of(study, recipe)
        for style, variant in enumerate(main_variants(study, recipe)):
            for split in ("train", "validation"):
                rows = rows_of(study, variant, split=split, metric="loss", role="curve")
                curve = rows.groupby("step")["value"].mean()
                if split == "validation":
                    line(panel, curve.index, curve, variant, style)
                else:
                    panel.plot(curve.index, curve, "--", color=COLOURS[style % len(COLOURS)], lw=1.4)
        levels = {np.log(4) * stride: f"ln {4**stride}: any that can follow"}
        levels |= {np.log(4**k): f"ln {4**k}: any token"} if k != stride else {}
        for level, what in levels.items():
            panel.axhline(level, color="0.5", lw=1.0, ls=(0, (1, 1)))
            note(panel, level, what)

    x = "optimiser step (solid: validation, dashed: training)"
    return by_recipe(study, main_recipes(study, counts=False), draw, x, "cross-entropy (nats a token)")


def networks_and_counts(study: StudyResults) -> Figure:
    """Bits a base of counts against their order, beside the mix and the networks."""
    counted = [v for v in tested_variants(study, True) if v.model == "context_counts"]
    tested = Tested.of(study)

    def same(recipe: str) -> list[Any]:
        """Return what recipes of one genome and split have in common, whatever their encoding."""
        plan = study.plan.recipes[recipe]
        return [plan["source"], plan["split"], study.cards[recipe]["cut"]["step"]]

    def draw(panel: Axes, recipe: str) -> None:
        own = sorted((v for v in counted if v.recipe == recipe), key=lambda v: v.values["k"])
        found = [tested.score(v, "bits") for v in own]
        bars = np.array([[e.value - e.low, e.high - e.value] for e in found]).T
        panel.errorbar(
            [v.values["k"] for v in own], [e.value for e in found], yerr=np.nan_to_num(bars), color=COLOURS[0],
            marker="o", capsize=3, label="counts of order k",
        )  # fmt: skip
        others = [v for v in main_variants(study, recipe, counts=True) if v.model == "context_mix"]
        for other in study.plan.recipes:
            others += main_variants(study, other) if same(other) == same(recipe) else []
        for style, variant in enumerate(others, start=1):
            bits = tested.score(variant, "bits").value
            k, stride = encoding_of(study, variant.recipe)
            kmers = "" if k == 1 else f", {k}-mers" + (" end to end" if stride > 1 else "")
            panel.axhline(
                bits, color=COLOURS[style % len(COLOURS)], ls=LINES[style % len(LINES)], lw=1.6,
                label=f"{short(variant)}{kmers}: {bits:.3f}",
            )  # fmt: skip
        if "ceiling" in study.cards[recipe]:
            least = study.cards[recipe]["ceiling"]["oracle_on_this_draw"]["test"]
            panel.axhline(least, color="black", lw=1.2, ls=(0, (1, 1)), label=f"best possible: {least:.3f}")

    recipes = [recipe for recipe in study.plan.recipes if any(v.recipe == recipe for v in counted)]
    return by_recipe(study, recipes, draw, "order k (bases of context)", "test bits/base", sharey=False)


def short_runs(study: StudyResults) -> Figure:
    """Validation accuracy of the short runs that vary one thing."""
    names = [name for name in study.plan.experiments if name.startswith(SWEEP)]
    if not names:
        return empty("this configuration has no sweeps")
    figure, axes = grid(len(names))
    for panel, name in zip(axes, names, strict=True):
        members = variants(study, name)
        key = _varied(study, members)
        lines: dict[str, list[tuple[float, float]]] = {}
        for variant in members:
            value = study.cards[variant.recipe]["cut"]["length"] if key == "window" else _setting(variant, key)
            best = values_of(study, variant, split="validation", metric="accuracy", role=weights_role(variant)).mean()
            recipe = study.plan.recipes[variant.recipe]
            lines.setdefault(f"{recipe['protocol']} ({NAMES[recipe['split']]})", []).append((value, 100 * best))
        for style, (shown, points) in enumerate(lines.items()):
            x, y = zip(*sorted(points), strict=True)
            panel.plot(x, y, color=COLOURS[style], marker=MARKERS[style % len(MARKERS)], label=shown)
        panel.set_xscale("log")
        panel.set_xticks(sorted({x for points in lines.values() for x, _ in points}))
        panel.minorticks_off()
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panel.set_title(f"{members[0].model}, {genome_of(study, members[0].recipe)}")
        panel.set_xlabel(f"{key} (log scale)")
        panel.legend(fontsize=9)
    for panel in axes[::COLUMNS]:
        panel.set_ylabel("validation accuracy (%)")
    return figure


def _setting(variant: Variant, key: str) -> float:
    return float({**variant.values, **budget(variant)}[key])


def _varied(study: StudyResults, members: Sequence[Variant]) -> str:
    """Return what the members differ in: the window, or a setting."""
    if len({study.cards[v.recipe]["cut"]["length"] for v in members}) > 1:
        return "window"
    settings = [{**v.values, **budget(v)} for v in members]
    # Numbers only: the precision differs by recipe.
    numbers = [key for key, value in settings[0].items() if isinstance(value, int | float)]
    return next((key for key in numbers if len({s.get(key) for s in settings}) > 1), "lr")

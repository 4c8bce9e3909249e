"""What the figures of the study share: their panels, and which models and recipes they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from replisome.plots import COLOURS, COLUMNS, empty, grid
from replisome.results import StudyResults
from replisome.studies.genome.tested import SWEEP, genome_of, tested_variants
from replisome.variants import Variant, heading


def titled(study: StudyResults, recipe: str) -> str:
    """Return the title of a recipe's panel."""
    return f"{heading(study, recipe, 'genome')}\n{genome_of(study, recipe)}"


def short(variant: Variant) -> str:
    """Return a model's name for a legend."""
    mixed = {True: ", both strands", False: ", one strand"}.get(variant.values.get("both_strands", ""), "")
    augment = variant.values.get("augment", "none")
    turned = ", other strand too" if augment != "none" else ""
    order = f", order {variant.values['k']}" if "k" in variant.values else ""
    return f"{variant.model}{order}{mixed}{turned}"


def main_recipes(study: StudyResults, counts: bool = True) -> list[str]:
    """Return the recipes with tested models, those of the sweeps alone left out."""
    swept = {r for name, e in study.plan.experiments.items() if not name.startswith(SWEEP) for r in e["recipes"]}
    have = {v.recipe for v in tested_variants(study, False)}
    have |= {v.recipe for v in tested_variants(study, True)} if counts else set()
    return [recipe for recipe in study.plan.recipes if recipe in have & swept]


def note(panel: Axes, height: float, text: str) -> None:
    """Write above a level, inside the panel's right edge."""
    panel.text(0.99, height, text, fontsize=8, ha="right", va="bottom", transform=panel.get_yaxis_transform())


def by_recipe(
    study: StudyResults, recipes: Sequence[str], draw: Callable[[Axes, str], None], x: str, y: str, sharey: bool = True
) -> Figure:
    """Return a figure with a panel a recipe, which ``draw`` fills, or one that says that nothing was tested."""
    if not recipes:
        return empty("nothing of this kind was tested")
    figure, axes = grid(len(recipes), sharey=sharey)
    for number, (panel, recipe) in enumerate(zip(axes, recipes, strict=True)):
        draw(panel, recipe)
        panel.set_title(titled(study, recipe))
        panel.set_xlabel(x)
        if number % COLUMNS == 0:
            panel.set_ylabel(y)
        panel.legend(fontsize=8)
    return figure


def line(panel: Axes, x: ArrayLike, y: ArrayLike, variant: Variant, style: int) -> None:
    """Draw one model's curve."""
    panel.plot(x, y, color=COLOURS[style % len(COLOURS)], marker="o", ms=3, lw=1.4, label=short(variant))

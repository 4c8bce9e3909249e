"""What the figures of all studies are put together from: a panel a recipe, one legend, levels, error bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replisome.analysis import plots
from replisome.analysis.plots import LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate
from replisome.analysis.variants import Variant, data_kind, data_name, label, styles, variants

Key = TypeVar("Key")
LEGEND_LINE = 1.5 * plots.SMALL / 72  # inches
ALONE = 0.3  # inches that a single row is higher: nothing is compared up and down
AXIS = 0.5  # inches that the numbers beside an axis take
TITLE_LINE = 1.3 * plots.TEXT / 72


@dataclass(frozen=True)
class Heading:
    """What stands above a panel.

    Attributes:
        name: of what it shows, such as a recipe.
        about: what is to be said of its data and budget; what holds for all panels of a page stands once above them.
    """

    name: str
    about: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(self.about)}" if self.about else self.name


def heading(study: StudyResults, recipe: str) -> Heading:
    """Return what stands above a recipe's panel: its name, its protocol, and what its data are."""
    card = study.card(recipe)
    experiments = [name for name, block in study.plan.experiments.items() if recipe in block["recipes"]]
    control = (f"simulated {study.plan.implementation.simulated}",)
    about = control if card["control"] else (f"{card['protocol']} protocol", f"{data_kind(card)} data")
    reduced = ("reduced budget",) if any(study.plan.reduced(name) for name in experiments) else ()
    name = data_name(study, recipe)
    return Heading(recipe, (*about, *reduced, *((name,) if name else ())))


def by_recipe(
    study: StudyResults,
    recipes: Sequence[str],
    draw: Callable[[Axes, str], str | None],
    x: str,
    y: str | Callable[[str], str],
    **options: Any,
) -> list[Figure] | LeftOut:
    """Return pages with a panel a recipe, so that protocols are never mixed in one.

    Args:
        study: the study's results.
        recipes: the recipes that have a panel.
        draw: fills a recipe's panel; what it returns is a further line of the panel's title.
        x: label of the x axes.
        y: label of the y axes; or what gives each recipe's panel its own.
        options: of :func:`by_panel`.
    """
    return by_panel({recipe: heading(study, recipe) for recipe in recipes}, draw, x, y, **options)


def by_panel(
    headings: Mapping[Key, Heading],
    draw: Callable[[Axes, Key], str | None],
    x: str,
    y: str | Callable[[Key], str],
    *,
    sharex: bool = True,
    sharey: bool = True,
    rows_alike: bool = False,
    height: float = plots.HEIGHT,
    columns: int | None = None,
    wide: bool = False,
    more: Sequence[Line2D] = (),
    nothing: str = "Nothing of this kind was tested.",
) -> list[Figure] | LeftOut:
    """Return pages of panels with one legend each.

    Args:
        headings: by what identifies a panel, what stands above it.
        draw: fills a panel; what it returns is a further line of its title.
        x: label of the x axes.
        y: label of the y axes; or what gives each panel its own.
        sharex: whether all panels of a page have one x axis.
        sharey: whether they have one y axis; never, where they have labels of their own that differ.
        rows_alike: whether instead the panels of a row have one y axis and one label; pages then have whole rows.
        height: of a panel without its title, in inches.
        columns: panels in a row; as :func:`plots.across` has it where it is None.
        wide: whether one panel in a row takes the width of the page's column.
        more: entries of the legend that no panel draws.
        nothing: why the figure is left out where there is no panel.
    """
    if not headings:
        return LeftOut(nothing)
    labels = {key: y(key) if callable(y) else y for key in headings}
    shared: bool | Literal["row"] = "row" if rows_alike else sharey and len(set(labels.values())) == 1
    size = plots.PANELS // columns * columns if rows_alike and columns else plots.PANELS
    pages = []
    for keys in plots.chunks(list(headings), size):
        across = min(len(keys), columns or plots.across(len(keys), shared is True))
        width = plots.WIDE if wide or across > 1 else plots.NARROW
        room = width / across - AXIS
        common, titles = _titles([headings[key] for key in keys])
        figure, axes = plots.grid(len(keys), height, columns=columns, sharex=sharex, sharey=shared)
        rows, lines = -(-len(keys) // across), 0  # lines: of the longest title
        for number, (panel, key, title) in enumerate(zip(axes, keys, titles, strict=True)):
            further = draw(panel, key)
            text = plots.fitted(f"{title}\n{further}" if further else title, room)
            lines = max(lines, text.count("\n") + 1)
            panel.set_title(text)
            if number + across >= len(keys) and (not sharex or number >= across * (rows - 1)):
                panel.set_xlabel(plots.fitted(plots.unit(x), room))
            if not shared or number % across == 0:
                panel.set_ylabel(plots.fitted(plots.unit(labels[key]), height))
        alone = ALONE if rows == 1 else 0.0
        figure.set_size_inches(width, rows * (height + lines * TITLE_LINE) + alone)
        if common:
            text = plots.fitted(f"All panels: {', '.join(common)}", width)
            figure.suptitle(text)
            figure.set_figheight(figure.get_figheight() + (text.count("\n") + 1) * TITLE_LINE)
        with_legend(figure, more)
        pages.append(figure)
    return pages


def _titles(headings: Sequence[Heading]) -> tuple[list[str], list[str]]:
    """Return what is to be said of all of these panels, and the title of each without it."""
    everywhere = [part for part in headings[0].about if all(part in one.about for one in headings)]
    common = everywhere if len(headings) > 1 else []
    rest = [", ".join(part for part in one.about if part not in common) for one in headings]
    return common, ["\n".join(filter(None, (one.name, about))) for one, about in zip(headings, rest, strict=True)]


def with_legend(figure: Figure, more: Sequence[Line2D] = ()) -> None:
    """Put one legend below all panels, each text once, then ``more``; the figure grows, and not its panels smaller."""
    rows = plots.legend(figure, more)
    figure.set_figheight(figure.get_figheight() + rows * LEGEND_LINE)


def style_number(study: StudyResults, variant: Variant) -> int:
    """Return the number of a variant's label among all of the study, so that it looks the same in every figure."""
    numbers: dict[str, int] = study.once("style numbers", lambda: styles(study, variants(study)))
    return numbers[label(study, variant)]


def level(
    panel: Axes,
    at: float,
    text: str | None = None,
    *,
    along: Literal["x", "y"] = "y",
    left: bool = False,
    **style: Any,
) -> None:
    """Draw a dotted level across a panel; its text stands at the panel's edge.

    Args:
        panel: to draw on.
        at: where, in the panel's unit.
        text: stands above a horizontal level at the right, or right of an upright one at the top, if given.
        left: whether the text of a horizontal level stands at the left.
        along: the axis that the level belongs to: "y" draws it horizontal, "x" upright.
        style: of the line, where it is not to be the usual one.
    """
    line = {"color": plots.GREY, "lw": plots.THIN, "ls": plots.DOTS, "zorder": 1.5, **style}
    if along == "y":
        panel.axhline(at, **line)
        where: dict[str, Any] = {"xy": (float(not left), at), "ha": "left" if left else "right", "va": "bottom"}
        place, aside = panel.get_yaxis_transform(), (2 if left else -2, 1.5)
    else:
        panel.axvline(at, **line)
        where = {"xy": (at, 1.0), "ha": "left", "va": "top"}
        place, aside = panel.get_xaxis_transform(), (2, -2)
    if text:
        clear = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.2}
        panel.annotate(text, **where, xycoords=place, xytext=aside, textcoords="offset points", bbox=clear, zorder=1.6)


def bars(found: Sequence[Estimate], scale: float = 1.0) -> np.ndarray:
    """Return the lengths of error bars (2, n) of estimates: below and above, 0 where there is no interval."""
    ends = scale * np.array([[one.value - one.low, one.high - one.value] for one in found]).T
    return np.nan_to_num(ends).clip(min=0)

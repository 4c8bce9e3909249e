"""The style of figures, and the only place where sizes, fonts, colours and line styles are set.

A figure is drawn as wide as the page's column is on A4 paper, so that text has the size in print that is set here; on a
screen it is shown larger. It has at most eight panels; what has more has further pages.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from replisome.io import atomic

matplotlib.use("Agg")
# Okabe & Ito 2008, as in Wong 2011 (Nature Methods 8:441): told apart by people with any colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
BASE_COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "U": "#D55E00"}
INK, GREY, FAINT = "#000000", "#595959", "#CCCCCC"  # best possible; levels and proxies; chance, what is not known
LINES = ("-", "--", "-.", ":")
DOTS = (0, (1, 1))  # the line style of levels: ceilings, floors, baselines
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HEAT = "viridis"  # values of which high is good or far; light to dark alike for all
SHARES = LinearSegmentedColormap.from_list("shares", ["#FFFFFF", COLOURS[0]])  # from nothing to all
WEIGHTS = LinearSegmentedColormap.from_list("weights", ["#FFFFFF", COLOURS[1]])  # light enough for letters upon it
WIDE, NARROW = 180 / 25.4, 120 / 25.4  # inches: the page's column on A4 paper; a figure of one panel
TALL = 240 / 25.4  # inches of a page of A4 paper that a figure may take
HEIGHT = 1.7  # inches of a panel
TEXT, SMALL = 8.0, 7.0  # points: titles and labels; all else, and nothing is smaller
LETTER = 0.55  # mean width of a letter, in its size
SIGN = 5.0  # width of a legend's sign with the space around it, in the size of its text
PANELS = 8  # of one page
DOTS_AN_INCH = 200
MARK, SMALL_MARK = 4.5, 2.5  # points: of points; along a line
LINE, THIN = 1.4, 1.0
CAP = 2.0  # points: half the bar at the end of an interval
POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
BAND = 0.18  # opacity of the range over seeds

matplotlib.rcParams.update(
    {
        "figure.dpi": DOTS_AN_INCH,
        "savefig.dpi": DOTS_AN_INCH,
        "font.size": SMALL,
        "axes.labelsize": TEXT,
        "axes.titlesize": TEXT,
        "axes.titlelocation": "left",
        "figure.titlesize": TEXT,
        "legend.fontsize": SMALL,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "grid.linewidth": 0.5,
        "lines.linewidth": LINE,
        "lines.markersize": MARK,
        "errorbar.capsize": CAP,
        "image.cmap": HEAT,
        "legend.frameon": False,
        "legend.handlelength": 2.5,
        "svg.hashsalt": "replisome",
        "svg.fonttype": "none",  # text stays text: it can be searched, read aloud, and takes a quarter of the space
        "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],  # whoever lacks the first has one as wide, or narrower
        "text.parse_math": False,  # names of classes, contigs and proteins may have dollar signs: no text is a formula
    }
)

Item = TypeVar("Item")


@dataclass(frozen=True)
class LeftOut:
    """In place of a figure for which a configuration has nothing: why the page has none, in one plain sentence.

    Of a further page that is not needed there is nothing to say: "".
    """

    why: str

    def drawn(self) -> Figure:
        """Return a small figure that says so, for the files that the workflow asks for."""
        figure = Figure(figsize=(NARROW, 0.5))
        figure.text(0.5, 0.5, self.why or "All panels are on the pages before.", ha="center", va="center", wrap=True)
        return figure


Drawn = Figure | list[Figure] | LeftOut


def as_pages(drawn: Drawn, count: int) -> list[Figure | LeftOut]:
    """Return as many pages as a figure is declared with: those that are not needed are left out.

    Where there are more, the last says how many panels have no room.
    """
    pages: list[Figure | LeftOut] = [*drawn] if isinstance(drawn, list) else [drawn]
    rest = sum(len(page.axes) for page in pages[count:] if isinstance(page, Figure))
    last = pages[min(count, len(pages)) - 1]
    if rest and isinstance(last, Figure):
        last.supxlabel(f"{rest} more panels of this configuration are not drawn.", fontsize=SMALL)
    return [*pages, *[LeftOut("")] * count][:count]


def chunks(items: Sequence[Item], size: int = PANELS) -> list[list[Item]]:
    """Return items in order, as many a page as have room on it."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def across(count: int, alike: bool = False) -> int:
    """Return how many of so many panels stand in a row; four where they are ``alike`` and have one y axis."""
    if count > 6:
        return 4 if alike else 3
    return {1: 1, 2: 2, 4: 2}.get(count, 3)


def grid(
    count: int,
    height: float = HEIGHT,
    *,
    columns: int | None = None,
    sharex: bool | Literal["row", "col"] = False,
    sharey: bool | Literal["row", "col"] = True,
) -> tuple[Figure, list[Axes]]:
    """Return a figure as wide as the page's column with ``count`` panels; one panel alone is narrower.

    Args:
        count: of panels.
        height: of a row, in inches.
        columns: panels in a row; as :func:`across` has it where it is None.
        sharex: whether panels have one x axis, whose numbers stand below the lowest of a column only.
        sharey: whether panels have one y axis, whose numbers stand at the left only.

    Returns:
        The figure, and its panels row by row.
    """
    columns = min(count, columns or across(count, sharey is True))
    rows = -(-count // columns)
    figure = Figure(figsize=(WIDE if columns > 1 else NARROW, height * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey).reshape(-1))
    for spare in axes[count:]:
        spare.remove()
    for panel in axes[max(0, count - columns) : count]:  # the lowest of its column
        panel.xaxis.set_tick_params(which="both", labelbottom=True)
    return figure, axes[:count]


def look(number: int, *, line: bool = True) -> dict[str, Any]:
    """Return the colour and marker of a number, which no other below 49 has, and with ``line`` its line style."""
    marker = MARKERS[(number + number // len(COLOURS)) % len(MARKERS)]
    found = {"color": COLOURS[number % len(COLOURS)], "marker": marker}
    return {**found, "ls": LINES[number % len(LINES)]} if line else found


def sign(text: str, **style: Any) -> Line2D:
    """Return an entry of a legend that no panel draws: what a line style, colour or marker means."""
    return Line2D([], [], **{"color": GREY, "label": text, **style})


def fitted(text: str, inches: float, size: float = TEXT) -> str:
    """Return text broken into lines that have room in so many inches; its own line ends stay."""
    letters = max(8, int(inches * 72 / (LETTER * size)))
    return "\n".join(textwrap.fill(line, letters) for line in text.splitlines())


def unit(text: str) -> str:
    """Return the label of an axis with raised powers: ``10^9 pm^2`` is written 10⁹ pm²."""
    return re.sub(r"\^(\d)", lambda found: POWERS[int(found[1])], text)


def legend(figure: Figure, more: Sequence[Line2D] = ()) -> int:
    """Put one legend below all panels, each text once, then ``more``, and return how many lines it takes."""
    found: dict[str, Any] = {}
    for panel in figure.axes:
        for handle, text in zip(*panel.get_legend_handles_labels(), strict=True):
            found.setdefault(text, handle)
    found |= {str(line.get_label()): line for line in more}
    if not found:
        return 0
    width = 72 * figure.get_figwidth()
    texts = [fitted(text, width / 72 - SIGN * SMALL / 72, SMALL) for text in found]
    columns = next(n for n in (5, 4, 3, 2, 1) if n == 1 or _room(texts, n) <= width)
    figure.legend(list(found.values()), texts, loc="outside lower center", ncols=columns)
    return max(sum(text.count("\n") + 1 for text in part) for part in _columns(texts, columns))


def _room(texts: Sequence[str], columns: int) -> float:
    """Return how wide a legend of so many columns is, in points: each is as wide as its longest text."""
    widest = [max(map(len, part), default=0) for part in _columns(texts, columns)]
    return sum(SMALL * (LETTER * letters + SIGN) for letters in widest)


def _columns(texts: Sequence[str], columns: int) -> list[list[str]]:
    """Return the texts of each column of a legend, as Matplotlib deals them out."""
    return [list(part) for part in np.array_split(np.array(texts, dtype=object), columns)]


def log_scale(axes: Axes, which: Literal["x", "y"]) -> None:
    """Make an axis logarithmic, its ticks written as plain numbers: powers of ten only below a narrow panel."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    place = axes.get_subplotspec()
    narrow = which == "x" and place is not None and place.get_gridspec().ncols > 3
    axis.set_major_locator(LogLocator(subs=(1.0,) if narrow else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def heat_map(axes: Axes, values: np.ndarray, **options: Any) -> Any:
    """Draw an array as cells without grid lines; the options are those of :meth:`Axes.imshow`."""
    axes.grid(visible=False)
    return axes.imshow(values, **{"interpolation": "nearest", **options})


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write ``name``.png and ``name``.svg; the same figure gives the same bytes."""
    figure.draw_without_rendering()  # the layout of panels of a fixed shape is right from the second time on
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        with atomic(folder / f"{name}.{kind}") as handle:
            figure.savefig(handle, format=kind, metadata=metadata)

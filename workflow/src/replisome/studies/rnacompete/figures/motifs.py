"""Figures of what the explained models look for."""

from __future__ import annotations

import logomaker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import Heading, by_panel, heading
from replisome.analysis.plots import Drawn, LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import label
from replisome.data.encode.bases import ALPHABET
from replisome.studies.rnacompete.logo import spelled
from replisome.studies.rnacompete.motifs import K, known_motif
from replisome.studies.rnacompete.predictions import Explained, explained

PROBES = 12  # of an attention map
LETTERS = 0.2  # inches of a probe's row
A_PAGE = plots.PANELS // 2  # explained models: each has two logos
LOGO = 1.0  # inches of a logo


@figure("What the model looks for", pages=5)
def logos(study: StudyResults) -> Drawn:
    """Two logos for each explained model and protein: what replacing a base costs, and which bases stand there.

    Above: how much the prediction falls, in standard deviations of the target, when a base is replaced by another one
    that probes have at that place. It is averaged over the strongest validation probes, aligned on what matters most.
    Below: which bases stand there, in bits against a uniform background. All RNAcompete probes begin with AG: the lower
    logo counts those two letters, and the upper one cannot judge them, since no model saw a probe without them. After
    the protein's name stand the motif of the upper logo and that of the lower one.
    """
    found = explained(study)
    if not found:
        return LeftOut("This configuration explains no model.")
    return [_page_of_logos(study, items) for items in plots.chunks(found, A_PAGE)]


def _page_of_logos(study: StudyResults, items: list[Explained]) -> Figure:
    """Return a page with a column of two logos for each item, at most two columns in a row."""
    across = min(2, len(items))
    rows = -(-len(items) // across)
    wide = plots.WIDE / 2
    page = Figure(figsize=(wide * across, rows * (2 * LOGO + 0.7)), layout="constrained")
    parts = page.subfigures(rows, across, squeeze=False).ravel()
    for part, item in zip(parts, items, strict=False):
        upper, lower = part.subplots(2, 1)
        _draw_logo(upper, np.clip(item.logo.heights, 0, None), "cost (sd)")
        _draw_logo(lower, item.logo.bits, "bits")
        known = known_motif(item.protein)
        names = f"{spelled(item.logo.heights, K)} / {spelled(item.logo.bits, K)}"
        title = (
            f"{item.protein['name']}: {names}{f' (known: {known})' if known else ''}\n{label(study, item.variant)}\n"
            f"recipe {item.variant.recipe}, n = {item.logo.probes} probes"
        )
        part.suptitle(plots.fitted(title, wide))
    return page


def _draw_logo(panel: Axes, heights: np.ndarray, what: str) -> None:
    logomaker.Logo(pd.DataFrame(heights, columns=list(ALPHABET)), ax=panel, color_scheme=plots.BASE_COLOURS)
    panel.set_ylabel(what)
    panel.set_xticks([])
    panel.grid(visible=False)


@figure("Where attention rests", pages=2, image=True)
def attention_maps(study: StudyResults) -> Drawn:
    """Attention weights along the strongest validation probes of the best attention model.

    The weight is the largest of all heads; the darker, the larger. Each line is a probe, with its measured z-score at
    the left.
    """
    found = [item for item in explained(study) if item.metadata["attention"] is not None]

    def draw(panel: Axes, number: int) -> None:
        item = found[number]
        top = item.rows.head(PROBES)
        weights = np.stack(top["attention"].tolist()).reshape(len(top), *item.metadata["attention"]).max(axis=1)
        most = np.quantile(weights, 0.995)
        plots.heat_map(panel, weights, cmap=plots.WEIGHTS, aspect="auto", vmin=0, vmax=most)
        for row, sequence in enumerate(top["sequence"]):
            for position, base in enumerate(sequence):
                panel.text(position, row, base, ha="center", va="center", family="monospace")
        panel.set_yticks(range(len(top)), [f"{value:.1f}" for value in top["measured"]])

    headings = {
        number: Heading(
            f"{item.protein['name']}: {label(study, item.variant)}, largest of the heads",
            (f"recipe {item.variant.recipe}", *heading(study, item.variant.recipe).about),
        )
        for number, item in enumerate(found)
    }
    x, y, high = "position in the probe", "measured (z-score)", LETTERS * PROBES + 0.4
    nothing = "This configuration explains no model with attention."
    return by_panel(headings, draw, x, y, sharey=False, height=high, columns=1, wide=True, nothing=nothing)

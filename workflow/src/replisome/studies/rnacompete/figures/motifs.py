"""Figures of what the explained models look for."""

from __future__ import annotations

import logomaker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis import panels
from replisome.analysis.declare import figure
from replisome.analysis.plots import COLUMNS, WIDTH, LeftOut
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import label
from replisome.data.encode.bases import ALPHABET
from replisome.studies.rnacompete.logo import spelled
from replisome.studies.rnacompete.motifs import K, known_motif
from replisome.studies.rnacompete.predictions import explained

BASE_COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "U": "#D55E00"}
PROBES = 12  # of an attention map


@figure("What the model looks for")
def logos(study: StudyResults) -> Figure | LeftOut:
    """Two logos for each explained model and protein: what replacing a base costs, and which bases stand there.

    Above: how much the prediction falls, in standard deviations of the target, when a base is replaced by another one
    that probes have at that place. It is averaged over the strongest validation probes, aligned on what matters most.
    Below: which bases stand there, in bits against a uniform background. All RNAcompete probes begin with AG: the lower
    logo counts those two letters, and the upper one cannot judge them, since no model saw a probe without them.
    """
    found = explained(study)
    if not found:
        return LeftOut("This configuration explains no model.")
    lines = -(-len(found) // COLUMNS)
    drawn = Figure(figsize=(4.6 * COLUMNS, 4.7 * lines), layout="constrained")
    for part, item in zip(drawn.subfigures(lines, COLUMNS, squeeze=False).ravel(), found, strict=False):
        upper, lower = part.subplots(2, 1)
        _draw_logo(upper, np.clip(item.logo.heights, 0, None), "cost of replacing (sd)")
        _draw_logo(lower, item.logo.bits, "bits")
        known = known_motif(item.protein)
        names = f"{spelled(item.logo.heights, K)} / {spelled(item.logo.bits, K)}" + (
            f" (known: {known})" if known else ""
        )
        part.suptitle(
            f"{item.protein['name']}: {names}\n{label(study, item.variant)}\n"
            f"recipe {item.variant.recipe}, n = {item.logo.probes} probes",
            fontsize=8,
        )
    return drawn


def _draw_logo(panel: Axes, heights: np.ndarray, what: str) -> None:
    logomaker.Logo(pd.DataFrame(heights, columns=list(ALPHABET)), ax=panel, color_scheme=BASE_COLOURS)
    panel.set_ylabel(what, fontsize=8)
    panel.set_xticks([])
    panel.grid(False)


@figure("Where attention rests")
def attention_maps(study: StudyResults) -> Figure | LeftOut:
    """Attention weights along the strongest validation probes of the best attention model.

    The weight is the largest of all heads. Each line is a probe, with its measured z-score at the left.
    """
    found = [item for item in explained(study) if item.metadata["attention"] is not None]
    if not found:
        return LeftOut("This configuration explains no model with attention.")
    drawn = Figure(figsize=(2 * WIDTH, (0.32 * PROBES + 1.4) * len(found)), layout="constrained")
    for panel, item in zip(drawn.subplots(len(found), 1, squeeze=False)[:, 0], found, strict=True):
        top = item.rows.head(PROBES)
        weights = np.stack(top["attention"].tolist()).reshape(len(top), *item.metadata["attention"]).max(axis=1)
        panel.imshow(weights, cmap="Oranges", aspect="auto", vmin=0, vmax=np.quantile(weights, 0.995))
        for row, sequence in enumerate(top["sequence"]):
            for position, base in enumerate(sequence):
                panel.text(position, row, base, ha="center", va="center", fontsize=8, family="monospace")
        panel.set_yticks(range(len(top)), [f"{value:.1f}" for value in top["measured"]])
        panel.set_ylabel("measured (z-score)")
        panel.set_xlabel("position in the probe")
        panel.grid(False)
        what = f"{item.protein['name']}: {label(study, item.variant)}, largest of the heads"
        panel.set_title(f"{what}\n{panels.heading(study, item.variant.recipe)}", fontsize=10)
    return drawn

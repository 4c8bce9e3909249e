"""One predicted map, drawn."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from replisome.analysis import plots

NAME = 60  # letters of a chain's name in the title
HEIGHT = 4.2  # inches: a square map beside its scale


def picture(name: str, distances: np.ndarray) -> Figure:
    """Return a figure of the distances (residues, residues), in angstrom, that are predicted for a chain."""
    figure, (panel,) = plots.grid(1, HEIGHT)
    ends = (0.5, len(distances) + 0.5)  # residues are counted from 1
    image = plots.heat_map(panel, distances, cmap=f"{plots.HEAT}_r", vmin=0, extent=(*ends, *ends[::-1]))
    panel.set(xlabel="residue", ylabel="residue", title=f"{textwrap.shorten(name, NAME)}: predicted distances")
    figure.colorbar(image, ax=panel).set_label("distance (Å)")
    return figure

"""What the images look like."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis.declare import figure
from replisome.analysis.panels import heading
from replisome.analysis.plots import WIDTH
from replisome.analysis.results import StudyResults
from replisome.data.parquet import column_array, read_parquet

SAMPLES = 8  # images a class


@figure("What the images look like")
def samples(study: StudyResults) -> Figure:
    """What the images look like: the first eight of each class in the training split, at their own resolution."""
    recipe = next(iter(study.plan.recipes))
    images, labels = images_of(study, recipe, "train")
    names = short_names(study, recipe)
    figure = Figure(figsize=(2 * WIDTH, 1.15 * len(names)), layout="constrained")
    grid = figure.subplots(len(names), SAMPLES, squeeze=False)
    for number, (name, line) in enumerate(zip(names, grid, strict=True)):
        rows = np.flatnonzero(labels == number)
        show_images(line, images[rows[:SAMPLES]])
        line[0].set_ylabel(f"{name}\n(n={len(rows)})", rotation=0, ha="right", va="center", fontsize=10)
    figure.suptitle(f"{heading(study, recipe)}, training split")
    return figure


def images_of(study: StudyResults, recipe: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (n, height, width, channels), uint8, and labels (n,), int16, of a split."""
    table, metadata = read_parquet(study.root / study.plan.name / recipe / f"{split}.parquet")
    return column_array(table, "image", tuple(metadata["shape"])), table.column("label").to_numpy()


def short_names(study: StudyResults, recipe: str, width: int = 28) -> list[str]:
    """Return the names of the classes without what stands in brackets, at most so many letters long."""
    names = study.cards[recipe]["class_names"]
    return [textwrap.shorten(name.partition("(")[0], width, placeholder="...") for name in names]


def show_images(panels: Sequence[Axes], images: Iterable[np.ndarray]) -> None:
    """Show an image (height, width, channels) in each panel, without axes; the panels that are left over stay empty."""
    for panel in panels:
        panel.axis("off")
    for panel, image in zip(panels, images, strict=False):
        panel.axis("on")
        panel.imshow(image if image.shape[-1] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=255)
        panel.set(xticks=[], yticks=[])
        panel.grid(False)
        panel.spines[:].set_visible(False)

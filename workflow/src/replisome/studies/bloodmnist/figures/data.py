"""What the images look like."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis.declare import figure
from replisome.analysis.panels import heading
from replisome.analysis.plots import WIDTH
from replisome.analysis.results import StudyResults
from replisome.data.parquet import column_array, read_row_groups

SAMPLES = 8  # images a class


@figure("What the images look like")
def samples(study: StudyResults) -> Figure:
    """What the images look like: the first eight of each class in the training split, at their own resolution."""
    recipe = next(iter(study.plan.recipes))
    labels = labels_of(study, recipe, "train")
    names = short_names(study, recipe)
    figure = Figure(figsize=(2 * WIDTH, 1.15 * len(names)), layout="constrained")
    grid = figure.subplots(len(names), SAMPLES, squeeze=False)
    for number, (name, line) in enumerate(zip(names, grid, strict=True)):
        rows = np.flatnonzero(labels == number)
        show_images(line, images_of(study, recipe, "train", rows[:SAMPLES]))
        line[0].set_ylabel(f"{name}\n(n={len(rows)})", rotation=0, ha="right", va="center", fontsize=10)
    figure.suptitle(f"{heading(study, recipe)}, training split")
    return figure


def labels_of(study: StudyResults, recipe: str, split: str) -> np.ndarray:
    """Return the labels (n,), int16, of a split."""
    tables = read_row_groups(_file(study, recipe, split), ["label"]).tables
    return np.concatenate([table.column("label").to_numpy() for table in tables])


def images_of(study: StudyResults, recipe: str, split: str, rows: np.ndarray) -> np.ndarray:
    """Return some images of a split, of which no more than a row group is in memory.

    Args:
        study: the study's results.
        recipe: the name of one of its recipes.
        split: train, validation or test.
        rows: which images, (wanted,), whole numbers.

    Returns:
        Shape (wanted, height, width, channels), uint8, in the order of ``rows``.
    """
    found, start = read_row_groups(_file(study, recipe, split), ["image"]), 0
    shape = tuple(found.metadata["shape"])
    images = np.empty((len(rows), *shape), np.uint8)
    for table in found.tables:
        here = (rows >= start) & (rows < start + len(table))
        if here.any():
            images[here] = column_array(table, "image", shape)[rows[here] - start]
        start += len(table)
    return images


def _file(study: StudyResults, recipe: str, split: str) -> Path:
    return study.root / study.plan.name / recipe / f"{split}.parquet"


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

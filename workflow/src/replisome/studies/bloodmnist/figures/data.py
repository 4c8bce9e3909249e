"""What the images look like."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replisome.analysis import plots
from replisome.analysis.declare import figure
from replisome.analysis.panels import heading
from replisome.analysis.results import StudyResults
from replisome.data.parquet import column_array, read_row_groups

SAMPLES = 8  # images a class
GAP = 2  # pixels of white between two images
SHARE = 0.75  # of the figure's width that images take; the names of the classes stand beside them


@figure("What the images look like", image=True)
def samples(study: StudyResults) -> Figure:
    """What the images look like: the first eight of each class in the training split, at their own resolution.

    A row is a class; n is how many images of it training has.
    """
    recipe = next(iter(study.plan.recipes))
    labels = labels_of(study, recipe, "train")
    names = short_names(study, recipe)
    rows = [np.flatnonzero(labels == number) for number in range(len(names))]
    sheet, middles = tiled([images_of(study, recipe, "train", found[:SAMPLES]) for found in rows])
    figure, (panel,) = plots.grid(1, plots.NARROW * sheet.shape[0] / sheet.shape[1] * SHARE)
    show_image(panel, sheet)
    panel.set_yticks(middles, [f"{name} (n={len(found)})" for name, found in zip(names, rows, strict=True)])
    panel.tick_params(length=0)
    panel.set_title(plots.fitted(f"{heading(study, recipe)}, training split", SHARE * plots.NARROW))
    return figure


def tiled(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, list[float]]:
    """Return images as one, a row of them below the other on white, and the height of each row's middle.

    Args:
        rows: of each row its images (n, height, width, channels), uint8; a short row is white at its end.

    Returns:
        The sheet (height, width, channels), uint8, and the middles in pixels.
    """
    high, wide, channels = rows[0].shape[1:]
    most = max(len(row) for row in rows)
    sheet = np.full((len(rows) * (high + GAP) - GAP, most * (wide + GAP) - GAP, channels), 255, np.uint8)
    for down, row in enumerate(rows):
        for along, image in enumerate(row):
            top, left = down * (high + GAP), along * (wide + GAP)
            sheet[top : top + high, left : left + wide] = image
    return sheet, [down * (high + GAP) + high / 2 for down in range(len(rows))]


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


def show_image(panel: Axes, image: np.ndarray) -> None:
    """Show an image (height, width, channels) without axes."""
    plots.heat_map(panel, image if image.shape[-1] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=255)
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set_visible(False)

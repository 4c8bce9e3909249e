"""Synthetic blood cells whose best possible accuracy is known.

Eight classes are the eight combinations of three binary traits: how long the nucleus is, how blue the cytoplasm is,
how strongly granules stand out. Each trait shows in the image through one number drawn from a normal distribution
around -distance or +distance, so neighbouring classes overlap in each of them; then some labels are replaced. No single
trait tells more than two groups of four classes apart. Position, size, rotation, lighting and pixel noise carry
nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from replisome.errors import ReplisomeError

TRAITS = ("nucleus", "colour", "granules")
CLASS_NAMES = tuple(
    f"{shape}, {colour}, {granules}"
    for shape in ("round", "long")
    for colour in ("pink", "blue")
    for granules in ("smooth", "granular")
)
GRANULES = 14  # dots in a cell; their contrast is the trait
CHUNK = 512  # cells drawn at a time, to bound memory


class Cells(NamedTuple):
    """Drawn cells: images (n, side, side, 3) uint8, labels (n,) int64, and what the oracle answers (n,) int64."""

    images: np.ndarray
    labels: np.ndarray
    oracle: np.ndarray


class Control(NamedTuple):
    """The splits of a drawn data set, its classes and the accuracy that no classifier beats in expectation."""

    splits: dict[str, Cells]
    class_names: tuple[str, ...]
    ceiling: float


def draw_cells(
    *,
    train: int = 3000,
    validation: int = 1000,
    test: int = 1000,
    side: int = 28,
    distance: float = 2.2,
    label_noise: float = 0.06,
    pixel_noise: float = 5.0,
    seed: int = 1,
) -> Control:
    """Draw a data set of square images.

    Args:
        train: number of images in the training split.
        validation: number of images in the validation split.
        test: number of images in the test split.
        side: width and height of an image, in pixels.
        distance: half the gap between the two means of a trait, in standard deviations.
        label_noise: share of the labels that are replaced by another class.
        pixel_noise: standard deviation of the noise of each pixel, in grey levels.
        seed: of all random draws; each split has a stream of its own.

    Returns:
        The splits, the names of the eight classes and the best possible accuracy.

    Raises:
        ReplisomeError: a count below 8, a side below 12 or a share of noise outside [0, 0.5].
    """
    if min(train, validation, test) < 8 or side < 12 or not 0 <= label_noise <= 0.5:
        raise ReplisomeError(
            "control 'cells': needs at least 8 images a split, a side of at least 12 and label_noise in [0, 0.5]."
        )
    streams = np.random.SeedSequence(seed).spawn(3)
    sizes = {"train": train, "validation": validation, "test": test}
    splits = {
        name: _draw_split(np.random.default_rng(stream), size, side, distance, label_noise, pixel_noise)
        for (name, size), stream in zip(sizes.items(), streams, strict=True)
    }
    return Control(splits, CLASS_NAMES, ceiling(distance, label_noise))


def ceiling(distance: float, label_noise: float) -> float:
    """Return the accuracy of the Bayes classifier, which sees the three traits exactly and takes the nearer mean.

    All three signs are right with probability Phi(distance)**3; then the label must have been kept. A wrong guess is
    right by luck if the label was replaced by just that class, one of seven.
    """
    clean = float(norm.cdf(distance)) ** len(TRAITS)
    return clean * (1 - label_noise) + (1 - clean) * label_noise / (len(CLASS_NAMES) - 1)


def _draw_split(
    rng: np.random.Generator, size: int, side: int, distance: float, label_noise: float, pixel_noise: float
) -> Cells:
    bits = rng.integers(0, 2, size=(size, len(TRAITS)))
    traits = rng.normal((2 * bits - 1) * distance, 1.0)
    weights = 2 ** np.arange(len(TRAITS))[::-1]
    labels = bits @ weights
    replaced = rng.random(size) < label_noise
    shift = rng.integers(1, len(CLASS_NAMES), size=size)
    labels = np.where(replaced, (labels + shift) % len(CLASS_NAMES), labels)
    visible = np.clip(traits / (distance + 2) / 2 + 0.5, 0, 1)
    images = np.concatenate(
        [_render(rng, visible[start : start + CHUNK], side, pixel_noise) for start in range(0, size, CHUNK)]
    )
    return Cells(images, labels.astype(np.int64), ((traits > 0) @ weights).astype(np.int64))


def _render(rng: np.random.Generator, visible: np.ndarray, side: int, pixel_noise: float) -> np.ndarray:
    """Draw cells whose traits, scaled to 0..1, are ``visible`` (n, 3); returns (n, side, side, 3) uint8."""
    n = len(visible)
    length, blue, granular = (visible[:, k, None, None] for k in range(3))

    def nuisance(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, size=(n, 1, 1))

    axis = (np.arange(side) + 0.5) / side * 2 - 1
    x = axis[None, None, :] - nuisance(-0.1, 0.1)
    y = axis[None, :, None] - nuisance(-0.1, 0.1)
    radius, angle, light = nuisance(0.78, 0.9), nuisance(0, np.pi), nuisance(0.94, 1.04)
    cell = _inside(np.hypot(x, y) / radius, side)

    # The nucleus keeps its area while it stretches, so that only its form tells.
    stretch = 1.0 + 3.0 * length
    along = (x * np.cos(angle) + y * np.sin(angle)) / np.sqrt(stretch)
    across = (-x * np.sin(angle) + y * np.cos(angle)) * np.sqrt(stretch)
    nucleus = _inside(np.hypot(along, across) / (0.42 * radius), side)

    distance = radius * np.sqrt(rng.uniform(0.35, 0.85, size=(n, 1, GRANULES)))
    direction = rng.uniform(0, 2 * np.pi, size=(n, 1, GRANULES))
    dots = np.zeros((n, side, side))
    width = 2.2 / side
    for k in range(GRANULES):
        dx = x - (distance * np.cos(direction))[:, :, k, None]
        dy = y - (distance * np.sin(direction))[:, :, k, None]
        dots = np.maximum(dots, np.exp(-(dx**2 + dy**2) / (2 * width**2)))

    background = np.array([236.0, 222.0, 214.0])
    pink, azure = np.array([232.0, 178.0, 190.0]), np.array([164.0, 178.0, 226.0])
    violet, dark = np.array([112.0, 62.0, 140.0]), np.array([70.0, 24.0, 60.0])
    cytoplasm = pink + blue[..., None] * (azure - pink)
    image = background + cell[..., None] * (cytoplasm - background)
    image = image + nucleus[..., None] * (violet - image)
    image = image + (0.9 * granular * dots * cell)[..., None] * (dark - image)
    image = image * light[..., None] + rng.normal(0, pixel_noise, size=image.shape)
    pixels: np.ndarray = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return pixels


def _inside(relative: np.ndarray, side: int) -> np.ndarray:
    """Return 1 inside the unit outline and 0 outside, with an edge about a pixel soft."""
    soft: np.ndarray = expit(-(relative - 1) * side / 2)
    return soft

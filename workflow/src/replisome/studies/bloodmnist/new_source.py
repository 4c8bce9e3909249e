"""Images of one's own: what is in an npz file in the format of MedMNIST."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replisome.data.new_source import Examined, NewSource, counted, listed
from replisome.errors import ReplisomeError

SMALLEST = 8  # pixels a side: what three poolings of the study's network leave one pixel of
FEW = 20  # images of a class in test, below which its share of right answers says little


def examine(name: str, file: Path | None, options: Mapping[str, str]) -> Examined:
    """Read the images as ``prepare`` does, and say what is in them.

    Args:
        name: of the new data set.
        file: the npz file.
        options: ``classes``, class names in the order of the labels, with commas between them.

    Returns:
        Splits, classes, counts, size, channels and duplicates.

    Raises:
        ReplisomeError: no such npz file, or images that the study's network cannot take.
    """
    import numpy as np  # noqa: PLC0415 -- not needed for help

    from replisome.studies.bloodmnist import data  # noqa: PLC0415

    assert file is not None
    given = [word.strip() for word in options["classes"].split(",")] if options.get("classes") else []
    if given and (len(set(given)) < len(given) or not all(given) or len(given) < 2):
        raise ReplisomeError("--classes: give two class names or more, each once, with commas between them.")
    splits = data.read_npz(file, len(given) or None)
    classes = len(given) or max(int(split.labels.max()) for split in splits.values()) + 1
    height, width, channels = splits["train"].pixels.shape[1:]
    if min(height, width) < SMALLEST:
        raise ReplisomeError(
            f"{file}: images of {height} x {width} pixels; the network pools three times and needs at least "
            f"{SMALLEST} x {SMALLEST}: enlarge them."
        )
    if classes < 2:
        raise ReplisomeError(f"{file}: key 'train_labels' has one class only; there is nothing to tell apart.")
    duplicates = data.find_duplicates(splits, data.digests_of(splits))
    counts = {split: np.bincount(images.labels, minlength=classes).tolist() for split, images in splits.items()}
    names = given or [str(number) for number in range(classes)]
    found = [
        ("images", ", ".join(f"{split} {sum(numbers):,}" for split, numbers in counts.items())),
        ("size", f"{height} x {width} pixels, {counted(channels, 'channel')}, uint8"),
        ("classes", f"{classes}: {listed(names, 10)}"),
        *((f"{split} by class", listed([f"{count:,}" for count in counts[split]], 20)) for split in counts),
        ("identical images", _duplicates(duplicates)),
    ]
    notes = []
    if duplicates["crossing_groups"]:
        notes.append("Recipe 'sound' drops an image that stands again in a later split; 'reported' leaves it in.")
    if duplicates["conflicting_groups"]:
        notes.append("Identical images with different labels: no network can get all of them right.")
    for split in ("validation", "test"):
        missing = [names[number] for number, count in enumerate(counts[split]) if not count]
        if missing:
            notes.append(f"The {split} split has no image of: {listed(missing)}.")
    few = [names[number] for number, count in enumerate(counts["test"]) if 0 < count < FEW]
    if few:
        notes.append(f"Fewer than {FEW} test images of: {listed(few)}; their scores will be uncertain.")
    entry: dict[str, Any] = {"classes": given} if given else {}
    return Examined(
        found, {"only": ["variants", "variants_sound"], "replace": {"bloodmnist": name}}, notes=notes, entry=entry
    )


def _duplicates(found: Mapping[str, Any]) -> str:
    if not found["groups"]:
        return "none"
    return (
        f"{found['images']:,} in {counted(found['groups'], 'group')}, {found['crossing_groups']:,} of them across "
        f"splits, {found['conflicting_groups']:,} with different labels"
    )


SOURCE = NewSource(
    kind="dataset",
    takes="images as an npz file in the format of MedMNIST: train_images, train_labels, val_..., test_...",
    suffixes=(".npz",),
    options={"classes": "class names in the order of the labels, with commas between them"},
    examine=examine,
    dataset="bloodmnist",
)

"""From a MedMNIST file, or the control, to checked splits; duplicates found, counted and, where asked, dropped."""

from __future__ import annotations

import hashlib
import importlib
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from replisome.data.duplicates import unleaked
from replisome.data.encode.zscore import ChannelStatistics, channel_statistics, half_range
from replisome.data.parquet import array_column
from replisome.data.prepared import Prepared, Stream
from replisome.data.raw_files import RawFile
from replisome.errors import ReplisomeError, did_you_mean
from replisome.studies.bloodmnist.npz import Grey, Held, Member, Pixels, open_npz

KEYS = {"train": "train", "validation": "val", "test": "test"}  # ours -> the file's
ORDER = list(KEYS)


class Images(NamedTuple):
    """One split, or some of its rows.

    Attributes:
        pixels: all images of the split in the file, (n, height, width, channels) uint8, read in batches.
        labels: of the rows that are kept, (rows,) int64.
        rows: which of the file's rows are kept, (rows,) int64, in rising order.
    """

    pixels: Pixels
    labels: np.ndarray
    rows: np.ndarray

    def keep(self, mask: np.ndarray) -> Images:
        """Return the rows where ``mask`` (rows,) is true."""
        return Images(self.pixels, self.labels[mask], self.rows[mask])

    def batches(self) -> Iterator[np.ndarray]:
        """Yield the images of the rows kept, in order: (batch, height, width, channels) uint8."""
        start = 0
        for batch in self.pixels.batches():
            first, last = np.searchsorted(self.rows, [start, start + len(batch)])
            if last > first:
                yield batch[self.rows[first:last] - start]
            start += len(batch)


def prepare(recipe: Mapping[str, Any], files: Mapping[str, RawFile]) -> Prepared:
    """Carry out a recipe: read, check, find duplicates, drop leaks if the split says so, compute statistics.

    Images are read, compared and written in batches: memory holds labels, digests and a batch, however large the file.

    Args:
        recipe: the recipe's block of the study file, with its ``name``.
        files: the downloaded npz file under the name of the recipe's data set; empty for a control.

    Returns:
        Of each split a row an image: ``row`` in the file (int64), ``label`` (int16) and ``image`` (height x width x
        channels, uint8, as a fixed-size list). The statistics hold mean and standard deviation a channel, of pixels
        scaled to 0..1. The card holds class names, counts, duplicates, and a control's ceiling.

    Raises:
        ReplisomeError: anything wrong with the file; the message names the file, the key and the remedy.
    """
    raw = files.get(recipe["source"].get("dataset"))
    splits, names, extra = _control(recipe) if raw is None else read(*raw, **recipe["source"].get("options", {}))
    digests = digests_of(splits)
    duplicates = find_duplicates(splits, digests)
    dropped = dict.fromkeys(ORDER, 0)
    if recipe["split"] == "official-deduplicated":
        splits, dropped = drop_leaks(splits, digests)
        _check_what_is_left(splits, len(names), raw and raw.path)
    if raw is not None and "max_train" in extra:
        splits = _with_less_to_train_on(splits, extra["max_train"], len(names), raw.path)
    train = splits["train"]
    shape = list(train.pixels.shape[1:])
    zscore = recipe["normalisation"] == "zscore"
    statistics = channel_statistics(train.batches(), shape[-1]) if zscore else half_range(shape[-1])
    card = {
        **extra,
        "image_shape": shape,
        "class_names": list(names),
        "counts": {split: np.bincount(d.labels, minlength=len(names)).tolist() for split, d in splits.items()},
        "dropped": dropped,
        "duplicates": duplicates,
    }
    metadata = {"shape": shape, "dtype": "uint8", "class_names": list(names), **_as_dict(statistics)}
    return Prepared(
        tables={split: _stream(data, metadata) for split, data in splits.items()},
        statistics={
            **_as_dict(statistics),
            "from": "training split" if zscore else "fixed constants",
            "n": len(train.labels),
            "shape": shape,
            "classes": len(names),
        },
        card=card,
    )


def _as_dict(statistics: ChannelStatistics) -> dict[str, list[float]]:
    return {"channel_mean": list(statistics.mean), "channel_std": list(statistics.std)}


def _stream(data: Images, metadata: Mapping[str, Any]) -> Stream:
    width = prod(data.pixels.shape[1:])
    schema = pa.schema([("row", pa.int64()), ("label", pa.int16()), ("image", pa.list_(pa.uint8(), width))])

    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for images in data.batches():
            here = slice(start, start + len(images))
            columns = (data.rows[here], data.labels[here].astype(np.int16), images)
            yield pa.RecordBatch.from_arrays([array_column(values) for values in columns], schema=schema)
            start += len(images)

    return Stream(schema, batches(), metadata)


def _control(recipe: Mapping[str, Any]) -> tuple[dict[str, Images], tuple[str, ...], dict[str, Any]]:
    # By name, so that the fingerprint of a recipe on real data does not cover the control; tracking/stage_key.py adds
    # it where due.
    module = importlib.import_module("replisome.studies.bloodmnist.control")
    control = module.draw_cells(**recipe["source"].get("options", {}))
    splits = {n: Images(Held(c.images), c.labels, np.arange(len(c.labels))) for n, c in control.splits.items()}
    oracle = {n: float(np.mean(c.oracle == c.labels)) for n, c in control.splits.items()}
    extra = {"ceiling": {"metric": "accuracy", "expected": control.ceiling, "oracle_on_this_draw": oracle}}
    return splits, control.class_names, extra


def read(
    raw: Path, entry: Mapping[str, Any], *, max_train: int | None = None
) -> tuple[dict[str, Images], tuple[str, ...], dict[str, Any]]:
    """Read a two-dimensional MedMNIST file; the number of images is checked where the official one is known.

    Args:
        raw: the npz file.
        entry: its entry in the ledger; ``medmnist`` names it in the package, ``classes`` lists its class names.
        max_train: use no more training images than the first so many; None: all. Duplicates are looked for in all.

    Returns:
        The splits with all images, the class names in the order of the labels, and for the card the limit, if any.

    Raises:
        ReplisomeError: the file is not as it should be.
    """
    info = medmnist_info(entry["medmnist"]) if entry.get("medmnist") else {}
    names: tuple[str, ...] = tuple(entry.get("classes") or info.get("label", {}).values())
    splits = read_npz(raw, len(names) or None)
    names = names or tuple(str(k) for k in range(int(splits["train"].labels.max()) + 1))
    expected = {ours: info.get("n_samples", {}).get(theirs) for ours, theirs in KEYS.items()}
    for split, data in splits.items():
        if expected[split] is not None and len(data.labels) != expected[split]:
            raise ReplisomeError(
                f"{raw}: split '{split}' has {len(data.labels)} images, the official file has {expected[split]}; "
                "fetch the file again."
            )
    return splits, names, {} if max_train is None else {"max_train": max_train}


def medmnist_info(flag: str) -> dict[str, Any]:
    """Return a data set's entry in ``medmnist.INFO``.

    It is imported here and not above, so that planning never does: medmnist imports torch, and makes a folder at home.

    Raises:
        ReplisomeError: no such data set.
    """
    with warnings.catch_warnings():
        # Where home cannot be written to it warns that there is no folder for its downloads, which are not used here.
        warnings.filterwarnings("ignore", message="Failed to setup default root")
        known: dict[str, dict[str, Any]] = importlib.import_module("medmnist").INFO
    if flag not in known:
        raise ReplisomeError(f"config/datasets.yaml: no MedMNIST data set '{flag}'{did_you_mean(flag, known)}")
    return known[flag]


def read_npz(path: Path, classes: int | None) -> dict[str, Images]:
    """Read a two-dimensional MedMNIST file with one label an image; grey images get one channel.

    Labels are read, images are not yet.

    Raises:
        ReplisomeError: cut off, not an npz, a key missing, wrong dtype or shape, NaN, labels out of range, no image of
            some class in training.
    """
    get = open_npz(path)
    splits = {split: _check(path, key, get(f"{key}_images"), get(f"{key}_labels")) for split, key in KEYS.items()}
    shapes = {data.pixels.shape[1:] for data in splits.values()}
    if len(shapes) > 1:
        raise ReplisomeError(f"{path}: the splits hold images of different shapes: {sorted(shapes)}.")
    classes = classes or int(splits["train"].labels.max()) + 1
    for split, data in splits.items():
        if data.labels.max() >= classes:
            raise ReplisomeError(
                f"{path}: key '{KEYS[split]}_labels' has label {data.labels.max()}, but there are only {classes} "
                "classes (0 is the first); correct the file or the 'classes' of config/datasets.yaml."
            )
    missing = _unseen(splits, classes)
    if missing:
        raise ReplisomeError(f"{path}: key 'train_labels' has no image of class {min(missing)}; it cannot be learnt.")
    return splits


def _check(path: Path, key: str, images: Member, labels: Member) -> Images:
    at = f"{path}: key '{key}_images'"
    if np.issubdtype(images.dtype, np.floating) and (lost := sum(int(np.isnan(b).sum()) for b in images.batches())):
        raise ReplisomeError(f"{at} holds {lost} NaN values; images must be uint8.")
    if images.dtype != np.uint8:
        raise ReplisomeError(f"{at} has dtype {images.dtype}; MedMNIST images are uint8 (0 to 255): convert them.")
    shape = (*images.shape, 1) if len(images.shape) == 3 else images.shape
    if len(shape) != 4 or shape[-1] not in (1, 3) or 0 in shape:
        raise ReplisomeError(
            f"{at} has shape {images.shape}; expected (images, height, width) or (images, height, width, 1 or 3)."
        )
    at = f"{path}: key '{key}_labels'"
    if len(labels.shape) == 2 and labels.shape[1] > 1:
        raise ReplisomeError(f"{at} has {labels.shape[1]} labels an image; this study takes one.")
    if prod(labels.shape) != shape[0]:
        raise ReplisomeError(f"{at} has {prod(labels.shape)} labels for {shape[0]} images; the file is inconsistent.")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ReplisomeError(f"{at} has dtype {labels.dtype}; labels must be whole numbers without NaN.")
    numbers = labels.array().reshape(-1).astype(np.int64)
    if numbers.min() < 0:
        raise ReplisomeError(f"{at} has the negative label {numbers.min()}; labels count from 0.")
    return Images(Grey(images) if len(images.shape) == 3 else images, numbers, np.arange(len(numbers)))


def _unseen(splits: Mapping[str, Images], classes: int) -> set[int]:
    """Return the classes that training has no image of."""
    return set(range(classes)) - set(splits["train"].labels.tolist())


def _check_what_is_left(splits: Mapping[str, Images], classes: int, raw: Path | None) -> None:
    """Refuse data of which deduplication leaves too little to learn from."""
    for split, data in splits.items():
        if not len(data.labels):
            raise ReplisomeError(f"{raw}: every image of split '{split}' stands again in a later split; none is left.")
    missing = _unseen(splits, classes)
    if missing:
        raise ReplisomeError(f"{raw}: every training image of class {min(missing)} stands again in a later split.")


def _with_less_to_train_on(splits: Mapping[str, Images], most: int, classes: int, raw: Path) -> dict[str, Images]:
    """Return the splits with no more training images than the first so many.

    Raises:
        ReplisomeError: a class is not among them.
    """
    train = splits["train"]
    found = {**splits, "train": train.keep(np.arange(len(train.labels)) < most)}
    missing = _unseen(found, classes)
    if missing:
        raise ReplisomeError(
            f"{raw}: the first {most} training images hold none of class {min(missing)}; raise 'max_train' in the "
            "recipe's source.options."
        )
    return found


def digests_of(splits: Mapping[str, Images]) -> dict[str, list[bytes]]:
    """Return by split what tells its images apart, 16 bytes an image."""

    def digest(image: np.ndarray) -> bytes:
        return hashlib.blake2b(image.tobytes(), digest_size=16).digest()

    return {split: [digest(image) for batch in data.batches() for image in batch] for split, data in splits.items()}


def find_duplicates(splits: Mapping[str, Images], digests: Mapping[str, Sequence[bytes]]) -> dict[str, Any]:
    """Group byte-identical images over all splits.

    Args:
        splits: their labels and rows.
        digests: by split, those of its images.

    Returns:
        Counts of groups, of groups that cross splits and of groups whose labels disagree, and one record a group.
    """
    members: dict[bytes, list[tuple[str, int, int]]] = defaultdict(list)
    for split, data in splits.items():
        for digest, row, label in zip(digests[split], data.rows, data.labels, strict=True):
            members[digest].append((split, int(row), int(label)))
    groups = [group for group in members.values() if len(group) > 1]
    return {
        "groups": len(groups),
        "images": sum(len(group) for group in groups),
        "crossing_groups": sum(len({split for split, _, _ in group}) > 1 for group in groups),
        "conflicting_groups": sum(len({label for _, _, label in group}) > 1 for group in groups),
        "members": [[{"split": split, "row": row, "label": label} for split, row, label in group] for group in groups],
    }


def drop_leaks(
    splits: Mapping[str, Images], digests: Mapping[str, Sequence[bytes]]
) -> tuple[dict[str, Images], dict[str, int]]:
    """Drop from training and validation every image that also stands in a later split.

    Args:
        splits: the images.
        digests: by split, those of its images.

    Returns:
        The splits that remain and how many images each lost.
    """
    masks = unleaked(digests)
    kept = {split: data.keep(masks[split]) for split, data in splits.items()}
    return kept, {split: int((~mask).sum()) for split, mask in masks.items()}

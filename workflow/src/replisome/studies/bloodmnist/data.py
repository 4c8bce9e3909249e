"""From a MedMNIST file, or the control, to checked splits; duplicates found, counted and, where asked, dropped."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from replisome.data.duplicates import unleaked
from replisome.data.encode.zscore import ChannelStatistics, channel_statistics, half_range
from replisome.data.parquet import array_column
from replisome.data.prepared import Prepared
from replisome.data.raw_files import RawFile
from replisome.errors import ReplisomeError, did_you_mean

KEYS = {"train": "train", "validation": "val", "test": "test"}  # ours -> the file's
ORDER = list(KEYS)


class Images(NamedTuple):
    """One split: images (n, height, width, channels) uint8, labels (n,) int64, row in the file (n,) int64."""

    images: np.ndarray
    labels: np.ndarray
    rows: np.ndarray

    def keep(self, mask: np.ndarray) -> Images:
        """Return the rows where ``mask`` (n,) is true."""
        return Images(self.images[mask], self.labels[mask], self.rows[mask])


def prepare(recipe: Mapping[str, Any], files: Mapping[str, RawFile]) -> Prepared:
    """Carry out a recipe: read, check, find duplicates, drop leaks if the split says so, compute statistics.

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
    splits, names, extra = _control(recipe) if raw is None else read(*raw)
    duplicates = find_duplicates(splits)
    dropped = dict.fromkeys(ORDER, 0)
    if recipe["split"] == "official-deduplicated":
        splits, dropped = drop_leaks(splits)
        _check_what_is_left(splits, len(names), raw and raw.path)
    train = splits["train"].images
    channels = train.shape[-1]
    statistics = channel_statistics(train) if recipe["normalisation"] == "zscore" else half_range(channels)
    shape = list(train.shape[1:])
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
        tables={split: (_table(data), metadata) for split, data in splits.items()},
        statistics={
            **_as_dict(statistics),
            "from": "training split" if recipe["normalisation"] == "zscore" else "fixed constants",
            "n": len(train),
            "shape": shape,
            "classes": len(names),
        },
        card=card,
    )


def _as_dict(statistics: ChannelStatistics) -> dict[str, list[float]]:
    return {"channel_mean": list(statistics.mean), "channel_std": list(statistics.std)}


def _table(data: Images) -> pa.Table:
    columns = {"row": data.rows, "label": data.labels.astype(np.int16), "image": data.images}
    return pa.table({name: array_column(values) for name, values in columns.items()})


def _control(recipe: Mapping[str, Any]) -> tuple[dict[str, Images], tuple[str, ...], dict[str, Any]]:
    # By name, so that the fingerprint of a recipe on real data does not cover the control; tracking/stage_key.py adds
    # it where due.
    module = importlib.import_module("replisome.studies.bloodmnist.control")
    control = module.draw_cells(**recipe["source"].get("options", {}))
    splits = {n: Images(c.images, c.labels, np.arange(len(c.labels))) for n, c in control.splits.items()}
    oracle = {n: float(np.mean(c.oracle == c.labels)) for n, c in control.splits.items()}
    extra = {"ceiling": {"metric": "accuracy", "expected": control.ceiling, "oracle_on_this_draw": oracle}}
    return splits, control.class_names, extra


def read(raw: Path, entry: Mapping[str, Any]) -> tuple[dict[str, Images], tuple[str, ...], dict[str, Any]]:
    """Read a two-dimensional MedMNIST file; the number of images is checked where the official one is known.

    Args:
        raw: the npz file.
        entry: its entry in the ledger; ``medmnist`` names it in the package, ``classes`` lists its class names.

    Returns:
        The splits, the class names in the order of the labels, and nothing more for the card.

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
    return splits, names, {}


def medmnist_info(flag: str) -> dict[str, Any]:
    """Return a data set's entry in ``medmnist.INFO``, read from its source: importing medmnist makes a folder at home.

    Raises:
        ReplisomeError: no such data set.
    """
    spec = importlib.util.find_spec("medmnist")
    if spec is None or spec.origin is None:
        raise ReplisomeError("the package medmnist is not installed; run make to set up the environment.")
    for node in ast.parse((Path(spec.origin).parent / "info.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "INFO":
            info: dict[str, dict[str, Any]] = ast.literal_eval(node.value)
            if flag not in info:
                raise ReplisomeError(f"config/datasets.yaml: no MedMNIST data set '{flag}'{did_you_mean(flag, info)}")
            return info[flag]
    raise ReplisomeError("medmnist: its info.py holds no INFO; install the pinned version.")


def read_npz(path: Path, classes: int | None) -> dict[str, Images]:
    """Read a two-dimensional MedMNIST file with one label an image; grey images get one channel.

    Raises:
        ReplisomeError: cut off, not an npz, a key missing, wrong dtype or shape, NaN, labels out of range, no image of
            some class in training.
    """
    try:
        with path.open("rb") as handle:
            archive = np.load(handle, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ReplisomeError(f"{path}: holds a single array (npy), not an npz file of named arrays.")
            with archive:
                arrays = {key: archive[key] for key in archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise ReplisomeError(
            f"{path}: not a readable npz file ({error}); it may be cut off: delete it and download again."
        ) from None
    splits = {}
    for split, key in KEYS.items():
        images = _get(arrays, f"{key}_images", path)
        labels = _get(arrays, f"{key}_labels", path)
        splits[split] = _check(path, key, images, labels)
    shapes = {data.images.shape[1:] for data in splits.values()}
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


def _get(arrays: Mapping[str, np.ndarray], key: str, path: Path) -> np.ndarray:
    if key not in arrays:
        raise ReplisomeError(f"{path}: key '{key}' is missing (present: {', '.join(sorted(arrays))}).")
    return arrays[key]


def _check(path: Path, key: str, images: np.ndarray, labels: np.ndarray) -> Images:
    at = f"{path}: key '{key}_images'"
    if np.issubdtype(images.dtype, np.floating) and np.isnan(images).any():
        raise ReplisomeError(f"{at} holds {int(np.isnan(images).sum())} NaN values; images must be uint8.")
    if images.dtype != np.uint8:
        raise ReplisomeError(f"{at} has dtype {images.dtype}; MedMNIST images are uint8 (0 to 255): convert them.")
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
        raise ReplisomeError(
            f"{at} has shape {images.shape}; expected (images, height, width) or (images, height, width, 1 or 3)."
        )
    at = f"{path}: key '{key}_labels'"
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise ReplisomeError(f"{at} has {labels.shape[1]} labels an image; this study takes one.")
    if labels.size != len(images):
        raise ReplisomeError(f"{at} has {labels.size} labels for {len(images)} images; the file is inconsistent.")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ReplisomeError(f"{at} has dtype {labels.dtype}; labels must be whole numbers without NaN.")
    labels = labels.reshape(-1).astype(np.int64)
    if labels.min() < 0:
        raise ReplisomeError(f"{at} has the negative label {labels.min()}; labels count from 0.")
    return Images(images, labels, np.arange(len(labels)))


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


def _digests(images: np.ndarray) -> list[bytes]:
    return [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in np.ascontiguousarray(images)]


def find_duplicates(splits: Mapping[str, Images]) -> dict[str, Any]:
    """Group byte-identical images over all splits.

    Returns counts of groups, of groups that cross splits and of groups whose labels disagree, and one record a group.
    """
    members: dict[bytes, list[tuple[str, int, int]]] = defaultdict(list)
    for split, data in splits.items():
        for digest, row, label in zip(_digests(data.images), data.rows, data.labels, strict=True):
            members[digest].append((split, int(row), int(label)))
    groups = [group for group in members.values() if len(group) > 1]
    return {
        "groups": len(groups),
        "images": sum(len(group) for group in groups),
        "crossing_groups": sum(len({split for split, _, _ in group}) > 1 for group in groups),
        "conflicting_groups": sum(len({label for _, _, label in group}) > 1 for group in groups),
        "members": [[{"split": split, "row": row, "label": label} for split, row, label in group] for group in groups],
    }


def drop_leaks(splits: Mapping[str, Images]) -> tuple[dict[str, Images], dict[str, int]]:
    """Drop from training and validation every image that also stands in a later split.

    Returns the splits that remain and how many images each lost.
    """
    masks = unleaked({split: _digests(data.images) for split, data in splits.items()})
    kept = {split: data.keep(masks[split]) for split, data in splits.items()}
    return kept, {split: int((~mask).sum()) for split, mask in masks.items()}

"""A user's own images for a finished run: png and jpg files, folders of them, and npz files.

Nothing is resized and no colour is converted: an image that is not as training's were would be answered, and wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import torch
from PIL import Image, UnidentifiedImageError

from replisome.config.catalogue import Output
from replisome.data.parquet import array_column
from replisome.errors import ReplisomeError
from replisome.studies.bloodmnist.npz import Member, open_npz
from replisome.studies.bloodmnist.task import ImageClassification, ImageSplit
from replisome.training.new_data import Answer, Batch, Beside, groups
from replisome.training.signature import class_names

INPUT = "images (.png, .jpg), folders of them, or .npz"

PICTURES = (".png", ".jpg", ".jpeg")
ARRAYS = ("images", "train_images", "val_images", "test_images")  # of an npz file: our name, or MedMNIST's three
MODES = {1: "L", 3: "RGB"}  # Pillow's names of 8-bit images, by channels
COLOURS = {1: "grey", 3: "RGB"}


class Item(NamedTuple):
    """An image (height, width, channels) uint8, where it is from, and how much of the input was read with it."""

    file: str
    image: int
    pixels: np.ndarray
    share: float


def read(
    task: ImageClassification, inputs: Sequence[Path], size: int, device: torch.device, beside: Beside
) -> Iterator[Batch]:
    """Read images in batches, as the run's own test images are read.

    Args:
        task: of the run's recipe, whose images have ``task.shape``.
        inputs: png, jpg and npz files, and folders of png and jpg.
        size: images of a batch.
        device: where tensors go.
        beside: takes how many files in folders were passed over.

    Yields:
        Images named by ``file`` and ``image``, which counts from 0 within a file.

    Raises:
        ReplisomeError: no image, a broken one, or one of another size, other channels or another type.
    """
    files = _files(inputs, beside)
    mean, std = (torch.tensor(values, dtype=torch.float32, device=device) for values in (task.mean, task.std))
    for group in groups(_items(files, task.shape), size):
        images = torch.from_numpy(np.stack([item.pixels for item in group])).to(device)
        labels = torch.zeros(len(group), dtype=torch.int64, device=device)  # nobody knows them
        inputs_, targets = ImageSplit(images, labels, mean, std).batch(torch.arange(len(group), device=device))
        names = {
            "file": np.array([item.file for item in group], dtype=object),
            "image": np.array([item.image for item in group]),
        }
        yield Batch(names, inputs_, targets, group[-1].share)


def answers(task: ImageClassification, outputs: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
    """Return the probability of each class.

    Args:
        task: of the run's recipe.
        outputs: logits or probabilities (n, classes), float32.
        gives: which of the two.

    Returns:
        ``probability`` (n, classes), float32, adding up to 1.
    """
    unknown = np.zeros(len(outputs), np.int64)
    return {"probability": task.predictions(outputs, unknown, gives)["probabilities"]}


def tabulate(task: ImageClassification, answers: Iterator[Answer], beside: Beside) -> Iterator[pa.Table]:
    """Yield a row an image.

    Args:
        task: of the run's recipe.
        answers: probabilities.
        beside: takes nothing more.

    Yields:
        ``file``, ``image``, ``predicted`` (the number of the likeliest class), ``class`` (its name), ``probability``
        (of that class) and a column ``p_<class>`` for each, each followed by its ``_sd`` over networks where there are
        several.
    """
    names = _names(task)
    for answer in answers:
        shares, rows = answer.values["probability"], np.arange(len(answer.values["probability"]))
        predicted = shares.argmax(axis=1)
        columns = {
            **answer.names,
            "predicted": predicted.astype(np.int16),
            "class": np.array(names, dtype=object)[predicted],
        }
        spread = {} if answer.spread is None else {"_sd": answer.spread["probability"]}
        for ending, values in {"": shares, **spread}.items():
            columns[f"probability{ending}"] = values[rows, predicted]
        for number, name in enumerate(names):
            for ending, values in {"": shares, **spread}.items():
                columns[f"p_{name}{ending}"] = values[:, number]
        yield pa.table({name: array_column(values) for name, values in columns.items()})


def _names(task: ImageClassification) -> list[str]:
    """Return the names of the classes as the data card has them; their numbers, where the card was not copied along."""
    names = class_names(task.recipe) or []
    return names if len(names) == task.data.outputs else [str(number) for number in range(task.data.outputs)]


def _files(inputs: Sequence[Path], beside: Beside) -> list[Path]:
    """Return the files that are given, those of folders in the order of their names, at any depth."""
    files = []
    for path in inputs:
        if not path.is_dir():
            files.append(path)
            continue
        inside = sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
        pictures = [one for one in inside if one.suffix.lower() in PICTURES]
        if not pictures:
            raise ReplisomeError(f"{path}: no .png or .jpg in this folder; give one that holds images.")
        if len(inside) > len(pictures):
            beside.note(f"{path}: {len(inside) - len(pictures)} files are neither .png nor .jpg and were passed over.")
        files += pictures
    return files


def _items(files: Sequence[Path], shape: tuple[int, ...]) -> Iterator[Item]:
    for number, path in enumerate(files):
        if path.suffix.lower() == ".npz":
            yield from _of_npz(path, shape, number, len(files))
        elif path.suffix.lower() in PICTURES:
            yield Item(str(path), 0, _picture(path, shape), (number + 1) / len(files))
        else:
            raise ReplisomeError(
                f"{path}: its ending, '{path.suffix}', is of none of these: {INPUT}; save it as one of them."
            )


def _picture(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the pixels (height, width, channels) uint8 of a png or jpg file."""
    height, width, channels = shape
    try:
        with Image.open(path) as image:
            if image.size != (width, height):
                raise ReplisomeError(f"{path}: is {image.height} x {image.width} pixels; {_fitting(shape)}")
            mode = image.mode
            if mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
                mode = "RGB"  # nothing shows through it: no colour changes
            if mode != MODES[channels]:
                raise ReplisomeError(f"{path}: is {_mode(mode)}; {_fitting(shape)}")
            return np.asarray(image.convert(mode)).reshape(shape)
    except UnidentifiedImageError:
        what = "empty" if not path.stat().st_size else "not a png or jpg file, whatever its ending says"
        raise ReplisomeError(f"{path}: is {what}; replace it, or leave it out.") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ReplisomeError(f"{path}: is cut off or damaged ({error}); replace it, or leave it out.") from None


def _mode(mode: str) -> str:
    known = {
        "L": "grey",
        "LA": "grey with transparency",
        "RGB": "in colour",
        "RGBA": "in colour with transparency",
        "P": "in colours of a palette",
        "1": "black and white",
        "CMYK": "in colours of print",
        "I;16": "of 16 bits a pixel",
    }
    return known.get(mode, f"of Pillow's mode {mode}")


def _of_npz(path: Path, shape: tuple[int, ...], number: int, of: int) -> Iterator[Item]:
    get = open_npz(path)
    with np.load(path) as archive:
        held = archive.files
    found = ["images"] if "images" in held else [name for name in ARRAYS if name in held]
    if not found:
        raise ReplisomeError(
            f"{path}: holds no array 'images', nor 'train_images', 'val_images' or 'test_images' as in MedMNIST "
            f"(present: {', '.join(held) or 'none'}); save it with numpy.savez(file, images=...)."
        )
    for name in found:
        member = get(name)
        _check(path, name, member, shape)
        count = 0
        for batch in member.batches():
            for pixels in batch:
                done = (count + 1) / max(1, member.shape[0])
                yield Item(f"{path}:{name}", count, pixels.reshape(shape), (number + done) / of)
                count += 1


def _check(path: Path, name: str, member: Member, shape: tuple[int, ...]) -> None:
    at = f"{path}: array '{name}'"
    if member.dtype != np.uint8:
        raise ReplisomeError(f"{at} has type {member.dtype}; intensities are uint8, 0 to 255: convert them.")
    fits = [shape, shape[:2]] if shape[2] == 1 else [shape]
    if member.shape[1:] not in fits:
        raise ReplisomeError(f"{at} has shape {member.shape}; {_fitting(shape)}")
    if not member.shape[0]:
        raise ReplisomeError(f"{at} is empty; give at least one image.")


def _fitting(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    return (
        f"this run takes {COLOURS[channels]} images of {height} x {width} pixels, 8 bits a channel. Bring it to that "
        "as the training images were; nothing is resized or converted here."
    )

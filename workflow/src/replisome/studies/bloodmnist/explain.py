"""Does an answer hold when the image is shifted? Each is asked about as it is, and moved by up to three pixels."""

from __future__ import annotations

import pyarrow as pa
import torch
from torch import Tensor, nn

from replisome.data.parquet import array_column
from replisome.studies.bloodmnist.task import ImageClassification, ImageSplit

# Rows and columns by which an image is moved: 1, 2 and 3 pixels down, up, right and left.
SHIFTS = tuple((far * down, far * right) for far in (1, 2, 3) for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)))
BATCH = 256


def explain(model: nn.Module, task: ImageClassification, split: ImageSplit) -> tuple[pa.Table, dict[str, object]]:
    """Ask a finished model about images and their shifted copies.

    Args:
        model: the run's model with the weights that are tested, in evaluation mode, on the device.
        task: what ``open_task`` gave.
        split: the validation split, as ``task.load`` gave it.

    Returns:
        A row an image: label, predicted, and shifted (12,), the classes predicted for the shifted copies in the order
        of the metadata's ``shifts``.
    """
    labels, answers = [], []
    with torch.inference_mode():
        for items in torch.split(torch.arange(len(split), device=split.labels.device), BATCH):
            images, targets = split.batch(items)
            copies = [images, *(shifted(images, down, right) for down, right in SHIFTS)]
            answers.append(torch.stack([model(copy).argmax(dim=1) for copy in copies], dim=1).cpu())
            labels.append(targets.cpu())
    found = torch.cat(answers).short().numpy()
    columns = {"label": torch.cat(labels).short().numpy(), "predicted": found[:, 0], "shifted": found[:, 1:]}
    table = pa.table({name: array_column(values) for name, values in columns.items()})
    return table, {"shifts": [list(shift) for shift in SHIFTS]}


def shifted(images: Tensor, down: int, right: int) -> Tensor:
    """Return images (n, channels, height, width) moved down and right; what comes in repeats the edge."""
    height, width = images.shape[2:]
    rows = (torch.arange(height, device=images.device) - down).clamp(0, height - 1)
    columns = (torch.arange(width, device=images.device) - right).clamp(0, width - 1)
    return images[:, :, rows][:, :, :, columns]

"""What the networks of this study take and give, and the size of its data before they are there.

``replisome export`` writes the first beside a network, ``replisome doctor`` reckons with the second. A study without
this module has both, with less to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from replisome.config.catalogue import Output
from replisome.tracking.introspect import keyword_defaults
from replisome.training.signature import Signature, Sketch
from replisome.training.task import Task


def signature(task: Any, gives: Output) -> Signature:
    """Describe rows and class scores."""
    scores = "probabilities of the classes" if gives == "probabilities" else "logits of the classes; softmax them"
    return Signature(
        {
            "meaning": "rows (batch, columns)",
            "scaling": "(value - mean) / std, column by column",
            "mean": task.statistics["mean"],
            "std": task.statistics["std"],
        },
        {"meaning": f"(batch, classes): {scores}", "unit": "none"},
    )


def sketch(recipe: Mapping[str, Any]) -> Sketch:
    """Return the number of columns, classes and rows; of a data set these are guesses until it is prepared."""
    options = recipe["source"].get("options", {})
    drawn = {**keyword_defaults(Path(__file__).with_name("control.py"), "draw_blobs"), **options}
    columns, rows = drawn["dimensions"], drawn["rows"]
    items = {"train": rows * 6 // 10, "validation": rows // 5, "test": rows // 5}
    return Sketch({"mean": [0.0] * columns, "std": [1.0] * columns, "classes": 2}, items, 4 * rows * (columns + 1))


def random_items(task: Task, number: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return rows (number, columns) and labels (number,)."""
    rows = torch.randn(number, *task.data.shape, generator=generator)
    return rows, torch.randint(0, task.data.outputs, (number,), generator=generator)

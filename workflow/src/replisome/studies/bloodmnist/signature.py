"""What the networks of this study take and give, and the size of its data before they are there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from replisome.config.catalogue import Output
from replisome.studies.bloodmnist.task import ImageClassification
from replisome.tracking.introspect import keyword_defaults
from replisome.training.signature import Signature, Sketch

OFFICIAL = {"train": 11_959, "validation": 1_712, "test": 3_421}  # images of BloodMNIST (Yang et al. 2023)
SHAPE, CLASSES = [28, 28, 3], 8


def signature(task: ImageClassification, gives: Output) -> Signature:
    """Describe images and class scores."""
    scores = "probabilities of the classes" if gives == "probabilities" else "logits of the classes; softmax them"
    return Signature(
        {
            "meaning": "images (batch, channels, height, width); three channels are red, green, blue",
            "scaling": "(pixel / 255 - channel_mean) / channel_std, of pixels 0..255",
            "channel_mean": task.mean,
            "channel_std": task.std,
        },
        {"meaning": f"(batch, classes): {scores}", "unit": "none"},
    )


def sketch(recipe: Mapping[str, Any]) -> Sketch:
    """Return the size of a recipe's images and splits."""
    source = recipe["source"]
    options = dict(source.get("options", {}))
    shape, items = SHAPE, dict(OFFICIAL)
    if "control" in source:
        drawn = {**keyword_defaults(Path(__file__).with_name("control.py"), f"draw_{source['control']}"), **options}
        shape, items = [drawn["side"], drawn["side"], 3], {split: drawn[split] for split in items}
    elif options.get("max_train"):
        items["train"] = min(items["train"], options["max_train"])
    half = [0.5] * shape[-1]
    statistics = {"shape": shape, "classes": CLASSES, "channel_mean": half, "channel_std": half}
    return Sketch(statistics, items, sum(items.values()) * math.prod(shape))


def random_items(task: ImageClassification, number: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return images (number, channels, height, width) and labels (number,)."""
    images = torch.randn(number, *task.data.shape, generator=generator).contiguous(memory_format=torch.channels_last)
    return images, torch.randint(0, task.data.outputs, (number,), generator=generator)

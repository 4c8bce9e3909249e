"""What the networks of this study take and give, and the size of its data before they are there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from replisome.config.catalogue import Output
from replisome.data.encode.dna import ALPHABET
from replisome.studies.genome.task import NextToken
from replisome.studies.genome.windows import MOST, TEST, VALIDATION, cut_of, encoding
from replisome.tracking.introspect import keyword_defaults
from replisome.training.signature import Signature, Sketch

# Bases, rounded. A genome that is not listed is taken for a bacterium's until it is prepared.
BASES = {"genome-sakai": 5_600_000, "genome-k12": 4_640_000, "genome-lambda": 48_500}
BACTERIUM = 5_000_000


def signature(task: NextToken, gives: Output) -> Signature:
    """Describe windows of tokens and what comes next."""
    return Signature(
        {
            "meaning": f"tokens (batch, {task.length}), each a {task.k}-mer as a number to the base four, first base "
            f"first; a token begins {task.stride} bases after the one before",
            "scaling": "none",
            "alphabet": ALPHABET,
            "k": task.k,
            "stride": task.stride,
        },
        {
            "meaning": "(batch, length, tokens): logits of the token after each one read; softmax gives probabilities",
            "unit": f"nats; divide the negative log probability by ln 2 and by {task.stride} for bits per base",
        },
    )


def sketch(recipe: Mapping[str, Any]) -> Sketch:
    """Return the tokens of a recipe and about how many windows each split has."""
    source, cut, (k, stride) = recipe["source"], cut_of(recipe), encoding(recipe["encoding"])
    options = dict(source.get("options", {}))
    if "control" in source:
        bases = {**keyword_defaults(Path(__file__).with_name("control.py"), f"draw_{source['control']}"), **options}[
            "bases"
        ]
    else:
        known = BASES.get(source["dataset"], BACTERIUM)
        bases = min(known, options.get("max_bases") or known)
    tokens = max(1, bases // stride)
    share = 1 - TEST - (0 if recipe["split"] == "random" else VALIDATION)
    apart = cut.step if recipe["split"] == "random" else cut.length  # windows of test stand end to end in blocks
    test, validation = int(TEST * tokens / apart), int(VALIDATION * tokens / apart)
    items = {
        "train": min(MOST, max(1, int(share * tokens / cut.step))),
        "validation": max(1, min(validation, cut.validation or validation)),
        "test": max(1, min(test, cut.test or test)),
    }
    about = {"k": k, "stride": stride, "tokens": 4**k, "alphabet": ALPHABET, "length": cut.length}
    token = 1 if k <= 4 else 2  # bytes
    on_disk = tokens * token + 8 * items["train"] + (items["validation"] + items["test"]) * (cut.length + 40)
    return Sketch({**about, "piece": cut.training_window}, items, on_disk, tokens // cut.length)


def random_items(task: NextToken, number: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return tokens (number, length) and the one after each of them."""
    window = torch.randint(0, task.data.tokens, (number, task.length + 1), generator=generator)
    return window[:, :-1], window[:, 1:]

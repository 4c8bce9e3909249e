"""What the networks of this study take and give, and the size of its data before they are there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from replisome.config.catalogue import Output
from replisome.data.encode.bases import ALPHABET
from replisome.data.encode.kmers import vocabulary
from replisome.data.encode.onehot import SCALE
from replisome.studies.rnacompete.data import VALIDATION
from replisome.studies.rnacompete.probes import WIDTH
from replisome.studies.rnacompete.task import Binding
from replisome.tracking.introspect import keyword_defaults
from replisome.training.signature import Signature, Sketch

SETS = {"A": 120_300, "B": 121_000}  # probes of Ray et al. 2013, rounded; A is trained on, B is test
EXPERIMENTS = 244  # in the same table
FEATURES = 16  # numbers that describe a protein; their count hardly matters for the time


def signature(task: Binding, gives: Output) -> Signature:
    """Describe probes and affinities."""
    k = task.encoding.removeprefix("kmer")
    if task.tokens:
        meaning = (
            f"tokens (batch, length), each a {k}-mer as a number to the base four, overlapping; {task.tokens - 2} "
            f"stands for a {k}-mer with an unknown base, {task.tokens - 1} for padding on the right"
        )
    else:
        meaning = (
            "one-hot probes (batch, length, 4) in the order of the alphabet; 0.25 in all four for an unknown base, all "
            "zero for padding on the right"
        )
    proteins = [{key: protein[key] for key in ("experiment", "name")} for protein in task.statistics["outputs"]]
    return Signature(
        {"meaning": meaning, "scaling": "none", "alphabet": ALPHABET},
        {
            "meaning": "(batch, proteins): predicted affinity by protein",
            "unit": "z-score of the clipped, logarithmic intensity, by the statistics of the targets",
            "proteins": proteins,
            "targets": task.statistics["targets"],
        },
    )


def sketch(recipe: Mapping[str, Any]) -> Sketch:
    """Return the encoding of a recipe, its number of proteins and about how many probes it has."""
    source = recipe["source"]
    options = dict(source.get("options", {}))
    if "control" in source:
        drawn = {**keyword_defaults(Path(__file__).with_name("control.py"), f"draw_{source['control']}"), **options}
        trained, tested, outputs = drawn["train"], drawn["test"], drawn["proteins"]
    else:
        trained, tested = (min(size, options.get("max_probes") or size) for size in SETS.values())
        named = options.get("proteins") or ["all"]
        outputs = len(named) if "all" not in named else EXPERIMENTS - len(options.get("without") or ())
    outputs = len(recipe["targets"]) if "targets" in recipe else outputs
    one_hot = recipe["encoding"] == "onehot"
    k = 0 if one_hot else int(recipe["encoding"].removeprefix("kmer"))
    protein = {"experiment": "any", "name": "any", "features": [0.0] * FEATURES}
    statistics = {
        "encoding": recipe["encoding"],
        "shape": [WIDTH, len(ALPHABET)] if one_hot else [WIDTH - k + 1],
        "scale": SCALE,
        "tokens": 0 if one_hot else vocabulary(k),
        "outputs": [protein] * outputs,
        "targets": {},
    }
    validation = int(trained * VALIDATION)
    items = {"train": trained - validation, "validation": validation, "test": tested}
    return Sketch(statistics, items, (trained + tested) * (WIDTH * len(ALPHABET) + 8 + 4 * outputs))


def random_items(task: Binding, number: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return one-hot probes (number, length, 4), or tokens (number, length), and affinities (number, proteins)."""
    if task.tokens:
        inputs = torch.randint(0, task.tokens - 2, (number, *task.data.shape), generator=generator)
    else:
        bases = torch.randint(0, len(ALPHABET), (number, task.data.shape[0]), generator=generator)
        inputs = torch.nn.functional.one_hot(bases, len(ALPHABET)).float()
    return inputs, torch.randn(number, task.data.outputs, generator=generator)

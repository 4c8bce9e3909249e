"""What the networks of this study take and give, and the size of its data before they are there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Output
from replisome.data.encode.aminoacids import ALPHABET
from replisome.studies.proteinnet.records import CROP, PROFILE
from replisome.studies.proteinnet.task import ResidueDistances
from replisome.tracking.introspect import keyword_defaults
from replisome.training.signature import Signature, Sketch

# Chains of ProteinNet 7 by how alike training chains may be (AlQuraishi 2019, table 1); later editions have more.
THINNED = {"30": 10_333, "50": 13_024, "70": 15_207, "90": 17_611, "95": 17_938, "100": 34_557}
VALIDATION, TEST = 224, 93
RESIDUES = 200  # of a chain, on average


def signature(task: ResidueDistances, gives: Output) -> Signature:
    """Describe chains and maps of distances."""
    unit = "picometre" if task.reported else "angstrom"
    if gives == "coordinates":
        meaning = "(batch, residues, 3): coordinates, of which only the distances were trained"
        meaning += "; their squares were compared with distances" if task.reported else ""
    else:
        meaning = "(batch, residues, residues): distances between alpha carbons"
    return Signature(
        {
            "meaning": "chains (batch, 2, residues, 21): [:, 0] is the profile (20 frequencies in the order of the "
            "alphabet, and the information content), [:, 1] the letters, one-hot (those of the alphabet, then none)",
            "scaling": f"none; of a chain the first {task.crop} residues; a shorter one goes on with rows of a zero "
            "profile and no letter",
            "alphabet": ALPHABET,
        },
        {"meaning": meaning, "unit": unit},
    )


def sketch(recipe: Mapping[str, Any]) -> Sketch:
    """Return a recipe's crop and about how many chains it has."""
    source = recipe["source"]
    options = dict(source.get("options", {}))
    if "control" in source:
        drawn = {**keyword_defaults(Path(__file__).with_name("control.py"), f"draw_{source['control']}"), **options}
        items = {split: drawn[split] for split in ("train", "validation", "test")}
    else:
        chains = THINNED.get(str(options.get("training", "")).removeprefix("training_"), THINNED["30"])
        found = {"train": chains, "validation": VALIDATION, "test": TEST}
        items = {split: min(number, options.get("max_chains") or number) for split, number in found.items()}
    statistics = {"crop": recipe.get("crop", CROP), "alphabet": ALPHABET, "protocol": recipe["protocol"]}
    return Sketch(statistics, items, sum(items.values()) * RESIDUES * (4 * PROFILE + 14))


def random_items(task: ResidueDistances, number: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return chains (number, 2, crop, 21) and distances (number, crop, crop), all of them known off the diagonal."""
    profile = torch.rand(number, task.crop, PROFILE, generator=generator)
    letters = torch.randint(0, len(ALPHABET), (number, task.crop), generator=generator)
    onehot = nn.functional.one_hot(letters, PROFILE).float()
    ca = torch.randn(number, task.crop, 3, generator=generator).cumsum(dim=1) * 2
    distances = torch.cdist(ca, ca) * task.unit
    distances.diagonal(dim1=1, dim2=2).fill_(torch.nan)
    return torch.stack([profile, onehot], dim=1), distances

"""Chains on the device, cropped or padded; report C's loss and the sound one; errors in angstrom.

A model gives coordinates (batch, residues, 3) or a map (batch, residues, residues). Under the ``reported`` protocol
report C's mistake is kept: the *squared* distances of a model's coordinates, in picometres, are compared with plain
distances. Under ``sound`` their distances are compared, in angstrom. A map stands for itself in either. A model is
judged by what it is trained to match: its map is compared with the true distances, in one unit.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from replisome.config.catalogue import Output
from replisome.data.encode.aminoacids import ALPHABET
from replisome.data.parquet import read_parquet
from replisome.errors import ReplisomeError
from replisome.models import DataSpec
from replisome.studies.proteinnet import metrics
from replisome.studies.proteinnet.records import PICOMETRES, PROFILE
from replisome.training.task import PreparedTask

LARGEST = 60_000.0  # angstrom; half precision has no more


class ChainSplit:
    """The chains of a split, end to end, on the device.

    Args:
        letters: indices into the alphabet (residues,), uint8.
        profile: profile and information content (residues, 21), float32.
        ca: coordinates of alpha carbons in angstrom (residues, 3), float32.
        known: where they are known (residues,), bool.
        lengths: residues of each chain (chains,), int64.
        crop: residues of a chain that models see.
        unit: of distances, in an angstrom.
    """

    def __init__(
        self, letters: Tensor, profile: Tensor, ca: Tensor, known: Tensor, lengths: Tensor, crop: int, unit: float
    ) -> None:
        self.letters, self.profile, self.ca, self.known = letters, profile, ca, known
        self.lengths = lengths
        self.first = lengths.cumsum(0) - lengths
        self.position = torch.arange(crop, device=letters.device)
        self.unit = unit

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs (batch, 2, crop, 21) and distances (batch, crop, crop) of the first residues of chains.

        Distances are NaN on the diagonal and where a residue's coordinates are unknown or the chain has ended.
        """
        return self._window(items, torch.zeros_like(items))

    def augmented(self, items: Tensor, how: str) -> tuple[Tensor, Tensor]:
        """Return what ``batch`` does, of residues from anywhere in chains that are longer (``random_crop``)."""
        spare = (self.lengths[items] - len(self.position)).clamp(min=0)
        start = (torch.rand(len(items), device=items.device, dtype=torch.float64) * (spare + 1)).long()
        return self._window(items, start)

    def _window(self, items: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        position = start.unsqueeze(1) + self.position
        inside = position < self.lengths[items].unsqueeze(1)
        row = torch.where(inside, self.first[items].unsqueeze(1) + position, 0)
        profile = self.profile[row] * inside.unsqueeze(2)
        letters = torch.where(inside, self.letters[row].long(), len(ALPHABET))
        onehot = nn.functional.one_hot(letters, len(ALPHABET) + 1).to(profile.dtype)
        known = self.known[row] & inside
        pairs = known.unsqueeze(2) & known.unsqueeze(1) & (self.position.unsqueeze(1) != self.position)
        ca = self.ca[row]
        # Differences, not products of coordinates: chains may lie far from the origin.
        distances = torch.cdist(ca, ca, compute_mode="donot_use_mm_for_euclid_dist") * self.unit
        return torch.stack([profile, onehot], dim=1), torch.where(pairs, distances, torch.nan)


class ResidueDistances(PreparedTask):
    """How far is every residue from every other?"""

    max_items = 32
    # Only maps of test chains are drawn; those of ProteinNet's 224 validation chains would be another 29 MB a run.
    test_only: tuple[str, ...] = ("distances",)

    def __init__(self, recipe: Path) -> None:
        """Open a prepared recipe's folder."""
        super().__init__(recipe)
        self.crop: int = self.statistics["crop"]
        self.reported: bool = self.statistics["protocol"] == "reported"
        self.unit = PICOMETRES if self.reported else 1.0  # of outputs and targets, in an angstrom
        self.data = DataSpec((2, self.crop, PROFILE), self.crop)
        self.pairs = metrics.Pairs.of(self.crop)

    def load(self, split: str, device: torch.device) -> ChainSplit:
        """Read a split's chains onto the device."""
        table, _ = read_parquet(self.recipe / f"{split}.parquet")

        def flat(name: str, *shape: int) -> Tensor:
            values = table.column(name).combine_chunks().flatten().to_numpy(zero_copy_only=False)
            return torch.from_numpy(values.reshape(-1, *shape).copy()).to(device)

        letters, known = flat("letters"), flat("known")
        lengths = torch.tensor(table.column("letters").combine_chunks().value_lengths().to_numpy(), dtype=torch.int64)
        profile, ca = flat("profile", PROFILE), flat("ca", 3)
        return ChainSplit(letters, profile, ca, known, lengths.to(device), self.crop, self.unit)

    def as_map(self, outputs: Tensor) -> Tensor:
        """Return maps (batch, residues, residues) from a model's outputs, which may be coordinates.

        Raises:
            ReplisomeError: the outputs are neither.
        """
        if outputs.ndim != 3 or outputs.shape[1] != self.crop or outputs.shape[2] not in (3, self.crop):
            raise ReplisomeError(
                f"this study needs a model that gives coordinates or distances of {self.crop} residues, not outputs of "
                f"shape {tuple(outputs.shape[1:])}."
            )
        if outputs.shape[2] != 3:
            return outputs
        centred = outputs - outputs.mean(dim=1, keepdim=True)
        size = (centred**2).sum(dim=2)
        squared = size.unsqueeze(2) + size.unsqueeze(1) - 2 * centred @ centred.transpose(1, 2)
        if self.reported:
            return squared
        return (squared.clamp(min=0) + 1e-6).sqrt()  # the root has no slope at 0

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of a batch.

        ``reported``: squared differences in square picometres, summed over all pairs, averaged over proteins.
        ``sound``: averaged over known pairs, in square angstrom.
        """
        known = ~targets.isnan()
        squared = ((self.as_map(outputs.float()) - targets.nan_to_num()) * known) ** 2
        return squared.sum() / self.terms(targets).clamp(min=1)

    def terms(self, targets: Tensor) -> Tensor:
        """Return the number of proteins (``reported``) or of known pairs (``sound``)."""
        return targets.new_full((), len(targets)) if self.reported else (~targets.isnan()).sum()

    def reduce_outputs(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return predicted distances (batch, pairs) of i < j, in angstrom."""
        return self._upper(self.as_map(outputs))

    def _upper(self, maps: Tensor) -> Tensor:
        first, second = (torch.from_numpy(one).to(maps.device) for one in self.pairs[:2])
        return maps[:, first, second] / self.unit

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Return the scores of predicted distances (n, pairs); the errors of all pairs pooled, others by chain."""
        true = self._true(targets)
        found = metrics.errors(outputs, true)
        return {
            "rmse": found.rmse,
            "paper_loss": float(found.paper_loss.mean()),
            "drmsd": float(np.nanmean(found.drmsd)),
            "lddt": float(np.nanmean(metrics.lddt(outputs, true))),
        }

    def _true(self, targets: np.ndarray) -> np.ndarray:
        true: np.ndarray = targets[:, self.pairs.first, self.pairs.second] / self.unit
        return true

    def predictions(self, outputs: np.ndarray, targets: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
        """Return the columns of predictions.parquet, a row a chain.

        Args:
            outputs: predicted distances (n, pairs) of i < j in angstrom, float32.
            targets: true distances (n, crop, crop) in the task's unit, NaN where they are not known.
            gives: what the model gives; coordinates and distances are treated alike.

        Returns:
            ``distances`` (n, pairs) in angstrom, in half precision (errors are taken before); ``squared`` and ``pairs``
            (n, crop - 1), the squared errors and how many there are by separation 1, 2, ...; each chain's ``lddt`` (n,)
            and, by range and list, contact precision (n,), both shares.
        """
        true = self._true(targets)
        by_separation, number = (
            np.stack([np.bincount(self.pairs.separation - 1, row, self.crop - 1) for row in rows])
            for rows in (metrics.squared_errors(outputs, true), ~np.isnan(true))
        )
        contacts = [metrics.contact_precision(*row, self.pairs) for row in zip(outputs, true, strict=True)]
        return {
            "distances": outputs.clip(-LARGEST, LARGEST).astype(np.float16),
            "squared": by_separation,
            "pairs": number.astype(np.int32),
            "lddt": metrics.lddt(outputs, true),
            **{
                f"{reach} {size}": np.array([row[reach, size] for row in contacts])
                for reach in metrics.RANGES
                for size in metrics.LISTS
            },
        }


def open_task(recipe: Path) -> ResidueDistances:
    """Open a prepared recipe, for the train and evaluate stages.

    Args:
        recipe: the recipe's folder, with train, validation and test.parquet and stats.json.

    Returns:
        The task.
    """
    return ResidueDistances(recipe)

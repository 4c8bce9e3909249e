"""Probes on the device, squared error over the targets there are, and correlations of what is predicted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from replisome.config.catalogue import Output
from replisome.data.parquet import column_array, read_parquet
from replisome.models import DataSpec
from replisome.training.metrics import pearson, spearman
from replisome.training.task import PreparedTask


class ProbeSplit:
    """Inputs as small integers on the device, one-hot (n, 41, 4) or tokens (n, length); targets (n, proteins)."""

    def __init__(self, inputs: Tensor, targets: Tensor, scale: float | None) -> None:
        self.inputs, self.targets, self.scale = inputs, targets, scale

    def __len__(self) -> int:
        return len(self.inputs)

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return one-hot floats (batch, 41, 4) or tokens (batch, length) int64, and targets with NaN where unknown."""
        return self.read(self.inputs[items]), self.targets[items]

    def read(self, inputs: Tensor) -> Tensor:
        """Return stored inputs as a model takes them."""
        return inputs.long() if self.scale is None else inputs.float() * self.scale


class Binding(PreparedTask):
    """One affinity a probe and protein, some of them unknown."""

    # It stands in the prepared split too; of validation, all proteins and both weights it would be another 46 MB a run.
    test_only: tuple[str, ...] = ("measured",)

    def __init__(self, recipe: Path) -> None:
        """Open a prepared recipe's folder."""
        super().__init__(recipe)
        self.encoding: str = self.statistics["encoding"]
        self.tokens: int = self.statistics["tokens"]
        self.scale: float = self.statistics["scale"]
        proteins = self.statistics["outputs"]
        self.experiments = [protein["experiment"] for protein in proteins]
        features = tuple(tuple(protein["features"]) for protein in proteins)
        shape = tuple(self.statistics["shape"])
        self.data = DataSpec(shape, len(proteins), self.tokens, features if all(features) else ())

    def load(self, split: str, device: torch.device) -> ProbeSplit:
        """Read a split onto the device."""
        table, metadata = read_parquet(self.recipe / f"{split}.parquet")
        inputs = torch.from_numpy(column_array(table, "input", tuple(metadata["shape"])).copy())
        targets = torch.from_numpy(column_array(table, "target", (self.data.outputs,)).copy())
        return ProbeSplit(inputs.to(device), targets.to(device), None if self.tokens else self.scale)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean squared error over valid entries."""
        valid = ~targets.isnan()
        error = torch.where(valid, outputs.float() - targets.nan_to_num(), 0.0)
        return error.square().sum() / valid.sum().clamp(min=1)

    def terms(self, targets: Tensor) -> Tensor:
        """Return the number of valid entries."""
        return (~targets.isnan()).sum()

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Return correlations of outputs (n, proteins) with targets over all valid entries at once, and by protein.

        Ties get average ranks. ``spearman_mean`` is the mean over the proteins that the split has values of; with
        several of them each has its own too.
        """
        valid = ~np.isnan(targets)
        found = correlations(outputs[valid], targets[valid])
        each = {
            name: correlations(outputs[valid[:, k], k], targets[valid[:, k], k])
            for k, name in enumerate(self.experiments)
            if valid[:, k].any()  # a split may know nothing of a protein that is to be predicted unseen
        }
        found |= {f"{metric}_mean": float(np.mean([e[metric] for e in each.values()])) for metric in found}
        if len(self.experiments) > 1:
            found |= {f"{metric}.{name}": value for name, e in each.items() for metric, value in e.items()}
        return found

    def predictions(self, outputs: np.ndarray, targets: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
        """Return the columns of predictions.parquet: measured (n, proteins), NaN where unknown, and predicted."""
        return {"measured": targets.astype(np.float32), "predicted": outputs.astype(np.float32)}


def correlations(predicted: np.ndarray, measured: np.ndarray) -> dict[str, float]:
    """Return Spearman's and Pearson's correlation of two arrays (n,); NaN where one of them does not vary."""
    return {"spearman": spearman(predicted, measured), "pearson": pearson(predicted, measured)}


def open_task(recipe: Path) -> Binding:
    """Open the task of a prepared recipe (what the train and evaluate stages call)."""
    return Binding(recipe)

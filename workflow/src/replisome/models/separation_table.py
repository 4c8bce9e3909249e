"""The lookup table of mean distances by separation along the chain, which no model of chains may lose to."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._chains import is_residue, residues_of, separations

TRAITS = Traits(kind="baseline", gives="distances")


class SeparationTable(nn.Module):
    """The mean distance of residues by |i - j| and, with several ``classes``, by the length of their chain.

    The classes hold equally many training chains. It sees no letter and no profile.
    """

    def __init__(self, residues: int, classes: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(classes, residues), requires_grad=False)
        self.borders = nn.Parameter(torch.zeros(classes - 1), requires_grad=False)  # lengths, the least of each class

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps (batch, residues, residues) from inputs (batch, 2, residues, 21)."""
        between = separations(inputs.shape[2], inputs.device)
        return self.table[self._class_of(inputs)][:, between]

    def _class_of(self, inputs: Tensor) -> Tensor:
        return torch.bucketize(is_residue(inputs).sum(dim=1).float(), self.borders, right=True)

    def estimate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Average the targets (batch, residues, residues), NaN where a distance is unknown.

        A separation that no chain of a class has takes the mean over all chains, or else that of the separation before.
        """
        classes, residues = self.table.shape
        lengths = torch.cat([is_residue(inputs).sum(dim=1) for inputs, _ in batches]).double()
        shares = torch.arange(1, classes, device=lengths.device, dtype=torch.float64) / classes
        if classes > 1:
            self.borders.data = lengths.quantile(shares).float()
        sums = torch.zeros(classes * residues, dtype=torch.float64, device=lengths.device)
        counts = torch.zeros_like(sums)
        for inputs, targets in batches:
            cell = self._class_of(inputs)[:, None, None] * residues + separations(residues, inputs.device)
            known = ~targets.isnan()
            sums.index_add_(0, cell[known], targets[known].double())
            counts.index_add_(0, cell[known], torch.ones_like(targets[known], dtype=torch.float64))
        sums, counts = sums.view(classes, residues), counts.view(classes, residues)
        overall = sums.sum(dim=0) / counts.sum(dim=0)
        overall[0] = 0
        for separation in range(1, residues):
            if overall[separation].isnan():
                overall[separation] = overall[separation - 1]
        self.table.data = torch.where(counts > 0, sums / counts, overall).float()


def build(data: DataSpec, *, classes: int = 1) -> SeparationTable:
    """Build the table; it is averaged, not trained.

    Args:
        data: chains (2, residues, 21).
        classes: of chain length, with equally many training chains in each.

    Raises:
        ReplisomeError: the data are no protein chains.
    """
    return SeparationTable(residues_of(data, "separation_table"), classes)

"""A small network from chains to distance maps: a 1-D trunk, pairs of residues, dilated 2-D residual blocks.

Maps of all pairs are symmetric and positive by construction: a distance typical of the separation along the chain times
the exponential of what the network adds. The 2-D blocks work on a coarse map, ``POOL`` residues a cell, which takes a
sixteenth of the time; what happens between near residues comes from products of single residues' features at full size.
After the 2-D residual networks for contacts (Wang et al. 2017, doi 10.1371/journal.pcbi.1005324).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.models import DataSpec
from replisome.models._chains import COLUMNS, is_residue, residues_of, separations

TRAITS = Traits(kind="network", gives="distances")

POOL = 4  # residues a cell of the coarse map
DILATIONS = (1, 2, 4)
BOND, SCALING = 3.8, 0.4  # before training, residues s apart are BOND * s ** SCALING angstrom apart, as in globules
FARTHEST = 3.0  # the network scales a typical distance by at most exp(+-3)


class _Residual(nn.Module):
    """Two convolutions, the second of which begins at zero, added to what came in: no normalisation is needed."""

    def __init__(self, kind: type[nn.Conv1d] | type[nn.Conv2d], width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.first = kind(width, width, kernel, padding="same", dilation=dilation)
        self.second = kind(width, width, kernel, padding="same")
        nn.init.zeros_(self.second.weight)

    def forward(self, values: Tensor) -> Tensor:
        """Return values of the same shape."""
        added: Tensor = self.second(torch.relu(self.first(torch.relu(values))))
        return values + added


class PairResNet(nn.Module):
    """``width`` features a residue, ``channels`` a pair, ``depth`` 2-D blocks whose dilation cycles through 1, 2, 4."""

    def __init__(self, residues: int, width: int, channels: int, depth: int) -> None:
        super().__init__()
        apart = torch.arange(residues).clamp(min=1)
        self.typical = nn.Parameter(math.log(BOND) + SCALING * apart.log())  # logarithms, by |i - j|
        self.embed = nn.Conv1d(2 * COLUMNS + 1, width, 1)
        self.trunk = nn.Sequential(*(_Residual(nn.Conv1d, width, 5, dilation) for dilation in DILATIONS))
        self.near = nn.Conv1d(width, channels, 1)
        self.near_by_separation = nn.Parameter(torch.zeros(channels, residues))
        self.sums, self.products = nn.Conv1d(width, channels, 1), nn.Conv1d(width, channels, 1)
        self.apart = nn.Parameter(torch.zeros(channels, -(-residues // POOL)))
        self.blocks = nn.Sequential(
            *(_Residual(nn.Conv2d, channels, 3, DILATIONS[number % len(DILATIONS)]) for number in range(depth))
        )
        self.output = nn.Conv2d(channels, 1, 1)
        nn.init.zeros_(self.output.weight)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return maps (batch, residues, residues) from inputs (batch, 2, residues, 21); zero on the diagonal."""
        residues = inputs.shape[2]
        mask = is_residue(inputs).unsqueeze(1)
        length = mask.sum(dim=2, keepdim=True).clamp(min=1).log().expand(-1, -1, residues)
        features = torch.cat([inputs.transpose(2, 3).flatten(1, 2), length.to(inputs)], dim=1)
        values = self.trunk(self.embed(features) * mask) * mask
        between = separations(residues, inputs.device)
        change = self._near(values, between) + self._far(values, residues)
        bounded = FARTHEST * torch.tanh(change / FARTHEST)
        return (self.typical[between] + bounded).exp() * (between > 0)

    def _near(self, values: Tensor, between: Tensor) -> Tensor:
        """Return products of two residues' features, weighed by their separation (batch, residues, residues)."""
        one = self.near(values)
        weighed = one.unsqueeze(3) * self.near_by_separation[:, between]
        return torch.einsum("bcij,bcj->bij", weighed, one)

    def _far(self, values: Tensor, residues: int) -> Tensor:
        """Return what the 2-D blocks say of the coarse map, at full size (batch, residues, residues)."""
        cells = nn.functional.avg_pool1d(values, POOL, ceil_mode=True, count_include_pad=False)
        sums, products = self.sums(cells), self.products(cells)
        pairs = sums.unsqueeze(3) + sums.unsqueeze(2) + products.unsqueeze(3) * products.unsqueeze(2)
        pairs = pairs + self.apart[:, separations(cells.shape[2], values.device)]
        coarse = self.output(self.blocks(pairs))
        coarse = coarse + coarse.transpose(2, 3)
        size = POOL * cells.shape[2]
        fine: Tensor = nn.functional.interpolate(coarse, (size, size), mode="bilinear", align_corners=False)
        return fine[:, 0, :residues, :residues]


def build(data: DataSpec, *, width: int = 64, channels: int = 24, depth: int = 6) -> PairResNet:
    """Build the network.

    Args:
        data: chains (2, residues, 21).
        width: features of a residue.
        channels: features of a pair of residues.
        depth: two-dimensional residual blocks.

    Raises:
        ReplisomeError: the data are no protein chains.
    """
    return PairResNet(residues_of(data, "pair_resnet"), width, channels, depth)

"""Ridge regression on k-mer counts: the baseline that any network must beat."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec

TRAITS = Traits(kind="regression", gives="affinity")

LARGEST = 7  # the matrix of all pairs of k-mers has 4**14 cells, 2 GiB


class KmerRidge(nn.Module):
    """Linear in the counts of all k-mers of a one-hot sequence; solved, not trained (Hoerl & Kennard 1970)."""

    def __init__(self, data: DataSpec, k: int, alpha: float) -> None:
        super().__init__()
        if data.tokens:
            raise ReplisomeError("model 'kmer_ridge' counts k-mers itself; give it a recipe with encoding onehot.")
        if k > LARGEST or alpha <= 0:
            raise ReplisomeError(
                f"model 'kmer_ridge': k is at most {LARGEST} (not {k}) and alpha above 0 (not {alpha:g})."
            )
        self.k, self.alpha = k, alpha
        self.weight = nn.Parameter(torch.zeros(4**k, data.outputs), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(data.outputs), requires_grad=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) to affinities (batch, outputs)."""
        kmers = self._kmers(inputs)
        padded = torch.cat([self.weight, self.weight.new_zeros(1, self.weight.shape[1])])
        affinities: Tensor = padded[kmers].sum(dim=1) + self.bias
        return affinities

    def _kmers(self, inputs: Tensor) -> Tensor:
        """Return k-mers (batch, length - k + 1) as numbers to the base four; 4**k where a base is not known."""
        certain, base = inputs.max(dim=2)
        windows, known = base.unfold(1, self.k, 1), (certain == 1).unfold(1, self.k, 1).all(dim=2)
        powers = 4 ** torch.arange(self.k - 1, -1, -1, device=inputs.device)
        return torch.where(known, (windows * powers).sum(dim=2), 4**self.k)

    def estimate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Solve the normal equations for each output over its valid targets; counts and targets are centred."""
        for output in range(self.weight.shape[1]):
            weight, bias = self._solve(batches, output)
            self.weight[:, output], self.bias[output] = weight.float(), bias

    def _solve(self, batches: Iterable[tuple[Tensor, Tensor]], output: int) -> tuple[Tensor, float]:
        size = 4**self.k + 1
        zeros = self.weight.new_zeros(size, dtype=torch.float64)
        gram, moment, counts = zeros.new_zeros(size * size), zeros.clone(), zeros
        total, items = 0.0, 0
        for inputs, targets in batches:
            valid = ~targets[:, output].isnan()
            kmers, wanted = self._kmers(inputs[valid]), targets[valid, output].double()
            # A probe has some 36 k-mers: its pairs are far fewer than the 4**(2k) cells of a dense product.
            pairs = (kmers.unsqueeze(2) * size + kmers.unsqueeze(1)).flatten()
            gram.index_add_(0, pairs, torch.ones_like(pairs, dtype=torch.float64))
            moment.index_add_(0, kmers.flatten(), wanted.repeat_interleave(kmers.shape[1]))
            counts.index_add_(0, kmers.flatten(), torch.ones_like(kmers.flatten(), dtype=torch.float64))
            total, items = total + wanted.sum().item(), items + len(wanted)
        gram, moment, mean = gram.view(size, size)[:-1, :-1], moment[:-1], counts[:-1] / items
        gram = gram - items * torch.outer(mean, mean)
        gram.diagonal().add_(self.alpha)
        weight = torch.cholesky_solve((moment - mean * total).unsqueeze(1), torch.linalg.cholesky(gram)).squeeze(1)
        return weight, total / items - (mean @ weight).item()


def build(data: DataSpec, *, k: int = 6, alpha: float = 100.0) -> KmerRidge:
    """Build the regression; it is solved, so epochs and training settings do not matter.

    Args:
        data: one-hot probes (length, 4).
        k: bases of a k-mer.
        alpha: penalty on the squared weights.

    Raises:
        ReplisomeError: the recipe is not one-hot.
    """
    return KmerRidge(data, k, alpha)

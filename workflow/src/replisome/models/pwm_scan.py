"""A known motif as a position weight matrix, slid along the sequence: what the literature alone predicts."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.data.encode.bases import ALPHABET
from replisome.errors import ReplisomeError
from replisome.models import DataSpec

TRAITS = Traits(kind="scan", gives="affinity")


class PWMScan(nn.Module):
    """Log of the summed odds of the motif against a uniform background over all places (Stormo 2000), scaled to fit."""

    def __init__(self, data: DataSpec, motif: str, match: float) -> None:
        super().__init__()
        if data.tokens:
            raise ReplisomeError("model 'pwm_scan' reads bases; give it a recipe with encoding onehot.")
        if len(motif) > data.shape[0]:
            raise ReplisomeError(f"model 'pwm_scan': the motif {motif} is longer than the sequences ({data.shape[0]}).")
        if not motif or set(motif) - set(ALPHABET) or not 0.25 < match < 1:
            raise ReplisomeError(
                f"model 'pwm_scan': motif must be letters of {ALPHABET}, not {motif!r}, and match lie between 0.25 "
                "and 1."
            )
        odds = torch.full((len(motif), 4), (1 - match) / 3 / 0.25)
        odds[torch.arange(len(motif)), [ALPHABET.index(base) for base in motif]] = match / 0.25
        self.matrix = nn.Parameter(odds.log(), requires_grad=False)
        self.scale = nn.Parameter(torch.zeros(data.outputs), requires_grad=False)
        self.offset = nn.Parameter(torch.zeros(data.outputs), requires_grad=False)

    def scan(self, inputs: Tensor) -> Tensor:
        """Return the score (batch,) of one-hot sequences (batch, length, 4)."""
        size = len(self.matrix)
        places = inputs.unfold(1, size, 1)  # (batch, places, 4, size)
        scores = torch.einsum("bpcs,sc->bp", places, self.matrix)
        whole = (inputs != 0).any(dim=2).unfold(1, size, 1).all(dim=2)
        return scores.masked_fill(~whole, torch.finfo(scores.dtype).min).logsumexp(dim=1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, length, 4) to affinities (batch, outputs)."""
        return self.scan(inputs).unsqueeze(1) * self.scale + self.offset

    def estimate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Fit scale and offset of each output by least squares over its valid targets."""
        scores, targets = zip(*((self.scan(inputs), wanted) for inputs, wanted in batches), strict=True)
        score, target = torch.cat(scores).double(), torch.cat(targets).double()
        for output in range(len(self.scale)):
            valid = ~target[:, output].isnan()
            x, y = score[valid], target[valid, output]
            variance = x.var(correction=0)
            slope = ((x - x.mean()) * (y - y.mean())).mean() / variance if variance > 0 else variance
            self.scale[output], self.offset[output] = slope, y.mean() - slope * x.mean()


def build(data: DataSpec, *, motif: str, match: float = 0.9) -> PWMScan:
    """Build the scan; it is solved, so epochs and training settings do not matter.

    Args:
        data: one-hot probes (length, 4).
        motif: the consensus, such as UGCAUG.
        match: probability of the consensus base at each position.

    Raises:
        ReplisomeError: the recipe is not one-hot, or the motif has other letters.
    """
    return PWMScan(data, motif, match)

"""A logarithmic mix of context models of order 1 to k: the strongest baseline that needs no network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import IGNORED, DataSpec
from replisome.models._contexts import LARGEST, context_numbers, count_contexts, narrowed
from replisome.models._next_token import require_tokens
from replisome.models._strands import turned

TRAITS = Traits(kind="mixture", gives="logits")

SPARSE, ADD_SPARSE = 9, 1 / 16  # from this order on contexts are rare, and one sighting says much
MEMORY, DECAY = 24, 0.9  # positions that an order's recent success is judged by, and how fast they fade
SUCCESS = (-0.6, -0.3, -0.1, 0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.1, 1.25)  # nats over a uniform guess, bin edges
SEEN = 13  # bins of how often a context was seen: 0, 1, 2-3, 4-7, 8-15, ...
SAMPLE = 600_000  # positions that the weights are fitted on
STEPS, PENALTY = 60, 1e-6  # L-BFGS iterations at most; what a weight's square costs


class ContextMix(nn.Module):
    """The next base's probability is the product of each order's, to the power of a weight, normalised.

    Weights depend on how often the order has seen its context and how well it did over the last bases, as in
    compressors (Pratas et al. 2016, GeCo; Mahoney 2005, PAQ). They are fitted by maximum likelihood, which is convex,
    on training windows, each base's own sighting taken out of the counts. Everything is frozen afterwards.
    """

    edges: Tensor
    fade: Tensor

    def __init__(self, length: int, orders: int, both_strands: bool) -> None:
        super().__init__()
        self.length, self.orders, self.both_strands = length, orders, both_strands
        cells = SEEN * (len(SUCCESS) + 1)
        self.weights = nn.Parameter(torch.full((orders, cells), 1 / orders), requires_grad=False)
        self.counts = nn.ParameterList(
            nn.Parameter(torch.zeros(4**k, 4, dtype=torch.int32), requires_grad=False) for k in range(1, orders + 1)
        )
        self.register_buffer("edges", torch.tensor(SUCCESS), persistent=False)
        fade = DECAY ** torch.arange(MEMORY - 1, -1, -1)
        self.register_buffer("fade", (fade / fade.sum()).view(1, 1, -1), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map bases (batch, length) to logits (batch, length, 4) of the next."""
        shown = torch.cat([inputs[:, 1:], inputs.new_full((len(inputs), 1), IGNORED)], dim=1)
        logits = inputs.new_zeros((*inputs.shape, 4), dtype=torch.float32)
        for weights, (logs, cells) in zip(self.weights, self._orders(inputs, shown, own=False), strict=False):
            logits = logits + weights[cells].unsqueeze(2) * logs
        return logits

    def _orders(self, inputs: Tensor, shown: Tensor, own: bool) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield for each order its log probabilities (batch, length, 4), and which weight holds (batch, length).

        ``shown`` is the base that follows each position, of which only those before a position count for its weight.
        With ``own``, the sightings that these bases are themselves are left out of the counts.
        """
        known = shown != IGNORED
        following = shown.clamp(min=0).unsqueeze(2)
        for k, contexts in context_numbers(inputs, min(self.orders, inputs.shape[1])):
            found = self.counts[k - 1][contexts].float()
            if own:
                sightings = known.float()
                if self.both_strands:  # its own reverse complement is counted on either strand
                    kmers = contexts * 4 + following.squeeze(2)
                    sightings = sightings * (1 + (turned(kmers, k + 1) == kmers).float())
                found = found - torch.zeros_like(found).scatter_(2, following, sightings.unsqueeze(2))
            found[:, : k - 1] = 0  # no whole context there
            found = found.clamp(min=0)
            total = found.sum(dim=2)
            add = 1.0 if k < SPARSE else ADD_SPARSE
            logs = ((found + add) / (total + 4 * add).unsqueeze(2)).log()
            gain = torch.where(known, logs.gather(2, following).squeeze(2) + math.log(4), 0.0)
            past = nn.functional.pad(gain[:, :-1], (MEMORY, 0)).unsqueeze(1)
            success = torch.bucketize(nn.functional.conv1d(past, self.fade).squeeze(1), self.edges)
            seen = (total + 1).log2().ceil().long().clamp(max=SEEN - 1)
            yield logs, seen * (len(SUCCESS) + 1) + success

    def estimate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Count, then fit the weights."""
        counts = count_contexts(batches, range(1, self.orders + 1), self.both_strands)
        for table, found in zip(self.counts, counts, strict=True):
            table.data = narrowed(found)
        inputs, shown = self._sample(batches)
        features = [(logs.flatten(0, 1), cells.flatten()) for logs, cells in self._orders(inputs, shown, own=True)]
        kept, wanted = shown.flatten() != IGNORED, shown.flatten()
        features = [(logs[kept], cells[kept]) for logs, cells in features]
        self.weights.data = self._fit(features, wanted[kept])

    def _sample(self, batches: Iterable[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Return evenly chosen training windows as long as those of the test, and what follows in them."""
        every = max(1, sum(int((targets != IGNORED).sum()) for _, targets in batches) // SAMPLE)
        inputs, shown = [], []
        for tokens, targets in batches:
            width = min(self.length, tokens.shape[1])
            cut = [values[:, : values.shape[1] // width * width].reshape(-1, width) for values in (tokens, targets)]
            rows = (cut[1] != IGNORED).any(dim=1).nonzero().squeeze(1)[::every]
            inputs.append(cut[0][rows])
            shown.append(cut[1][rows])
        return torch.cat(inputs), torch.cat(shown)

    def _fit(self, features: list[tuple[Tensor, Tensor]], wanted: Tensor) -> Tensor:
        """Return the weights (orders, cells) under which the mix gives ``wanted`` (n,) the largest likelihood."""
        start = torch.full_like(self.weights, 1 / len(features))
        weights = start.clone().requires_grad_()
        optimiser = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimiser.zero_grad()
            parts = [weights[k][cells].unsqueeze(1) * logs for k, (logs, cells) in enumerate(features)]
            mixed = torch.stack(parts).sum(dim=0)
            value = nn.functional.cross_entropy(mixed, wanted) + PENALTY * (weights - start).square().sum()
            value.backward()  # type: ignore[no-untyped-call]
            return value

        with torch.enable_grad():
            optimiser.step(loss)  # type: ignore[no-untyped-call]
        return weights.detach()


def build(data: DataSpec, *, orders: int = LARGEST, both_strands: bool = True) -> ContextMix:
    """Build the mix of counts; it is counted and fitted, not trained.

    Args:
        data: windows of single bases (length,).
        orders: mixes orders 1 to this, at most 12.
        both_strands: whether inverted repeats count too.

    Raises:
        ReplisomeError: the recipe is not of single bases, or too many orders.
    """
    require_tokens("context_mix", data, alphabet=4)
    if orders > LARGEST:
        raise ReplisomeError(f"model 'context_mix': orders is at most {LARGEST}, not {orders}.")
    return ContextMix(data.shape[0], orders, both_strands)

"""The order-k context model: how often each base followed the last k. The baseline that any network must beat."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from replisome.config.catalogue import Traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec
from replisome.models._contexts import LARGEST, context_numbers, count_contexts, narrowed
from replisome.models._next_token import require_tokens

TRAITS = Traits(kind="counts", gives="logits")


class ContextCounts(nn.Module):
    """Counted, not trained. Where a window has not yet k bases, the counts are summed over those that are missing."""

    def __init__(self, k: int, add: float, both_strands: bool) -> None:
        super().__init__()
        self.k, self.add, self.both_strands = k, add, both_strands
        self.counts = nn.Parameter(torch.zeros(4**k, 4, dtype=torch.int32), requires_grad=False)
        self._tables: dict[int, Tensor] = {}  # of the orders up to k, made when first needed
        self.register_load_state_dict_post_hook(_forget)  # type: ignore[no-untyped-call]

    def forward(self, inputs: Tensor) -> Tensor:
        """Map bases (batch, length) to log probabilities (batch, length, 4) of the next."""
        found = inputs.new_zeros((*inputs.shape, 4), dtype=torch.float32)
        tables = self._all_orders()
        for k, contexts in context_numbers(inputs, min(self.k, inputs.shape[1])):
            places = slice(k - 1, k if k < self.k else None)
            found[:, places] = tables[k][contexts[:, places]].float()
        found = found + self.add
        return (found / found.sum(dim=2, keepdim=True)).log()

    def _all_orders(self) -> dict[int, Tensor]:
        if not self._tables:
            self._tables[self.k] = self.counts
            for k in range(self.k - 1, 0, -1):  # the earliest base is the first digit: sum over it
                self._tables[k] = self._tables[k + 1].view(4, -1, 4).sum(dim=0, dtype=torch.int32)
        return self._tables

    def estimate(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Count."""
        (counts,) = count_contexts(batches, [self.k], self.both_strands)
        self.counts.data = narrowed(counts)
        self._tables.clear()


def _forget(model: ContextCounts, _: object) -> None:
    """Drop the tables that were made from other counts."""
    model._tables.clear()


def build(data: DataSpec, *, k: int, add: float = 1.0, both_strands: bool = False) -> ContextCounts:
    """Build the table of counts; nothing is trained.

    Args:
        data: windows of single bases (length,).
        k: bases of context, at most 12.
        add: what is added to every count.
        both_strands: whether inverted repeats count too.

    Raises:
        ReplisomeError: the recipe is not of single bases, or k or add is out of range.
    """
    require_tokens("context_counts", data, alphabet=4)
    if k > LARGEST:
        raise ReplisomeError(f"model 'context_counts': k is at most {LARGEST}, not {k}.")
    if add <= 0:
        raise ReplisomeError(f"model 'context_counts': add is above 0, not {add:g}.")
    return ContextCounts(k, add, both_strands)

"""Counting what follows a context of k bases, on one strand or on both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from replisome.models import IGNORED

LARGEST = 12  # bases; a table of order 12 has 67 million cells


def context_numbers(tokens: Tensor, largest: int) -> Iterator[tuple[int, Tensor]]:
    """Yield for k = 1, 2, ... the contexts (batch, length) of bases (batch, length): the k bases up to each position.

    A context is a number to the base four, its latest base the last digit. Where fewer than k bases are there, the
    missing ones count as 0: such positions are the first k - 1.
    """
    numbers = torch.zeros_like(tokens)
    for k in range(1, largest + 1):
        shifted = nn.functional.pad(tokens[:, : tokens.shape[1] - k + 1], (k - 1, 0)) if k <= tokens.shape[1] else 0
        numbers = numbers + 4 ** (k - 1) * shifted
        yield k, numbers


def count_contexts(batches: Iterable[tuple[Tensor, Tensor]], orders: Iterable[int], both_strands: bool) -> list[Tensor]:
    """Return for each order k how often each base follows each context, (4**k, 4).

    ``batches`` are bases and the ones that follow; where the follower is IGNORED, or the context is not complete,
    nothing is counted. With ``both_strands`` each (k + 1)-mer counts on the other strand too ("inverted repeats").
    """
    wanted = sorted(orders)
    counts: dict[int, Tensor] = {}
    for inputs, targets in batches:
        for k, contexts in context_numbers(inputs, wanted[-1]):
            if k in wanted:
                counted = targets[:, k - 1 :] != IGNORED
                cells = (contexts[:, k - 1 :] * 4 + targets[:, k - 1 :])[counted]
                found = torch.bincount(cells, minlength=4 ** (k + 1)).to(torch.int32)
                counts[k] = counts[k] + found if k in counts else found
    return [(other_strand(counts[k], k) + counts[k] if both_strands else counts[k]).view(-1, 4) for k in wanted]


def other_strand(counts: Tensor, k: int) -> Tensor:
    """Return the counts (4**(k + 1),) of the reverse complements: complement every digit, reverse their order."""
    digits = counts.view([4] * (k + 1))
    return digits.flip(list(range(k + 1))).permute(*range(k, -1, -1)).reshape(-1)


def narrowed(counts: Tensor) -> Tensor:
    """Return whole numbers in the smallest type that holds them: tables of high order are large and sparse."""
    largest = int(counts.max())
    kind = torch.uint8 if largest < 2**8 else torch.int16 if largest < 2**15 else torch.int32
    return counts.to(kind)

"""The other strand of DNA, as tensors of k-mer numbers."""

from __future__ import annotations

import torch
from torch import Tensor


def turned(kmers: Tensor, k: int) -> Tensor:
    """Return the numbers of the reverse complements of k-mers (any shape): digits complemented and reversed."""
    result, rest = torch.zeros_like(kmers), kmers
    for _ in range(k):
        result, rest = result * 4 + 3 - rest % 4, rest // 4
    return result

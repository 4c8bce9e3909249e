"""Randomness that a restart can repeat."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor


def start(seed: int) -> None:
    """Seed Python, NumPy and torch, and ask for deterministic kernels where torch has them.

    ``use_deterministic_algorithms`` would do the same, and import torch's compiler, which takes seven seconds.
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)  # of all devices
    torch.set_deterministic_debug_mode("warn")
    torch.backends.cudnn.benchmark = False


def epoch_order(seed: int, epoch: int, items: int) -> Tensor:
    """Return the order of ``items`` in one epoch, shape (items,): a function of its arguments and nothing else."""
    mixed = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0]
    generator = torch.Generator().manual_seed(int(mixed >> np.uint64(1)))
    return torch.randperm(items, generator=generator)


def capture() -> dict[str, Any]:
    """Return the state of every generator a model may draw from, as tensors and plain values.

    Of the GPUs only the first counts: a run has one device, and may go on where fewer are visible.
    """
    version, words, gauss = random.getstate()
    drawn: Any = np.random.get_state(legacy=False)
    return {
        "python": [version, list(words), gauss],
        "numpy": {
            **drawn,
            "state": {**drawn["state"], "key": torch.from_numpy(drawn["state"]["key"].astype(np.int64))},
        },
        "torch": torch.get_rng_state(),
        "cuda": [torch.cuda.get_rng_state(0)] if torch.cuda.is_available() else [],
    }


def restore(state: dict[str, Any]) -> None:
    """Put the generators back to a captured state."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    drawn = state["numpy"]
    np.random.set_state({**drawn, "state": {**drawn["state"], "key": drawn["state"]["key"].numpy().astype(np.uint32)}})
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"][0], 0)

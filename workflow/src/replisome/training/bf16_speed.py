"""How much faster training steps are in bf16 than in fp32 on this device, for a network of each kind."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from replisome.training.precision import Arithmetic, Precision

CLEARLY = 1.2  # bf16 is taken only where it makes steps so many times as fast: it costs digits
ROUNDS = 5  # of each precision in turn; the best of them counts, since other work on the machine only slows down
LEAST = 0.1  # seconds that the steps of a round take about


class Pooled(nn.Module):
    """Convolutions with pooling between them, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (3, 32, 64, 128)
        layers = [
            layer
            for before, after in itertools.pairwise(sizes)
            for layer in (nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        ]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 3 * 3, 8))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map images (batch, 3, 28, 28) to (batch, 8)."""
        found: Tensor = self.layers(inputs)
        return found


class Repeated(nn.Module):
    """An LSTM, and a linear layer over its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(64, 128, batch_first=True)
        self.output = nn.Linear(128, 8)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map sequences (batch, 40, 64) to (batch, 8)."""
        found: Tensor = self.output(self.recurrent(inputs)[0][:, -1])
        return found


class Attending(nn.Module):
    """Self-attention with its two linear layers, and a linear layer over the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.queries, self.between = nn.Linear(64, 3 * 64), nn.Linear(64, 64)
        self.wide, self.narrow, self.output = nn.Linear(64, 256), nn.Linear(256, 64), nn.Linear(64, 8)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map sequences (batch, 40, 64) to (batch, 8)."""
        query, key, value = (
            part.unflatten(2, (4, 16)).transpose(1, 2) for part in self.queries(inputs).chunk(3, dim=2)
        )
        seen = nn.functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        hidden = inputs + self.between(seen)
        hidden = hidden + self.narrow(torch.relu(self.wide(hidden)))
        found: Tensor = self.output(hidden.mean(dim=1))
        return found


KINDS: Mapping[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "convolution": (Pooled, (64, 3, 28, 28)),
    "recurrence": (Repeated, (64, 40, 64)),
    "attention": (Attending, (64, 40, 64)),
}


def measure(device: torch.device) -> dict[str, dict[str, float]]:
    """Return by kind of network the seconds of a step, forward and backward, in ``fp32`` and ``bf16``.

    Takes a few seconds. The two precisions take turns, so that what else runs on the machine slows down both.
    """
    return {kind: _seconds(build(), torch.rand(shape), device) for kind, (build, shape) in KINDS.items()}


def clearly_faster(seconds: Mapping[str, float]) -> bool:
    """Say whether bf16 makes a kind of step clearly faster."""
    return seconds["fp32"] / seconds["bf16"] >= CLEARLY


def _seconds(model: nn.Module, inputs: Tensor, device: torch.device) -> dict[str, float]:
    model, inputs = model.to(device), inputs.to(device)
    precisions: dict[str, Precision] = {"fp32": "32-true", "bf16": "bf16-mixed"}
    steps = {name: _step(model, inputs, Arithmetic(device, precision)) for name, precision in precisions.items()}
    for step in steps.values():  # the first of a kind prepares its kernels
        _time(step, 2, device)
    repeats = max(1, round(LEAST / max(_time(step, 1, device) for step in steps.values())))
    found = {name: [_time(step, repeats, device)] for name, step in steps.items()}
    for _ in range(ROUNDS - 1):
        for name, step in steps.items():
            found[name].append(_time(step, repeats, device))
    return {name: min(times) for name, times in found.items()}


def _step(model: nn.Module, inputs: Tensor, arithmetic: Arithmetic) -> Callable[[], None]:
    def step() -> None:
        model.zero_grad()
        loss: Tensor = arithmetic.outputs(model, inputs).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]

    return step


def _time(step: Callable[[], None], repeats: int, device: torch.device) -> float:
    """Return the seconds of one step, the mean of so many."""
    began = time.perf_counter()
    for _ in range(repeats):
        step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.perf_counter() - began) / repeats

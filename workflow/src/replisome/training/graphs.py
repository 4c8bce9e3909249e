"""Gradients that a GPU computes from a recording: a CUDA graph launches all kernels of a step at once.

A step of a small network is some hundred kernels of a few microseconds each, and launching them one by one from Python
takes longer than they do. What is computed is the same, kernel by kernel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from replisome.errors import ReplisomeError, out_of_memory

WARM_UP = 3  # steps of a shape that are taken as they are before it is recorded: libraries set up what they need
Gradient = Callable[[Tensor, Tensor], tuple[Tensor, ...]]
Shape = tuple[torch.Size, torch.Size]


class Recording(NamedTuple):
    """A step on batches of one shape.

    Attributes:
        inputs, targets: where a batch is put before it is played.
        results: where what the step returns is found afterwards.
        gradients: where those of the weights are; None of weights that have none.
        play: computes them.
    """

    inputs: Tensor
    targets: Tensor
    results: tuple[Tensor, ...]
    gradients: list[Tensor | None]
    play: Callable[[], None]


class WithGraphs:
    """A function that leaves gradients with weights, recorded once for each shape of batch that keeps coming."""

    def __init__(self, gradient: Gradient, weights: Sequence[nn.Parameter]) -> None:
        """Record nothing yet.

        Args:
            gradient: computes the gradients of a batch, inputs and targets, and returns scalars; nothing in it waits
                for the device, or moves data to it.
            weights: whose gradients it leaves.
        """
        self.gradient, self.weights = gradient, weights
        self.seen: Counter[Shape] = Counter()
        self.recordings: dict[Shape, Recording] = {}

    def __call__(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """Leave the gradients of a batch with the weights, and return what the function does, until the next call."""
        shape = (inputs.shape, targets.shape)
        self.seen[shape] += 1
        if self.seen[shape] <= WARM_UP:
            return self.warm_up(inputs, targets)
        if shape not in self.recordings:
            self.recordings[shape] = self.record(inputs, targets)
        recording = self.recordings[shape]
        recording.inputs.copy_(inputs)
        recording.targets.copy_(targets)
        recording.play()
        for weights, gradient in zip(self.weights, recording.gradients, strict=True):
            weights.grad = gradient
        return recording.results

    def warm_up(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        """Compute without a recording, on a stream of its own, as CUDA asks of what will be recorded."""
        current, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            found = self.gradient(inputs, targets)
        current.wait_stream(aside)
        return found

    def record(self, inputs: Tensor, targets: Tensor) -> Recording:
        """Record a step on batches of this shape; nothing is computed, and no random number drawn.

        Raises:
            ReplisomeError: something in the step cannot be recorded.
        """
        inputs, targets = inputs.clone(), targets.clone()
        for weights in self.weights:
            weights.grad = None  # the recording makes its own, where it finds them again
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                results = self.gradient(inputs, targets)
        except RuntimeError as error:
            if out_of_memory(error):
                raise
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ReplisomeError(
                f"a step of this model cannot be recorded as a CUDA graph ({reason}); leave out the training setting "
                "'graphs' for it."
            ) from error
        return Recording(inputs, targets, results, [weights.grad for weights in self.weights], graph.replay)

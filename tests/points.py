"""A small task for tests of training: points in the plane, to be told apart by the sign of one coordinate."""

import torch
from torch import nn

from replisome.models import DataSpec


class Points:
    """A split of points in the plane; the class is the sign of the first coordinate."""

    def __init__(self, size: int, seed: int) -> None:
        self.x = torch.randn(size, 2, generator=torch.Generator().manual_seed(seed))
        self.y = (self.x[:, 0] > 0).long()

    def __len__(self):
        return len(self.x)

    def batch(self, items):
        return self.x[items], self.y[items]

    def augmented(self, items, how):
        inputs, targets = self.batch(items)
        return inputs + 0.1 * torch.randn(inputs.shape), targets


class Signs:
    """The task that goes with it; its accuracy makes a number of anything."""

    data = DataSpec((2,), 2)
    memory_format = torch.contiguous_format
    max_items = 1024

    def loss(self, outputs, targets):
        return nn.functional.cross_entropy(outputs, targets)

    def reduce_outputs(self, outputs, targets):
        return outputs

    def terms(self, targets):
        return torch.tensor(len(targets))

    def scores(self, outputs, targets):
        return {"accuracy": float((outputs.argmax(1) == targets).mean())}

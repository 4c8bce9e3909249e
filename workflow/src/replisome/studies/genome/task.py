"""Windows of tokens on the device, cross-entropy of each next token, and bits per base."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from replisome.config.catalogue import Output
from replisome.data.parquet import read_parquet
from replisome.models import IGNORED, DataSpec
from replisome.models._strands import turned
from replisome.studies.genome.windows import union
from replisome.training.task import PreparedTask

TILE = 4096  # tokens that one item of the disjoint view predicts
CONTEXT = 32  # tokens that it reads before them, for models that look so far back
NLL, CORRECT, SUCCESSORS = range(3)  # what is kept of a token's logits


def reverse_complement(tokens: Tensor, k: int) -> Tensor:
    """Return windows of tokens (batch, n) as they read on the other strand: each k-mer, and their order."""
    return turned(tokens, k).flip(1)


class WindowSplit:
    """A split whose items are windows: the genome's tokens (n,) uint8 or int16, and each window's first (windows,).

    Where windows are read in pieces, each piece is a row of a batch of its own: models begin it from an empty state.
    The tokens of a batch are the same whatever the piece.
    """

    def __init__(self, tokens: Tensor, starts: Tensor, length: int, k: int, piece: int | None = None) -> None:
        """Put a split together.

        Args:
            tokens: of the genome (n,), uint8 or int16.
            starts: the first token of each window (windows,).
            length: tokens that a window reads.
            k: bases of a token.
            piece: tokens that are read in a row; the whole window, where it is None.
        """
        self.tokens, self.starts, self.k, self.piece = tokens, starts, k, piece or length
        self.offsets = torch.arange(length + 1, device=tokens.device)

    def __len__(self) -> int:
        return len(self.starts)

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return tokens (batch, length) int64 and the one after each of them; in pieces (batch x pieces, piece)."""
        return self._in_pieces(self.tokens[self.starts[items].unsqueeze(1) + self.offsets].long())

    def augmented(self, items: Tensor, how: str) -> tuple[Tensor, Tensor]:
        """Return what ``batch`` does; by chance, half of the windows read as on the other strand."""
        window = self.tokens[self.starts[items].unsqueeze(1) + self.offsets].long()
        chosen = torch.rand(len(window), 1, device=window.device) < 0.5
        return self._in_pieces(torch.where(chosen, reverse_complement(window, self.k), window))

    def _in_pieces(self, window: Tensor) -> tuple[Tensor, Tensor]:
        return window[:, :-1].reshape(-1, self.piece), window[:, 1:].reshape(-1, self.piece)

    def disjoint(self) -> TileSplit:
        """Return the stretches that the windows cover, cut into longer tiles that predict each token once."""
        intervals = union(self.starts.cpu().numpy(), len(self.offsets) - 1)
        return TileSplit(self.tokens, intervals)


class TileSplit:
    """A split whose items are tiles of ``intervals`` (n, 2) of tokens; a target that is not the tile's is ignored."""

    def __init__(self, tokens: Tensor, intervals: np.ndarray) -> None:
        self.tokens = tokens
        begin, end, floor = [], [], []
        for low, high in intervals.tolist():
            cuts = list(range(low + 1, high, TILE))  # the first token of an interval is read, never predicted
            begin += cuts
            end += [*cuts[1:], high]
            floor += [low] * len(cuts)
        bounds = torch.tensor([begin, end, floor], dtype=torch.int64, device=tokens.device)
        self.begin, self.end = bounds[0], bounds[1]
        self.read_from = torch.maximum(self.begin - 1 - CONTEXT, bounds[2])
        self.offsets = torch.arange(TILE + CONTEXT + 1, device=tokens.device)

    def __len__(self) -> int:
        return len(self.begin)

    def batch(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return tokens (batch, tile + context) and the one after each of them, IGNORED where it is not the tile's."""
        position = self.read_from[items].unsqueeze(1) + self.offsets
        begin, end = self.begin[items].unsqueeze(1), self.end[items].unsqueeze(1)
        window = self.tokens[torch.minimum(position, end - 1)].long()
        own = (position >= begin) & (position < end)
        return window[:, :-1], torch.where(own, window, IGNORED)[:, 1:]


class NextToken(PreparedTask):
    """Which token comes next, at every position of a window."""

    def __init__(self, recipe: Path) -> None:
        """Open a prepared recipe's folder."""
        super().__init__(recipe)
        self.length, self.k, self.stride = (int(self.statistics[name]) for name in ("length", "k", "stride"))
        self.data = DataSpec((self.length,), self.statistics["tokens"], self.statistics["tokens"])

    def load(self, split: str, device: torch.device) -> WindowSplit:
        """Read the genome and a split's windows onto the device; only those of training are read in pieces."""
        tokens = read_parquet(self.recipe / "tokens.parquet")[0].column("token").to_numpy()
        starts = read_parquet(self.recipe / f"{split}.parquet")[0].column("start").to_numpy()
        # torch indexes no unsigned 16-bit tensors; 4**6 tokens fit the signed ones.
        stored = torch.from_numpy(tokens.astype(np.uint8 if tokens.dtype == np.uint8 else np.int16))
        piece = int(self.statistics["piece"]) if split == "train" else self.length
        return WindowSplit(stored.to(device), torch.from_numpy(starts.copy()).to(device), self.length, self.k, piece)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy of logits (batch, length, tokens), in nats a token."""
        return nn.functional.cross_entropy(outputs.flatten(0, 1).float(), targets.flatten())

    def reduce_outputs(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return of each token nats, whether it was the first guess, and the probability on possible successors.

        Possible successors are the tokens that can follow the one read: for overlapping k-mers the four that begin with
        its last k - 1 bases, otherwise any.

        Args:
            outputs: logits (batch, length, tokens).
            targets: (batch, length) int64.

        Returns:
            (batch, length, 3) float32.
        """
        logs = outputs.log_softmax(dim=2)
        targets = targets.clamp(min=0)  # a token that is IGNORED gets a value that nothing reads
        nats = -logs.gather(2, targets.unsqueeze(2)).squeeze(2)
        right = (outputs.argmax(dim=2) == targets).float()
        if self.stride == 1:
            first = (targets // 4 * 4).unsqueeze(2) + torch.arange(4, device=targets.device)
            possible = logs.gather(2, first).exp().sum(dim=2)
        else:
            possible = torch.ones_like(nats)
        return torch.stack([nats, right, possible], dim=2)

    def terms(self, targets: Tensor) -> Tensor:
        """Return the number of predicted tokens."""
        return (targets != IGNORED).sum()

    def scores(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Return accuracy, bits per base and the probability on possible successors, of reduced outputs (n, length, 3).

        A token adds ``stride`` bases, so that bits per base compare across k and stride.
        """
        return {
            "accuracy": float(outputs[..., CORRECT].mean(dtype=np.float64)),
            "bits_per_base": float(outputs[..., NLL].mean(dtype=np.float64)) / math.log(2) / self.stride,
            "successors": float(outputs[..., SUCCESSORS].mean(dtype=np.float64)),
        }

    def predictions(self, outputs: np.ndarray, targets: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
        """Return the columns of predictions.parquet: by window and position, bits for the target and whether right."""
        return {
            "bits": (outputs[..., NLL] / math.log(2)).astype(np.float32),
            "right": outputs[..., CORRECT] > 0.5,
        }


def open_task(recipe: Path) -> NextToken:
    """Open the task of a prepared recipe, as the stages train and evaluate do.

    Args:
        recipe: the recipe's folder, with tokens.parquet, train, validation and test.parquet and stats.json.

    Returns:
        The task; its splits are windows of tokens.
    """
    return NextToken(recipe)

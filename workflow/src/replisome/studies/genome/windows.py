"""Windows of tokens and their splits: at random, in blocks with gaps, or the first 80 % of the genome and the rest."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError

LENGTH, BLOCKS = 200, 10  # tokens a window predicts, as in report D; blocks a split
TEST, VALIDATION = 0.2, 0.08  # shares: a fifth is test as in report D; at most a tenth of the rest is validation
# The parts of the genome in order; of a block, validation stands amid training, as far from it as test does.
PREFIX = (("train", 1 - TEST - VALIDATION), ("validation", VALIDATION), ("test", TEST))
HALF = ("train", (1 - TEST - VALIDATION) / 2)
BLOCK = (HALF, ("validation", VALIDATION), HALF, ("test", TEST))
SPLIT_SEED = 42
MOST = 20_000_000  # windows a split; more would not fit in memory, and an epoch of them would never end


class Layout(NamedTuple):
    """Where tokens lie: for each segment its first token in the stream, and its number of tokens (segments,) int64."""

    first: np.ndarray
    sizes: np.ndarray

    @property
    def tokens(self) -> int:
        """Return the number of tokens in all."""
        return int(self.sizes.sum())


class Cut(NamedTuple):
    """How windows are cut: the key ``windows`` of a recipe.

    Attributes:
        length: tokens that a window reads; it predicts as many, each the one after it.
        piece: tokens after which a training window goes on from an empty state, as if a new one began; None for none.
        step: tokens from the start of a training window to that of the next; of any window, if the split is random.
        blocks: how many blocks of the genome a split has.
        validation: how many validation windows are kept at most.
        test: how many test windows are kept at most.
    """

    length: int = LENGTH
    piece: int | None = None
    step: int = 1
    blocks: int = BLOCKS
    validation: int | None = None
    test: int | None = None

    @property
    def training_window(self) -> int:
        """Return how many tokens training reads in a row."""
        return self.piece or self.length


def encoding(name: str) -> tuple[int, int]:
    """Return k and the stride of an encoding: ``kmer4`` overlaps by three bases, ``kmer4-apart`` by none."""
    found = re.fullmatch(r"kmer(\d)(-apart)?", name)
    assert found is not None  # the configuration is checked against recipe.schema.yaml
    k = int(found[1])
    return k, k if found[2] else 1


def layout(lengths: Sequence[int], k: int, stride: int) -> Layout:
    """Return where the tokens of segments of these lengths (bases) lie."""
    count = np.maximum(0, (np.asarray(lengths, np.int64) - k) // stride + 1)
    return Layout(np.cumsum(count) - count, count)


def split_windows(where: Layout, split: str, cut: Cut, k: int) -> dict[str, np.ndarray]:
    """Assign the windows of a genome to splits.

    ``random``: a fifth of the overlapping windows, drawn by chance, is test as in report D, which has no validation; of
    the rest no more than the validation windows that are scored leave training. ``blocks``, ``homology`` and
    ``prefix80``: contiguous parts with a gap of at least one window between different splits; training windows start
    ``step`` apart, those of validation and test stand end to end, so that each token is predicted once.

    Args:
        where: where the tokens lie.
        split: the recipe's split.
        cut: how windows are cut.
        k: bases of a token: two tokens share none if they are so many bases apart.

    Returns:
        By split the first tokens of its windows (windows,) int64, in ascending order.

    Raises:
        ReplisomeError: a split has no window, or too many, or windows do not fall into whole pieces.
    """
    if cut.length % cut.training_window:
        raise ReplisomeError(
            f"recipe: windows.piece is {cut.piece}, but windows of {cut.length} tokens do not fall into such pieces; "
            "give one that divides windows.length."
        )
    if where.sizes.max(initial=0) <= cut.length:
        raise ReplisomeError(
            f"recipe: no stretch of certain bases holds a window of {cut.length} + 1 tokens (the longest has "
            f"{where.sizes.max(initial=0)}); shorten windows.length or give a longer sequence."
        )
    if split == "random":
        found = _at_random(where, cut)
    else:
        parts, blocks = (PREFIX, 1) if split == "prefix80" else (BLOCK, cut.blocks)
        if where.tokens * VALIDATION / blocks <= cut.length:
            raise ReplisomeError(
                f"recipe: {where.tokens} tokens in {blocks} blocks leave no room to validate windows of {cut.length}"
                "; lower windows.length or windows.blocks, or give a longer sequence."
            )
        ends = np.cumsum([share for _, share in parts] * blocks) * where.tokens / blocks
        edges = [0, *(int(end) for end in ends.round())]
        found = _in_blocks(where, cut, edges, [name for name, _ in parts] * blocks, gap=cut.length + k)
        found["validation"] = _thinned(found["validation"], cut.validation)
    found["test"] = _thinned(found["test"], cut.test)
    for name in SPLITS:
        if not len(found[name]):
            raise ReplisomeError(
                f"recipe: the {name} split has no window of {cut.length} tokens; the genome has {where.tokens} tokens. "
                "Lower windows.length, windows.blocks or windows.step, or give a longer sequence."
            )
    return found


def _at_random(where: Layout, cut: Cut) -> dict[str, np.ndarray]:
    windows = np.maximum(0, (where.sizes - cut.length - 1) // cut.step + 1)
    _check_number(int(windows.sum()), cut.step)
    starts = np.concatenate(
        [first + cut.step * np.arange(n, dtype=np.int64) for first, n in zip(where.first, windows, strict=True)]
    )
    drawn = np.random.default_rng(SPLIT_SEED).permutation(len(starts))
    tested = math.ceil(TEST * len(starts))  # rounded up, as scikit-learn's train_test_split(test_size=0.2) does
    held_out = tested + round(VALIDATION * len(starts))
    test, candidates = np.sort(drawn[:tested]), np.sort(drawn[tested:held_out])
    validation = _thinned(candidates, cut.validation)
    train = np.ones(len(starts), bool)
    train[test] = train[validation] = False
    return {"train": starts[train], "validation": starts[validation], "test": starts[test]}


def _in_blocks(where: Layout, cut: Cut, edges: Sequence[int], owners: Sequence[str], gap: int) -> dict[str, np.ndarray]:
    """Return the windows that lie whole within one part and one segment; ``edges`` bound the parts, in tokens.

    At each border the split that is read earlier gives way: training to validation, both to test.
    """
    stretches: list[tuple[str, int, int, int]] = []
    ends = where.first + where.sizes
    for number, owner in enumerate(owners):
        low, high = edges[number], edges[number + 1]
        before = owners[number - 1] if number else owner
        after = owners[number + 1] if number + 1 < len(owners) else owner
        low += gap if SPLITS.index(before) > SPLITS.index(owner) else 0
        high -= gap if SPLITS.index(after) > SPLITS.index(owner) else 0
        step = cut.step if owner == "train" else cut.length
        for segment in range(*_reached(where.first, ends, low, high)):
            begin, end = max(low, int(where.first[segment])), min(high, int(ends[segment])) - cut.length
            if begin < end:
                stretches.append((owner, begin, end, step))
    _check_number(sum(len(range(*stretch[1:])) for stretch in stretches if stretch[0] == "train"), cut.step)
    found: dict[str, list[np.ndarray]] = {name: [np.empty(0, np.int64)] for name in SPLITS}
    for owner, *stretch in stretches:
        found[owner].append(np.arange(*stretch, dtype=np.int64))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _reached(first: np.ndarray, ends: np.ndarray, low: int, high: int) -> tuple[int, int]:
    """Return the range of segments that reach into ``low`` to ``high``."""
    return int(np.searchsorted(ends, low, side="right")), int(np.searchsorted(first, high, side="left"))


def _check_number(windows: int, step: int) -> None:
    if windows > MOST:
        enough = -(-windows * step // MOST) + 1
        raise ReplisomeError(f"recipe: more than {MOST:,} windows; raise windows.step from {step} to {enough} or more.")


def _thinned(starts: np.ndarray, most: int | None) -> np.ndarray:
    """Return at most so many windows, evenly spread over those there are."""
    if most is None or len(starts) <= most:
        return starts
    return starts[np.linspace(0, len(starts) - 1, most).round().astype(np.int64)]


def cut_of(recipe: Mapping[str, Any]) -> Cut:
    """Return how a recipe cuts its windows."""
    return Cut(**recipe.get("windows", {}))


def union(starts: np.ndarray, length: int) -> np.ndarray:
    """Return what ascending windows cover: intervals (n, 2) of tokens, from the first to after the last.

    A window that starts at token s covers s to s + length, both among them: the tokens it reads or predicts. No
    interval reaches over the end of a segment, since no window does.
    """
    if not len(starts):
        return np.empty((0, 2), np.int64)
    opens = np.r_[True, np.diff(starts) > length]
    closes = np.r_[opens[1:], True]
    return np.stack([starts[opens], starts[closes] + length + 1], axis=1)

"""A user's own input on its way through a finished network: in batches, to answers, to a table.

A study's ``new_data.py`` makes the batches and the table (:class:`replisome.studies.contract.NewDataModule`); what
stands here is common to all studies. Input becomes what the study's own split gives of it, and goes through the network
as a test split does, so that the answers are those of the evaluation, bit for bit where batches are of its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from replisome.errors import ReplisomeError
from replisome.io import atomic
from replisome.training.predict import BATCH
from replisome.training.task import Task

Item = TypeVar("Item")


class Batch(NamedTuple):
    """Some items of the input, as a network takes them.

    Attributes:
        names: columns (n,) that tell the items apart: a file, a number, a contig.
        inputs: (n, ...) on the device, as the study's split gives them to models.
        targets: (n, ...) on the device, what ``Task.reduce_outputs`` needs; of no meaning where there is no truth.
        share: of the whole input, how much has been read so far (0 to 1); None where that is not known.
    """

    names: Mapping[str, np.ndarray]
    inputs: Tensor
    targets: Tensor
    share: float | None = None


class Answer(NamedTuple):
    """What networks say of a batch.

    Attributes:
        names: of the batch.
        values: by name, (n, ...): what the study's ``answers`` made of the outputs; of several networks, the mean.
        spread: the same of the standard deviation over networks (n - 1 in the denominator); None where there is one.
        each: the values of each network, for what is no mean of means.
    """

    names: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]
    spread: Mapping[str, np.ndarray] | None
    each: Sequence[Mapping[str, np.ndarray]]


class Beside:
    """What goes with a table of predictions: facts about the input, and further files.

    Attributes:
        said: facts by name, as JSON can hold them; they stand in the metadata beside the table, sentences for people
            under ``notes``.
        table: the table's file; None where it is printed or handed on, and there are then no further files.
        replaces: whether files that are there already are those of an earlier table of this name, and may go.
    """

    def __init__(self, table: Path | None = None, *, replaces: bool = False) -> None:
        self.table, self.replaces, self.said = table, replaces, dict[str, Any]()

    def note(self, text: str) -> None:
        """Keep a sentence that the user should read: it stands in the metadata, and the command prints it."""
        self.said.setdefault("notes", []).append(text)

    def path(self, ending: str) -> Path:
        """Return a file beside the table: its name without the ending, and ``ending`` (such as ``.bedgraph``)."""
        if self.table is None:
            raise ValueError("a table that is no file has no files beside it")
        return self.table.with_name(self.table.stem + ending)

    def file(self, ending: str, mode: str = "wb") -> AbstractContextManager[IO[Any]]:
        """Open a file beside the table, which appears when the block ends well; UTF-8 in mode ``w``.

        Raises:
            ReplisomeError: a file of the user's is there.
        """
        path = self.path(ending)
        if path.exists() and not self.replaces:
            raise ReplisomeError(
                f"{path}: is there already, and not from an earlier table of this name; move it, or choose another "
                "name for the table."
            )
        return atomic(path, mode)


def groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items in lists of ``size``, the last one shorter."""
    waiting = iter(items)
    while group := list(islice(waiting, size)):
        yield group


def batch_size(task: Task) -> int:
    """Return how many items the evaluation gives to a network at a time."""
    return min(BATCH, task.max_items)


@torch.inference_mode()
def ask(model: nn.Module, task: Task, batch: Batch) -> np.ndarray:
    """Return the reduced outputs (n, ...) float32 of a model, in evaluation mode, for a batch.

    Raises:
        ReplisomeError: the model gives something else than finite numbers for an item; names the item.
    """
    given = model(batch.inputs)
    finite = given.isfinite().flatten(1).all(dim=1)
    if not bool(finite.all()):
        item = int((~finite).nonzero()[0, 0])
        name = ", ".join(f"{key} {values[item]}" for key, values in batch.names.items())
        raise ReplisomeError(
            f"{name}: the network gives no finite number for it; its weights or this input are broken."
        )
    return task.reduce_outputs(given.float(), batch.targets).cpu().numpy()


def joined(each: Sequence[Mapping[str, np.ndarray]], names: Mapping[str, np.ndarray]) -> Answer:
    """Return the answers (n, ...) of several networks as one; those of a single one are left as they are."""
    if len(each) == 1:
        return Answer(names, each[0], None, each)
    stacked = {name: np.stack([one[name] for one in each]).astype(np.float64) for name in each[0]}
    values = {name: found.mean(axis=0) for name, found in stacked.items()}
    return Answer(names, values, {name: found.std(axis=0, ddof=1) for name, found in stacked.items()}, each)

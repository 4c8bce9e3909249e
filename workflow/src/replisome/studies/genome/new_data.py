"""A user's own genome for a finished run: what each of its bases costs, in bits, and how often it is guessed.

Windows are cut as those of a test split are: end to end, each begun from an empty state. So a base is predicted from
the bases before it in its window and no others, as the run's recipe has it, and each base once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import torch

from replisome.config.catalogue import Output
from replisome.data.parquet import array_column
from replisome.errors import ReplisomeError
from replisome.studies.genome.streamed import Contig, Cutting, Window, windows
from replisome.studies.genome.task import NextToken, WindowSplit
from replisome.training.new_data import Answer, Batch, Beside, groups

INPUT = "FASTA of nucleotides, plain or gzip"

CONTIGS = "contigs"  # under which name `read` leaves for `tabulate` what it found of each


def read(task: NextToken, inputs: Sequence[Path], size: int, device: torch.device, beside: Beside) -> Iterator[Batch]:
    """Read FASTA files in batches of windows.

    N and the other IUPAC codes for more than one base cut a contig, as in a recipe: they are not scored, and behind
    them a window begins anew. Lower case counts as upper case, U as T.

    Args:
        task: of the run's recipe, with the length of windows and k.
        inputs: FASTA files, plain or gzip.
        size: windows of a batch.
        device: where tensors go.
        beside: takes how letters were read.

    Yields:
        Windows named by ``contig``, ``position`` (of the first base that is predicted, from 0) and ``predicted``
        (tokens).

    Raises:
        ReplisomeError: not FASTA, no nucleotides, a name given twice, or no stretch of bases that is long enough.
    """
    contigs: list[Contig] = []
    beside.said[CONTIGS] = contigs
    cutting = Cutting(task.k, task.stride, task.length)
    found = False
    for group in groups(_windows(inputs, cutting, contigs), size):
        found = True
        yield _batch(group, task, device)
    if not found:
        raise ReplisomeError(
            f"{', '.join(map(str, inputs))}: no stretch of certain bases (A, C, G, T) is longer than the "
            f"{task.k + task.stride - 1} that this run reads before it predicts; give a longer sequence."
        )
    for what, number in (("ambiguous", sum(c.ambiguous for c in contigs)), ("lower", sum(c.lower for c in contigs))):
        if number:
            beside.note(NOTES[what].format(number=number))
        beside.said[f"letters_{what}"] = number


NOTES = {
    "ambiguous": "{number:,} letters stand for more than one base (N and other IUPAC codes): they were not scored, and "
    "behind them windows begin anew.",
    "lower": "{number:,} letters are in lower case; they were read as upper case, as in training.",
}


def _windows(inputs: Sequence[Path], cutting: Cutting, contigs: list[Contig]) -> Iterator[Window]:
    for number, path in enumerate(inputs):
        if path.is_dir():
            raise ReplisomeError(f"{path}: is a folder; give FASTA files.")
        for window in windows(path, cutting, contigs):
            yield window if window.share is None else window._replace(share=(number + window.share) / len(inputs))


def _batch(group: Sequence[Window], task: NextToken, device: torch.device) -> Batch:
    stored = torch.from_numpy(np.concatenate([window.tokens for window in group])).to(device)
    starts = torch.arange(len(group), device=device) * (task.length + 1)
    split = WindowSplit(stored, starts, task.length, task.k)
    names = {
        "contig": np.array([window.contig.name for window in group], dtype=object),
        "position": np.array([window.position for window in group]),
        "predicted": np.array([window.predicted for window in group]),
    }
    return Batch(names, *split.batch(torch.arange(len(group), device=device)), group[-1].share)


def answers(task: NextToken, outputs: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
    """Return what each token of each window costs, and whether it was the first guess.

    Args:
        task: of the run's recipe.
        outputs: reduced outputs (windows, length, 3).
        gives: logits.

    Returns:
        ``bits`` (windows, length), float32, for the whole token, and ``right`` (windows, length), bool. What stands
        behind the last predicted token of a shorter window means nothing.
    """
    return task.predictions(outputs, np.empty(0), gives)


class _Sums:
    """What adds up to a contig's row."""

    def __init__(self, networks: int) -> None:
        self.tokens = 0
        self.bits, self.right = np.zeros(networks), np.zeros(networks)


def tabulate(task: NextToken, answers: Iterator[Answer], beside: Beside) -> Iterator[pa.Table]:
    """Yield a row a contig, and write what each base costs to ``<stem>.bedgraph``.

    A token that adds several bases (k-mers that do not overlap) is one interval, with its bits a base. Of several
    networks, the standard deviation of each interval goes to ``<stem>.sd.bedgraph``.

    Args:
        task: of the run's recipe.
        answers: to windows in the order of the input.
        beside: takes the files.

    Yields:
        ``contig``, ``length`` (bases), ``bases_scored``, ``bits_per_base`` and ``accuracy`` (share of tokens that were
        the first guess), null where no base was scored.
    """
    sums: dict[str, _Sums] = {}
    networks = 1
    with ExitStack() as files:
        mean = spread = None
        for answer in answers:
            networks = len(answer.each)
            if beside.table is not None and mean is None:
                mean = files.enter_context(beside.file(".bedgraph", "w"))
                spread = files.enter_context(beside.file(".sd.bedgraph", "w")) if answer.spread else None
            _add(sums, answer)
            for handle, values in ((mean, answer.values), (spread, answer.spread)):
                if handle is not None and values is not None:
                    _write_bases(handle, answer, values["bits"] / task.stride, task.stride)
    yield _rows(beside.said.pop(CONTIGS), sums, task.stride, networks)


def _add(sums: dict[str, _Sums], answer: Answer) -> None:
    for row, (contig, tokens) in enumerate(zip(answer.names["contig"], answer.names["predicted"], strict=True)):
        own = sums.setdefault(contig, _Sums(len(answer.each)))
        own.tokens += int(tokens)
        for number, values in enumerate(answer.each):
            own.bits[number] += values["bits"][row, :tokens].sum(dtype=np.float64)
            own.right[number] += values["right"][row, :tokens].sum()


def _write_bases(handle: IO[str], answer: Answer, bits: np.ndarray, stride: int) -> None:
    """Write bits a base (windows, length) as lines of BED graph: contig, start (from 0), end and value."""
    for row, (contig, first, tokens) in enumerate(zip(*answer.names.values(), strict=True)):
        starts = range(first, first + tokens * stride, stride)
        handle.writelines(
            f"{contig}\t{start}\t{start + stride}\t{value!s}\n" for start, value in zip(starts, bits[row], strict=False)
        )


def _rows(contigs: Sequence[Contig], sums: dict[str, _Sums], stride: int, networks: int) -> pa.Table:
    none = _Sums(networks)
    found = [sums.get(contig.name, none) for contig in contigs]
    tokens = np.array([one.tokens for one in found])
    columns: dict[str, object] = {
        "contig": [contig.name for contig in contigs],
        "length": np.array([contig.length for contig in contigs]),
        "bases_scored": tokens * stride,
    }
    for name, each in (
        ("bits_per_base", np.stack([one.bits for one in found]) / stride),
        ("accuracy", np.stack([one.right for one in found])),
    ):
        shares = np.divide(each, tokens[:, None], out=np.full(each.shape, np.nan), where=tokens[:, None] > 0)
        columns[name] = pa.array(shares.mean(axis=1), from_pandas=True)
        if networks > 1:
            columns[f"{name}_sd"] = pa.array(shares.std(axis=1, ddof=1), from_pandas=True)
    return pa.table({name: array_column(one) if isinstance(one, np.ndarray) else one for name, one in columns.items()})

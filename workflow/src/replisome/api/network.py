"""A finished run's network, to be asked about other data: from Python, and by the command ``predict``."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from replisome.api.run_folders import finished_run, read_weights, recipe_of
from replisome.config.catalogue import STUDIES, Output, model_traits, part
from replisome.errors import ReplisomeError, out_of_memory
from replisome.training.new_data import Answer, Batch, Beside, ask, batch_size, joined
from replisome.training.precision import forbid_tf32
from replisome.training.task import Task

if TYPE_CHECKING:
    import pandas as pd

Inputs = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class Network:
    """The network of a finished run, with what it must know of its recipe.

    Attributes:
        run: the run's folder.
        weights: "best" or "last".
        sha256: of the file of weights, hexadecimal.
        config: the run's config.json: model, hyperparameters, training, recipe, seed.
        task: of the recipe. ``task.data.shape`` is the shape of one input without the batch, ``task.data.outputs`` the
            number of outputs.
        module: the PyTorch module in evaluation mode, fp32. It maps inputs (batch, *task.data.shape), scaled as the
            recipe says, to outputs (batch, ...); :meth:`predict` scales, and says what outputs mean.
        device: where the module lies.
    """

    run: Path
    weights: str
    sha256: str
    config: dict[str, Any] = field(repr=False)
    task: Task = field(repr=False)
    module: nn.Module = field(repr=False)
    device: torch.device

    @property
    def gives(self) -> Output:
        """Return what the module gives: logits, probabilities, coordinates, distances or affinity."""
        return model_traits(self.config["model"]).output(self.config["hyperparameters"])

    def predict(self, inputs: Inputs, batch_size: int | None = None) -> pd.DataFrame:
        """Return what the network says of files, as the command ``replisome predict`` writes it.

        Args:
            inputs: a file or folder, or several: images, FASTA, ... as the run's study takes them.
            batch_size: items that go through the network at a time; None: as many as in the evaluation. It moves the
                last digits of the numbers, never more.

        Returns:
            A row an item, or a contig of a genome. What the columns are, with their units, says the function
            ``tabulate`` of the study's module ``new_data``.

        Raises:
            ReplisomeError: an input does not fit the run; the message says what would.
        """
        table: pd.DataFrame = pa.concat_tables(tables([self], inputs, Beside(), batch_size)).to_pandas()
        return table

    def answers(self, inputs: Inputs, batch_size: int | None = None) -> dict[str, np.ndarray]:
        """Return what the network says of files as arrays, item by item in the order of the input.

        Args:
            inputs: as for :meth:`predict`.
            batch_size: as for :meth:`predict`.

        Returns:
            By name an array (items, ...). Images: ``probability`` (images, classes). RNAs: ``affinity`` (RNAs,
            proteins), z-scores, and ``intensity``, the same in the probes' units. Proteins: ``distance`` (chains, pairs
            of residues i < j), angstrom. Genomes: ``bits`` (windows, tokens) that each token costs, and ``right``
            (windows, tokens), whether it was the first guess.

        Raises:
            ReplisomeError: an input does not fit the run; the message says what would.
        """
        found = list(_answers([self], checked_inputs(inputs), Beside(), batch_size))
        return {name: np.concatenate([one.values[name] for one in found]) for name in found[0].values}


def load_model(run: str | os.PathLike[str], weights: str = "best", device: str | torch.device | None = None) -> Network:
    """Load the network of a finished run, once its files are those that training wrote.

    Beside the run's folder it needs the recipe's stats.json, in the folder that holds ``runs``, and no data.

    Args:
        run: the run's folder, ``results/<preset>/<study>/<recipe>/runs/<model>/<settings>/seed=<n>``, or a file in it.
        weights: "best", those of the best round by the validation score that the experiment selects by, or "last".
        device: where to compute; None: the first CUDA GPU where there is one, else the CPU, as the evaluation does.

    Returns:
        The network, ready to be asked. It computes in fp32, without TF32.

    Raises:
        ReplisomeError: not a finished run, its files were edited, its code has changed since, or its weights diverged.
    """
    forbid_tf32()
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    folder, config = finished_run(Path(run))
    _new_data(config["implementation"])
    task = part(config["implementation"], "task").open_task(recipe_of(folder, config))
    module, sha256 = read_weights(folder, config, task, weights, where)
    return Network(folder, weights, sha256, config, task, module, where)


def tables(
    networks: Sequence[Network], inputs: Inputs, beside: Beside, size: int | None = None, told: Any = None
) -> Generator[pa.Table]:
    """Yield what networks of one recipe say of files, as pieces of one table.

    Args:
        networks: of runs that differ in their seed only; of several, the means and standard deviations are given.
        inputs: files and folders.
        beside: takes facts and further files.
        size: items of a batch; None: as in the evaluation.
        told: is called after each batch with its number of items and the share of the input read so far, if known.

    Raises:
        ReplisomeError: an input does not fit the run; the message says what would.
    """
    study = _new_data(networks[0].config["implementation"])
    answers = _answers(networks, checked_inputs(inputs), beside, size, told)
    yield from study.tabulate(networks[0].task, answers, beside)


def _answers(
    networks: Sequence[Network], inputs: Sequence[Path], beside: Beside, size: int | None, told: Any = None
) -> Iterator[Answer]:
    first = networks[0]
    study = _new_data(first.config["implementation"])
    for batch in study.read(first.task, inputs, size or batch_size(first.task), first.device, beside):
        outputs = _asked(networks, batch)
        if told is not None:
            told(len(outputs[0]), batch.share)
        yield joined([study.answers(first.task, found, first.gives) for found in outputs], batch.names)


def _asked(networks: Sequence[Network], batch: Batch) -> list[np.ndarray]:
    """Return the outputs of each network for a batch."""
    try:
        return [ask(one.module, one.task, batch) for one in networks]
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise ReplisomeError(
            f"memory ran out with {len(batch.inputs)} items at a time; give fewer: --batch-size, or batch_size=."
        ) from None


def use_threads(threads: int) -> None:
    """Compute with so many threads of the CPU; the evaluation of a run says in its record how many it had."""
    torch.set_num_threads(threads)


def checked_inputs(inputs: Inputs) -> list[Path]:
    """Return files and folders that are there, at least one.

    A pipe is none: readers look at how a file begins before they read it, and of a pipe the beginning is then gone.

    Raises:
        ReplisomeError: names the one that is not.
    """
    given = [inputs] if isinstance(inputs, str | os.PathLike) else inputs
    paths = [Path(one) for one in given]
    if not paths:
        raise ReplisomeError("no input: give at least one file or folder.")
    for path in paths:
        if not path.exists():
            raise ReplisomeError(f"{path}: no such file or folder; correct the path.")
        if not os.access(path, os.R_OK):
            raise ReplisomeError(f"{path}: may not be read; ask for permission, or copy it.")
        if not (path.is_file() or path.is_dir()):
            raise ReplisomeError(f"{path}: is a pipe or a device, no file; save what comes from it as a file first.")
    return paths


def _new_data(study: str) -> Any:
    if not (STUDIES / study / "new_data.py").is_file():
        raise ReplisomeError(
            f"study '{study}' takes no other data than its recipes: there is no {STUDIES / study / 'new_data.py'}, of "
            "which replisome/studies/contract.py says what it must have."
        )
    return part(study, "new_data")

"""What a study must provide, as types.

A study is a package with one light object ``STUDY`` (:class:`replisome.config.study.Study`) and these modules, imported
when they are needed:

=====================  =====================================  =======================================
module                 provides                               called by the stage
=====================  =====================================  =======================================
``data.py``            ``prepare``, ``read``                  prepare
``control.py``         ``draw_<name>`` for each control       prepare, through ``data.prepare``
``task.py``            ``open_task``                          train, evaluate, explain
``predictions.py``     ``variant_name``, ``data_name``,       summarise, figures
                       ``paper_speaks_of``,
                       ``item_scores``
``tables/<topic>.py``  functions under ``@table("title")``    summarise
``figures/<topic>.py`` functions under ``@figure("title")``   figures
``explain.py``         ``explain``; only where it explains    explain
``new_data.py``        ``INPUT``, ``read``, ``answers``,      the command ``predict``, ``load_model``
                       ``tabulate``; only where finished
                       runs can be asked about other data
``signature.py``       ``signature``, ``sketch``,             the commands ``export`` and ``doctor``
                       ``random_items``; optional
``choices.py``         ``CHOICES``: what the paper leaves     summarise, through a table
                       open, and what we did
``new_source.py``      ``SOURCE``; only where users may bring ``replisome new``
                       files of their own
``example_model.py``   a small network that runs, for models   ``replisome new model``
                       of one's own to begin from
``recipe.schema.yaml`` the values its recipe keys may have    (when the configuration is read)
=====================  =====================================  =======================================

Options differ from study to study, so ``read`` and the controls have no protocol: their keyword-only arguments *are*
the options, read from the code and checked when the configuration is. Tables and figures are typed by their decorators
(:mod:`replisome.analysis.declare`), the data card by :class:`replisome.data.prepared.StudyCard`.

Before anything runs, the configuration check reads these modules as syntax trees and names what is missing
(:mod:`replisome.config.checks`). The types are checked by mypy: each study's ``__init__.py`` assigns its modules to the
protocols below, for type checkers only, because a module that is imported by name is hidden from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant
from replisome.config.catalogue import Output
from replisome.config.study import Score
from replisome.data.prepared import Prepared
from replisome.data.raw_files import RawFile
from replisome.training.new_data import Answer, Batch, Beside
from replisome.training.signature import Signature, Sketch
from replisome.training.task import Task


class DataModule(Protocol):
    """``data.py``: from raw files, or a control, to checked tables.

    Beside ``prepare`` it has a function ``read``, whose keyword-only arguments are the options of a data set.
    """

    def prepare(self, recipe: Mapping[str, Any], files: Mapping[str, RawFile]) -> Prepared:
        """Carry out a recipe.

        Args:
            recipe: the recipe's block of the study file, with its ``name``: source, split, encoding, normalisation,
                protocol, and what the study's own schema adds.
            files: by name in the ledger, the raw files of the recipe's data set; empty for a control.

        Returns:
            The rows of each split, the statistics that the task needs, and the study's part of the data card.

        Raises:
            ReplisomeError: a file or a value is not as it should be; the message names file, line or key, and what to
                do.
        """
        ...


class TaskModule(Protocol):
    """``task.py``: tensors on the device, a loss and scores."""

    def open_task(self, recipe: Path) -> Task:
        """Open a prepared recipe.

        Args:
            recipe: the recipe's folder, with train, validation and test.parquet and stats.json.

        Returns:
            The task, as :class:`replisome.training.task.Task` describes it.
        """
        ...


class PredictionsModule(Protocol):
    """``predictions.py``: what tables and figures read of the runs, and what people call them.

    Whatever else several tables or figures need is a function here that keeps what it made
    (:meth:`replisome.analysis.results.StudyResults.once`).
    """

    def variant_name(self, study: StudyResults, variant: Variant) -> str:
        """Return what people call a variant.

        Args:
            study: the study's results.
            variant: runs that differ in their seed only.

        Returns:
            The name, equal under every recipe; most studies give :func:`replisome.analysis.variants.plain_name`.
        """
        ...

    def data_name(self, study: StudyResults, recipe: str) -> str:
        """Return what a recipe's data are called in the second line of a panel's title.

        Args:
            study: the study's results.
            recipe: the name of one of its recipes.

        Returns:
            The name of the genome, the proteins, ...; empty where the recipe's own name says it all.
        """
        ...

    def paper_speaks_of(self, study: StudyResults, recipe: str) -> bool:
        """Say whether the report's numbers may stand beside those of a recipe; of a control they never do.

        Args:
            study: the study's results.
            recipe: the name of one of its recipes.

        Returns:
            Whether these are the report's data, or much like them, and prepared as the report did.
        """
        ...

    def item_scores(
        self, study: StudyResults, variant: Variant, score: Score, split: str = "test"
    ) -> ItemScores | None:
        """Return what each seed of a variant scored on each item of a split: intervals and differences come from it.

        Args:
            study: the study's results.
            variant: runs that differ in their seed only, and that were tested.
            score: one of the study's scores.
            split: "test" or "validation"; the mean over items is the seed's score there.

        Returns:
            What each item adds to the score of each seed; None where the predictions do not tell it: then the score has
            no interval.
        """
        ...


class ExplainModule(Protocol):
    """``explain.py``: why a model predicts what it predicts."""

    def explain(self, model: nn.Module, task: Any, split: Any) -> tuple[pa.Table, dict[str, object]]:
        """Ask a finished model.

        Args:
            model: the run's model with the weights that are tested, in evaluation mode, on the device.
            task: what ``open_task`` gave.
            split: the validation split, as ``task.load`` gave it.

        Returns:
            The rows of explanation.parquet and the metadata of its schema.

        Raises:
            ReplisomeError: the model cannot be asked.
        """
        ...


class NewDataModule(Protocol):
    """``new_data.py``: a user's own input, made into what the networks of a finished run take, and their answers.

    Attributes:
        INPUT: what may be given, in a few words: "images (.png, .jpg), folders of them, or .npz"; stands in messages.
    """

    INPUT: str

    def read(
        self, task: Any, inputs: Sequence[Path], size: int, device: torch.device, beside: Beside
    ) -> Iterator[Batch]:
        """Read input in batches: not all of it is in memory at a time, and the first batch is there early.

        Items become exactly what the study's own split gives of them: build that split of a batch, and take it.

        Args:
            task: what ``open_task`` gave; of the recipe only its statistics are sure to be there.
            inputs: files and folders that exist, at least one.
            size: items of a batch; all have so many but the last.
            device: where tensors go.
            beside: whose ``said`` takes facts about the input that the user should know: letters that were read with
                leave, files that were passed over.

        Yields:
            The items in the order of the input.

        Raises:
            ReplisomeError: there is nothing in it, or something does not fit the run; names file and line or item, says
                what the run takes and what to do.
        """
        ...

    def answers(self, task: Any, outputs: np.ndarray, gives: Output) -> dict[str, np.ndarray]:
        """Return what is said of each item, and averaged where several networks are asked.

        Args:
            task: what ``open_task`` gave.
            outputs: reduced outputs (n, ...), float32.
            gives: what the model gives, as its traits say.

        Returns:
            By name an array (n, ...) of numbers whose mean over networks has a meaning: probabilities, distances. The
            docstring gives shapes and units.
        """
        ...

    def tabulate(self, task: Any, answers: Iterator[Answer], beside: Beside) -> Iterator[pa.Table]:
        """Yield the rows of the table, all pieces with the same columns.

        Args:
            task: what ``open_task`` gave.
            answers: to the batches of ``read``, in order; each is gone when the next is taken.
            beside: takes further files where ``beside.table`` is not None, and facts.

        Yields:
            Rows. Where an answer has a spread, so has the table: a column ``<name>_sd`` beside each column of numbers.
        """
        ...


class SignatureModule(Protocol):
    """``signature.py``: what networks take and give, in words, and what a recipe's data are like before they are there.

    Without it a network is described by shapes alone, and nobody knows how long it trains until its data are prepared.
    """

    def signature(self, task: Any, gives: Output) -> Signature:
        """Describe inputs and outputs of the networks of a recipe.

        Args:
            task: what ``open_task`` gave.
            gives: what the model gives, as its traits say.

        Returns:
            What a user of an exported network must know of both: axes, units, scaling, alphabets, names.
        """
        ...

    def sketch(self, recipe: Mapping[str, Any]) -> Sketch:
        """Return a recipe's statistics, as far as shapes depend on them, and about how many items its splits have.

        Args:
            recipe: the recipe's block of the study file.
        """
        ...

    def random_items(self, task: Any, number: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return random inputs and targets (number, ...), as a split's ``batch`` gives them, on the CPU.

        Args:
            task: what ``open_task`` gave, of a recipe's folder in which there may be statistics only.
            number: of items.
            generator: that they are drawn with.
        """
        ...

"""What a study hands to the prepare stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import pyarrow as pa

from replisome.errors import ReplisomeError
from replisome.tracking.verify import read_verified


class Origin(TypedDict):
    """Where a raw file came from, as its download left it beside the file.

    Attributes:
        file: its name.
        version: of the data set, as the ledger has it.
        sha256: of the file.
        stand_in: what differs from the official file, or None where this is the official one.
    """

    file: str
    version: str
    sha256: str
    stand_in: str | None


class Ceiling(TypedDict):
    """The best that can be reached on a control.

    Attributes:
        metric: the score that it is about.
        expected: its value in expectation.
        oracle_on_this_draw: by split, what the predictor that knows how the control was drawn reaches.
    """

    metric: str
    expected: float
    oracle_on_this_draw: dict[str, float]


class CountedCard(TypedDict):
    """What every study says of its prepared data.

    Attributes:
        counts: by split, the number of items or, where there are classes, of items by class.
    """

    counts: dict[str, Any]


class StudyCard(CountedCard, total=False):
    """What a study may say of its prepared data for every page to show; it adds what its own tables read.

    Attributes:
        class_names: in the order of the labels, where there are classes.
        ceiling: of a control whose best possible score is known.
    """

    class_names: list[str]
    ceiling: Ceiling


class DataCard(StudyCard):
    """A recipe's card.json: the study's part, and what the prepare stage adds.

    Attributes:
        study: its name.
        recipe: its name.
        protocol: reported or sound.
        split: how the splits were made.
        encoding: what models read.
        normalisation: by which statistics.
        control: the name of the simulated data, or None.
        dataset: the name of the data set in the ledger, or None.
        origin: of the data set's file; None for a control.
        companions: of the files that are needed with it.
    """

    study: str
    recipe: str
    protocol: str
    split: str
    encoding: str
    normalisation: str
    control: str | None
    dataset: str | None
    origin: Origin | None
    companions: list[Origin]


class Stream(NamedTuple):
    """A table too large to hold, in batches of rows, with the metadata for its schema."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    metadata: Mapping[str, Any]


class Prepared(NamedTuple):
    """A recipe carried out.

    Attributes:
        tables: by split, its rows and the metadata (shape, dtype, alphabet, statistics) for the Parquet schema, or a
            stream of them.
        statistics: becomes stats.json.
        card: a :class:`StudyCard`, with what else the study's tables read; joins the data card. It and the statistics
            are read once all tables are written: what is counted as a stream goes by may stand in them.
        shared: by the names in the study's ``shared``, the tables that all splits need.
    """

    tables: Mapping[str, tuple[pa.Table, Mapping[str, Any]] | Stream]
    statistics: Mapping[str, Any]
    card: Mapping[str, Any]
    shared: Mapping[str, Stream] = {}


def check_recipe(config: Mapping[str, Any], data: Path) -> None:
    """Refuse data that were prepared by another recipe than a run's configuration says.

    Raises:
        ReplisomeError: ``data`` holds another recipe.
    """
    about = data / "recipe.json"
    if about.exists() and read_verified(about)["recipe"] != config["recipe"]:
        name = config["recipe"].get("name")
        raise ReplisomeError(
            f"{data}: was prepared by another recipe than the run's ('{name}'); give that one's folder."
        )

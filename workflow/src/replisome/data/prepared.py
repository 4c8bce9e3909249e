"""What a study hands to the prepare stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from replisome.errors import ReplisomeError
from replisome.io import read_json


class Stream(NamedTuple):
    """A table too large to hold, in batches of rows, with the metadata for its schema."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    metadata: Mapping[str, Any]


class Prepared(NamedTuple):
    """A recipe carried out.

    ``tables`` maps each split to its rows and the metadata (shape, dtype, alphabet, statistics) for the Parquet schema,
    or to a stream of them; ``statistics`` becomes stats.json, ``card`` joins the data card. These two are read once all
    tables are written: what is counted as a stream goes by may stand in them. ``shared`` maps the names in the study's
    ``shared`` to tables that all splits need.
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
    if about.exists() and read_json(about)["recipe"] != config["recipe"]:
        name = config["recipe"].get("name")
        raise ReplisomeError(
            f"{data}: was prepared by another recipe than the run's ('{name}'); give that one's folder."
        )

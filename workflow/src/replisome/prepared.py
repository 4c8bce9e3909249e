"""What a study hands to the prepare stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa


class Prepared(NamedTuple):
    """A recipe carried out.

    ``tables`` maps each split to its rows and the metadata (shape, dtype, alphabet, statistics) for the Parquet schema;
    ``statistics`` becomes stats.json, ``card`` joins the data card.
    """

    tables: Mapping[str, tuple[pa.Table, Mapping[str, Any]]]
    statistics: Mapping[str, Any]
    card: Mapping[str, Any]

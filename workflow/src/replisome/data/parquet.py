"""Parquet that remembers the shape of what it holds, written whole or not at all, with a checksum a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from replisome.errors import ReplisomeError, out_of_memory
from replisome.io import atomic
from replisome.tracking.verify import verified

METADATA_KEY = b"replisome"
# Without them most flipped bits are read as other values: neither Parquet nor zstd as Arrow writes it checks its own.
SETTINGS: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}


def write_parquet(path: Path, table: pa.Table, metadata: Mapping[str, Any] | None = None) -> None:
    """Write ``table`` atomically; ``metadata`` goes as JSON into the schema, beside what pandas put there."""
    if metadata is not None:
        table = table.replace_schema_metadata(_with_metadata(table.schema, metadata).metadata)
    with atomic(path) as handle:
        pq.write_table(table, handle, **SETTINGS)


def write_parquet_stream(
    path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], metadata: Mapping[str, Any]
) -> int:
    """Write batches atomically, holding one at a time; returns the number of rows.

    Of columns of numbers the bytes of one significance stand together: for small integers that is as small as a
    dictionary, and faster to write.

    Args:
        path: the file.
        schema: of the batches.
        batches: are held one at a time.
        metadata: goes as JSON into the file's schema.

    Returns:
        The number of rows.
    """
    rows, schema = 0, _with_metadata(schema, metadata)
    numbers = [name for field in schema for name in _numbers(field)]
    settings = {**SETTINGS, "use_dictionary": False, "use_byte_stream_split": numbers}
    with atomic(path) as handle, pq.ParquetWriter(handle, schema, **settings) as writer:
        for batch in batches:
            writer.write_batch(batch.cast(schema))
            rows += batch.num_rows
    return rows


def _numbers(field: pa.Field) -> list[str]:
    """Return the Parquet name of a column of numbers, or of fixed-size lists of them."""
    listed = pa.types.is_fixed_size_list(field.type)
    kind = field.type.value_type if listed else field.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return []
    return [f"{field.name}.list.element" if listed else field.name]


def _with_metadata(schema: pa.Schema, metadata: Mapping[str, Any]) -> pa.Schema:
    kept = dict(schema.metadata or {})
    kept[METADATA_KEY] = json.dumps(metadata, sort_keys=True).encode()
    return schema.with_metadata(kept)


def read_parquet(
    path: Path, known: Mapping[str, Any] | None = None, long: Sequence[str] = ()
) -> tuple[pa.Table, dict[str, Any]]:
    """Return the table and the metadata that :func:`write_parquet` stored with it.

    A file that a record names is compared with it as a whole. Checksums of pages are compared in any case; they cover
    values, not the footer.

    Args:
        path: the file.
        known: that record, where the caller has read it.
        long: columns of long texts that many rows share; each text is kept once (categories, in pandas).

    Raises:
        ReplisomeError: the file is missing, cut off, not Parquet, or not what was written.
    """
    _require(path, known)
    # Not pq.read_table: it imports pyarrow.dataset and pandas, half a second of each job.
    with _readable(path), pq.ParquetFile(path, page_checksum_verification=True, read_dictionary=list(long)) as file:
        table = file.read()
        return table, _metadata(table.schema)


def _require(path: Path, known: Mapping[str, Any] | None = None) -> None:
    """Refuse a file that is not there, or not what the record beside it says."""
    if not path.is_file():
        raise ReplisomeError(f"{path}: no such file; run the stage that makes it first.")
    verified(path, known)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what Arrow says of a damaged file into one message; memory that ran out is no damage."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        if out_of_memory(error):
            raise
        raise ReplisomeError(
            f"{path}: not a readable Parquet file: it is cut off, damaged or something else. Delete it and run again."
        ) from None


def _metadata(schema: pa.Schema) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((schema.metadata or {}).get(METADATA_KEY, b"{}"))
    return found


class RowGroups(NamedTuple):
    """A Parquet file that is read a row group at a time.

    Attributes:
        rows: of the whole file.
        metadata: as :func:`write_parquet` stored it.
        tables: the row groups in order.
    """

    rows: int
    metadata: dict[str, Any]
    tables: Iterator[pa.Table]


def read_row_groups(path: Path, columns: Sequence[str]) -> RowGroups:
    """Read some columns of a file that may be too large to hold, as :func:`write_parquet_stream` wrote it in batches.

    Raises:
        ReplisomeError: the file is missing, cut off or not Parquet; a damaged row group says so when it is its turn.
    """
    _require(path)
    with _readable(path):
        file = pq.ParquetFile(path, page_checksum_verification=True)
        metadata = _metadata(file.schema_arrow)

    def tables() -> Iterator[pa.Table]:
        with file:
            for number in range(file.num_row_groups):
                with _readable(path):
                    table = file.read_row_group(number, columns=list(columns))
                yield table

    return RowGroups(file.metadata.num_rows, metadata, tables())


def array_column(values: np.ndarray) -> Any:
    """Return a column of n rows: plain for shape (n,), fixed-size lists for (n, ...), without copying the array."""
    if values.ndim == 1:
        return pa.array(values)
    flat = np.ascontiguousarray(values).reshape(-1)
    width = int(np.prod(values.shape[1:], dtype=np.int64))
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), width)


def column_array(table: pa.Table, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Unpack a fixed-size list column into an array of shape (n, *shape)."""
    column: Any = table.column(name).combine_chunks()
    flat: np.ndarray = column.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(table), *shape)

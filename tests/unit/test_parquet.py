"""Bits that flip in Parquet files are seen: by checksums of pages, and by the hash in the record beside the file."""

import random

import numpy as np
import pyarrow as pa
import pytest
from conftest import flip_bit, recorded_as_written

from replisome.data.parquet import read_parquet, write_parquet, write_parquet_stream
from replisome.errors import ReplisomeError

FLIPS = 300


@pytest.fixture(params=["whole", "stream"])
def file(request, tmp_path):
    """A file with numbers, letters and metadata, written whole or in batches."""
    rng = np.random.default_rng(0)
    probes = ["".join(rng.choice(list("ACGU"), 30)) for _ in range(500)]
    values = pa.array(rng.normal(size=500), pa.float32())
    table = pa.table({"value": values, "probe": probes, "label": rng.integers(0, 8, 500)})
    path = tmp_path / "train.parquet"
    if request.param == "whole":
        write_parquet(path, table, {"alphabet": "ACGU"})
    else:
        write_parquet_stream(path, table.schema, table.to_batches(max_chunksize=200), {"alphabet": "ACGU"})
    return path


def flipped(file, first, end):
    """Yield copies of the file, each with one bit of these bytes flipped."""
    whole, rng = file.read_bytes(), random.Random(0)
    for _ in range(FLIPS):
        file.write_bytes(whole)
        flip_bit(file, rng.randrange(8 * first, 8 * end))
        yield file


def test_no_flipped_bit_of_the_data_is_read_as_another_value(file):
    before, refused = read_parquet(file)[0], []
    content = file.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    for damaged in flipped(file, 0, len(content) - footer):
        try:
            found = read_parquet(damaged)[0]
        except ReplisomeError as error:
            refused.append(str(error))
        else:
            assert found.equals(before)  # a bit that means nothing, such as one of an unused statistic
    assert len(refused) > 0.9 * FLIPS
    assert all("train.parquet: " in text and "Delete it and run again" in text for text in refused)
    words = ("Thrift", "CRC", "IOError", "zstd", "Arrow", "page")  # of a library, and no help
    assert not [text for text in refused if any(word in text for word in words)]


def test_every_flipped_bit_of_a_recorded_file_is_refused_footer_included(file):
    file.with_name("provenance.json").write_text('{"outputs": {}}')
    recorded_as_written(file)
    read_parquet(file)
    size = file.stat().st_size
    for damaged in flipped(file, 0, size):
        with pytest.raises(ReplisomeError, match=r"train\.parquet: is not what was written .* Delete it and run"):
            read_parquet(damaged)

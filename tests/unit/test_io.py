import os
import platform
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest

from replisome.data.parquet import array_column, column_array, read_parquet, write_parquet
from replisome.errors import ReplisomeError
from replisome.io import LEFT_OVER, atomic, clear_leftovers, file_hash, read_json, write_json


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "file"
    with pytest.raises(RuntimeError), atomic(path) as handle:
        handle.write(b"half")
        raise RuntimeError
    assert list(path.parent.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path, "w") as handle:
        handle.write("new")
        raise RuntimeError
    assert path.read_text() == "old"


def test_what_a_killed_writer_left_is_cleared_and_what_a_living_one_writes_is_not(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = platform.node()
    killed = tmp_path / f".best.safetensors@{here}@{dead.pid}.x1_y.tmp"
    elsewhere = tmp_path / f".last.safetensors@other-node@{dead.pid}.abc.tmp"
    aged = tmp_path / ".history.parquet@other-node@1.abc.tmp"
    for path in (killed, elsewhere, aged):
        path.write_bytes(b"half")
    os.utime(aged, (time.time() - LEFT_OVER - 60,) * 2)
    with atomic(tmp_path / "file", "w") as handle:
        clear_leftovers(tmp_path)
        handle.write("whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([elsewhere.name, "file"])


def test_clearing_a_folder_that_is_not_there_does_nothing(tmp_path):
    clear_leftovers(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_file_size_limit_is_a_message_and_leaves_nothing(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(ReplisomeError, match=r"cannot write.*results_dir"), atomic(tmp_path / "big") as handle:
            handle.write(b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_json(tmp_path / "a.json", {})
    finally:
        os.umask(before)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("shape", [(5,), (5, 3), (5, 2, 3, 4)])
def test_arrays_survive_parquet_with_their_shape_and_metadata(tmp_path, shape):
    values = np.random.default_rng(0).integers(0, 255, size=shape, dtype=np.uint8)
    write_parquet(tmp_path / "t.parquet", pa.table({"x": array_column(values)}), {"shape": list(shape[1:]), "k": "v"})
    table, metadata = read_parquet(tmp_path / "t.parquet")
    assert metadata == {"shape": list(shape[1:]), "k": "v"}
    back = column_array(table, "x", shape[1:]) if len(shape) > 1 else table.column("x").to_numpy()
    np.testing.assert_array_equal(back, values)
    assert back.dtype == np.uint8


def test_json_that_is_not_is_named_with_its_line(tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1,\n oops}')
    with pytest.raises(ReplisomeError, match=r"x\.json.*line 2"):
        read_json(tmp_path / "x.json")
    with pytest.raises(ReplisomeError, match=r"missing\.json: no such file"):
        read_json(tmp_path / "missing.json")


def test_a_cut_parquet_file_is_named(tmp_path):
    write_parquet(tmp_path / "t.parquet", pa.table({"x": [1, 2, 3]}))
    data = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(ReplisomeError, match=r"t\.parquet: not a readable Parquet"):
        read_parquet(tmp_path / "t.parquet")


def test_file_hash_is_the_known_digest(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_hash(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_hash(tmp_path / "abc", "md5") == "900150983cd24fb0d6963f7d28e17f72"

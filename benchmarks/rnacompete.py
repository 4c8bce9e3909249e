"""Probes a second: encoding against a lookup a base, and reading the full table."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from benchmarks.cases import PROBE, row_by_row, sequences
from benchmarks.steps import REPEATS
from replisome.data.encode.bases import encode_bases
from replisome.data.encode.onehot import SCALE, one_hot

ENCODED = 20_000  # probes
PROBES, EXPERIMENTS = 241_399, 244  # of the official table


def encoding() -> Iterator[str]:
    """Compare one-hot encoding of a whole column with a dictionary lookup a base."""
    probes = sequences(ENCODED)
    seconds = []
    for encode in (
        lambda: one_hot(encode_bases(probes, PROBE).codes) * np.float32(SCALE),
        lambda: np.stack([row_by_row(sequence) for sequence in probes]),
    ):
        times = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            encode()
            times.append(time.perf_counter() - began)
        seconds.append(min(times))
    fast, plain = (ENCODED / second for second in seconds)
    yield (
        f"one-hot encoding: {fast:,.0f} probes/s; row by row {plain:,.0f}; ratio {fast / plain:.0f} "
        f"({ENCODED:,} probes, best of {REPEATS})"
    )


READ = """
import sys, time
from pathlib import Path
from replisome.tracking.record import peak_memory
from replisome.studies.rnacompete.probes import read_probes
began = time.perf_counter()
probes = read_probes(Path(sys.argv[1]), None, sys.argv[2:])
print(time.perf_counter() - began, peak_memory(), *probes.intensities.shape)
"""


def full_table() -> Iterator[str]:
    """Read one experiment, and all 244, of a synthetic table of the official size."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "norm_data.txt"
        sets = np.where(rng.random(PROBES) < 0.5, "SetA", "SetB")
        columns = {f"RNCMPT{k:05d}": rng.normal(size=PROBES).astype(np.float32) for k in range(1, EXPERIMENTS + 1)}
        table = pa.table({"Probe_Set": sets, "Probe_ID": np.arange(PROBES), "RNA_Seq": sequences(PROBES), **columns})
        csv.write_csv(table, path, csv.WriteOptions(delimiter="\t", quoting_style="none", quoting_header="none"))
        size = path.stat().st_size / 1e6
        del table, columns
        for wanted in ("RNCMPT00168", "all"):
            command = [sys.executable, "-c", READ, str(path), wanted]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds, memory, _, experiments = map(float, done.stdout.split())
            yield (
                f"reading {PROBES:,} probes x {EXPERIMENTS} experiments ({size:,.0f} MB of text), {experiments:.0f} of "
                f"them: {seconds:.1f} s, peak memory {memory / 2**30:.2f} GiB (n=1)"
            )

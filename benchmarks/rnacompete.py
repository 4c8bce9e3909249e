"""Probes a second: training against the plain loop, encoding against a lookup a base; reading the full table."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from pyarrow import csv
from torch import Tensor, nn
from torch.utils.data import Dataset

from benchmarks.steps import BATCH, REPEATS, WARM_UP, plain_loop, resident_loop
from replisome import models
from replisome.data.encode.bases import encode_bases
from replisome.data.encode.onehot import SCALE, one_hot
from replisome.models import DataSpec
from replisome.studies.rnacompete.task import ProbeSplit

WIDTH = 41
SPEC = DataSpec((WIDTH, 4), 1)
SIZE = {"width": 64, "depth": 1}
STEPS = {"bilstm": 40, "cnn1d": 120}
VECTORS = {"A": [1, 0, 0, 0], "C": [0, 1, 0, 0], "G": [0, 0, 1, 0], "U": [0, 0, 0, 1]}
ENCODED = 20_000  # probes
PROBES, EXPERIMENTS = 241_399, 244  # of the official table


def _sequences(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    letters = rng.choice(list("ACGU"), size=(count, WIDTH))
    return ["".join(row[:length]) for row, length in zip(letters, rng.integers(30, 42, count), strict=True)]


def row_by_row(sequence: str) -> np.ndarray:
    """Return (41, 4) as a loader without vectorisation makes it: a dictionary lookup a base, stacked and padded."""
    vectors = [np.array(VECTORS[base], np.float32) for base in sequence]
    return np.stack(vectors + [np.zeros(4, np.float32)] * (WIDTH - len(vectors)))


class IndexedProbes(Dataset[tuple[Tensor, Tensor]]):
    """One probe at a time, encoded when it is asked for."""

    def __init__(self, sequences: list[str]) -> None:
        self.sequences = sequences

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(row_by_row(self.sequences[item])), torch.zeros(1)


class PackedBiLSTM(nn.Module):
    """The same network as ``bilstm``, on packed sequences."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, SIZE["width"], SIZE["depth"], bidirectional=True, batch_first=True)
        self.output = nn.Linear(2 * SIZE["width"], 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one-hot (batch, 41, 4) to affinities (batch, 1)."""
        lengths = (inputs != 0).any(dim=2).sum(dim=1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        _, (final, _) = self.lstm(packed)
        affinities: Tensor = self.output(torch.cat([final[-2], final[-1]], dim=1))
        return affinities


def _model(name: str, packed: bool) -> nn.Module:
    torch.manual_seed(0)
    return PackedBiLSTM() if packed and name == "bilstm" else models.build(name, SPEC, SIZE)


def training_step() -> Iterator[str]:
    """Compare the two loops for both architectures, ours on one thread and on as many as the reference."""
    default = torch.get_num_threads()
    loss = nn.functional.mse_loss
    for name, steps in STEPS.items():
        sequences = _sequences((steps + WARM_UP) * BATCH)
        inputs = torch.from_numpy(one_hot(encode_bases(sequences, WIDTH).codes))

        def split(device: torch.device, inputs: Tensor = inputs) -> ProbeSplit:
            return ProbeSplit(inputs.to(device), torch.zeros(len(inputs), 1, device=device), SCALE)

        plain = max(plain_loop(_model(name, True), IndexedProbes(sequences), loss, steps) for _ in range(REPEATS))
        for threads in sorted({1, default}):
            fast = max(resident_loop(_model(name, False), split, loss, steps, threads) for _ in range(REPEATS))
            yield (
                f"training step, {name}: {fast:,.0f} probes/s on {threads} thread(s); reference {plain:,.0f} on "
                f"{default}; ratio {fast / plain:.2f} (batch {BATCH}, width {SIZE['width']}, "
                f"{steps} steps, best of {REPEATS})"
            )


def encoding() -> Iterator[str]:
    """Compare one-hot encoding of a whole column with a dictionary lookup a base."""
    sequences = _sequences(ENCODED)
    seconds = []
    for encode in (
        lambda: one_hot(encode_bases(sequences, WIDTH).codes) * np.float32(SCALE),
        lambda: np.stack([row_by_row(sequence) for sequence in sequences]),
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
        table = pa.table({"Probe_Set": sets, "Probe_ID": np.arange(PROBES), "RNA_Seq": _sequences(PROBES), **columns})
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

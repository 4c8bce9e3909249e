"""ProteinNet's text to Parquet against a plain loop, and what a step of the simple network on 512 maps takes."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from replisome import models
from replisome.data.encode.aminoacids import ALPHABET
from replisome.data.parquet import write_parquet_stream
from replisome.data.prepared import Stream
from replisome.data.raw_files import RawFile
from replisome.io import write_json
from replisome.studies.proteinnet.data import prepare
from replisome.studies.proteinnet.task import open_task

RECORDS = 30_000  # about ProteinNet's largest training_30
RESIDUES = 220  # a chain, on average
DIFFERENT = 300  # records that are written again and again
SLICE = 300  # records that go through the plain loop
BATCH, PIECE = 512, 64


def write_records(path: Path, records: int) -> None:
    """Write synthetic records as ProteinNet has them."""
    rng = np.random.default_rng(0)
    texts = []
    for _ in range(DIFFERENT):
        length = int(rng.integers(RESIDUES // 2, RESIDUES * 3 // 2))
        rows = {
            "PRIMARY": ["".join(ALPHABET[letter] for letter in rng.integers(20, size=length))],
            "EVOLUTIONARY": ["\t".join(f"{value:.4g}" for value in row) for row in rng.random((21, length))],
            "TERTIARY": ["\t".join(f"{value:.1f}" for value in row) for row in rng.normal(0, 2000, (3, 3 * length))],
            "MASK": ["+" * length],
        }
        texts.append("\n".join(line for name, lines in rows.items() for line in (f"[{name}]", *lines)))
    with path.open("w") as handle:
        for number in range(records):
            handle.write(f"[ID]\n{number}\n{texts[number % DIFFERENT]}\n\n")


def by_number(path: Path, records: int) -> int:
    """Read the first records as a plain loop does: a float a word; returns how many numbers."""
    numbers = 0
    with path.open() as handle:
        for line in handle:
            records -= line.startswith("[ID]")
            if records < 0:
                break
            if "\t" in line:
                numbers += len([float(word) for word in line.split()])
    return numbers


def whole_file(folder: Path) -> None:
    """Prepare the records in ``folder`` as the stage does; prints seconds and the largest memory, in bytes."""
    began = time.monotonic()
    recipe = {"source": {"dataset": "p"}, "split": "official", "protocol": "sound", "crop": 256}
    files = {name: RawFile(folder / name, {}) for name in ("training_30", "validation", "testing")}
    prepared = prepare(recipe, files)
    for split, stream in prepared.tables.items():
        assert isinstance(stream, Stream)
        write_parquet_stream(folder / f"{split}.parquet", *stream)
    print(time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def reading(records: int = RECORDS) -> Iterator[str]:
    """Compare reading and writing all records with a loop that only turns words into numbers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, count in (("training_30", records), ("validation", 10), ("testing", 10)):
            write_records(folder / file, count)
        size = (folder / "training_30").stat().st_size
        began = time.monotonic()
        by_number(folder / "training_30", SLICE)
        plain = SLICE / (time.monotonic() - began)
        seconds, peak = _apart(f"whole_file(Path({name!r}))")
    yield (
        f"{records:,} ProteinNet records ({size / 1e9:.1f} GB of text) to Parquet: {seconds:.0f} s, "
        f"{records / seconds:,.0f} records/s on one core; a loop that only reads the numbers {plain:,.0f}; "
        f"ratio {records / seconds / plain:.1f}; peak memory {peak / 2**30:.2f} GiB"
    )


def one_step(piece: int) -> None:
    """Make one step of the simple network on a batch of maps; prints seconds and the largest memory, in bytes."""
    torch.set_num_threads(1)
    options = {"train": BATCH, "validation": 1, "test": 1, "shortest": 200, "longest": 300}
    recipe = {"source": {"control": "folds", "options": options}, "split": "official", "protocol": "reported"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared = prepare(recipe, {})
        write_json(folder / "stats.json", prepared.statistics)
        stream = prepared.tables["train"]
        assert isinstance(stream, Stream)
        write_parquet_stream(folder / "train.parquet", *stream)
        task = open_task(folder)
        split = task.load("train", torch.device("cpu"))
    model = models.build("conv_simple", task.data, {})
    optimiser = torch.optim.Adam(model.parameters(), fused=True)
    inputs, targets = split.batch(torch.arange(BATCH))
    for _ in range(2):  # the second one counts: the optimiser then has its state
        began = time.monotonic()
        optimiser.zero_grad()
        for part, wanted in zip(torch.split(inputs, piece), torch.split(targets, piece), strict=True):
            share = len(part) / BATCH
            (task.loss(model(part), wanted) * share).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        seconds = time.monotonic() - began
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def accumulation() -> Iterator[str]:
    """Compare a step on 512 maps in pieces of 64 with one on all at once."""
    (pieces, small), (whole, large) = (_apart(f"one_step({piece})") for piece in (PIECE, BATCH))
    yield (
        f"conv_simple, a step on {BATCH} maps of 256 x 256 (one thread): in pieces of {PIECE} {pieces:.1f} s and "
        f"{small / 2**30:.2f} GiB; at once {whole:.1f} s and {large / 2**30:.2f} GiB; ratio {whole / pieces:.2f}"
    )


def _apart(call: str) -> tuple[float, float]:
    """Run a function of this module in a process of its own; returns the two numbers that it prints."""
    code = f"from benchmarks.proteinnet import *; {call}"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    first, second = (float(value) for value in shown.stdout.split())
    return first, second

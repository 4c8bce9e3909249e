"""A genome's way from FASTA to tokens against a loop over characters, and windows at once against token by token."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.steps import REPEATS
from replisome import models
from replisome.data.raw_files import RawFile
from replisome.models import DataSpec
from replisome.studies.genome.data import prepare

GENOME = 1_000_000_000  # bases, in contigs of a quarter of that, as long as a human chromosome
SLICE = 2_000_000  # of them go through the loop over characters
LINE = 80
K = 4
TOKENS = DataSpec((200,), 4, 4)


def write_genome(path: Path, bases: int) -> None:
    """Write a synthetic genome of four contigs as FASTA."""
    rng = np.random.default_rng(0)
    with path.open("wb") as handle:
        for contig in range(4):
            handle.write(b">contig%d\n" % contig)
            for _ in range(bases // 4 // 10_000_000 or 1):
                lines = min(bases // 4, 10_000_000) // LINE
                letters = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, (lines, LINE))]
                handle.write(
                    np.concatenate([letters, np.full((lines, 1), ord("\n"))], axis=1).astype(np.uint8).tobytes()
                )


def by_character(path: Path, bases: int) -> int:
    """Encode the first so many bases as a plain loop does: a dictionary look-up a letter, a slice a k-mer."""
    codes = {"A": 0, "C": 1, "G": 2, "T": 3}
    sequence = ""
    with path.open() as handle:
        next(handle)
        while len(sequence) < bases:
            sequence += next(handle).rstrip()
    tokens = []
    for start in range(len(sequence) - K + 1):
        token = 0
        for letter in sequence[start : start + K]:
            token = token * 4 + codes[letter]
        tokens.append(token)
    return len(tokens)


def whole_file(path: Path) -> None:
    """Read and encode a FASTA file as the prepare stage does; prints seconds and the largest memory, in bytes."""
    began = time.monotonic()
    recipe = {
        "source": {"dataset": "genome"},
        "split": "blocks",
        "encoding": f"kmer{K}",
        "windows": {"length": 200, "step": 200, "test": 5000, "validation": 1000},
    }
    prepared = prepare(recipe, {"genome": RawFile(path, {})})
    ready = time.monotonic()
    tokens = sum(batch.num_rows for batch in prepared.shared["tokens"].batches)
    done = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(tokens, done - ready, ready - began, peak)


def encoding(bases: int = GENOME) -> Iterator[str]:
    """Compare the encoder with the loop over characters, and show what a gigabase takes."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "genome.fna"
        write_genome(path, bases)
        began = time.monotonic()
        plain = by_character(path, min(SLICE, bases // 8)) / (time.monotonic() - began)
        command = [
            sys.executable,
            "-c",
            f"from benchmarks.genome import whole_file, Path; whole_file(Path({str(path)!r}))",
        ]
        printed = subprocess.run(command, check=True, capture_output=True, text=True)
    tokens, encode, rest, peak = (float(value) for value in printed.stdout.split())
    fast = tokens / encode
    yield (
        f"4-mer tokens of {bases / 1e9:g} Gb: {fast / 1e6:,.0f} MB/s on one core; by character {plain / 1e6:.2f}; "
        f"ratio {fast / plain:,.0f}"
    )
    yield (
        f"prepare {bases / 1e9:g} Gb, FASTA to splits and 24-mers: {rest:.0f} s ({bases / 1e6 / rest:,.0f} MB/s); "
        f"peak memory {peak / 2**30:.2f} GiB"
    )


def windows_at_once(hidden: int = 128, batch: int = 32) -> Iterator[str]:
    """Compare an LSTM over whole windows with report D's loop over tokens, forward and backward, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model: Any = models.build("char_lstm", TOKENS, {"embedding": 64, "hidden": hidden})
    tokens = torch.randint(0, 4, (batch, 201))

    def whole_windows() -> None:
        logits = model(tokens[:, :-1])
        loss: Any = nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()

    def by_token() -> None:
        state, losses = None, []
        for position in range(200):
            out, state = model.recurrent(model.embedding(tokens[:, position]).unsqueeze(0), state)
            losses.append(nn.functional.cross_entropy(model.output(out[0]), tokens[:, position + 1]))
        loss: Any = torch.stack(losses).mean()
        loss.backward()

    def speed(step: Callable[[], None]) -> float:
        found = []
        for _ in range(REPEATS + 1):
            began = time.monotonic()
            step()
            found.append(batch * 200 / (time.monotonic() - began))
        return max(found)

    fast, plain = speed(whole_windows), speed(by_token)
    torch.set_num_threads(threads)
    yield (
        f"char_lstm, hidden {hidden}: {fast:,.0f} tokens/s over whole windows; token by token {plain:,.0f}; "
        f"ratio {fast / plain:.2f} (batch {batch}, windows of 200, one thread, best of {REPEATS + 1})"
    )

"""How long all claims of all studies take at full size: what is read for them, and their judging."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml

from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import rows_predicted
from replisome.claims.rules import judge
from replisome.config import loader
from replisome.data.parquet import write_parquet

ROOT = Path(__file__).resolve().parents[1]
CLAIMS, PROTOCOLS = 310, 2
SEEDS = 5
ITEMS = {"validation": 12_000, "test": 30_000}  # RNAcompete's, the most
ASK = {"kind": "difference", "expect": "first_higher"}


def reading() -> Iterator[str]:
    """Time reading the predictions of every run that a claim of the full configuration compares item by item."""
    wanted = _files_read()
    few = 20
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "predictions.parquet"
        write_parquet(path, _predictions(), {"diverged": {split: {"best": None, "last": None} for split in ITEMS}})
        began = time.perf_counter()
        for _ in range(few):
            rows_predicted(path, "best", "test")
        ours = (time.perf_counter() - began) / few
        began = time.perf_counter()
        for _ in range(few):
            table = pd.read_parquet(path)
            table[(table["split"] == "test") & (table["weights"] == "best")]
        plain = (time.perf_counter() - began) / few
    yield (
        f"reading the predictions of {wanted} runs, {ITEMS['test']:,} items each: {ours * wanted:.1f} s, "
        f"{plain * wanted:.1f} s by pandas alone, ratio {plain / ours:.1f}"
    )


def _files_read() -> int:
    """Return how often a run's predictions are opened: once for each split and kind of weights that is compared."""
    plan = loader.load(yaml.safe_load((ROOT / "config" / "config.yaml").read_text()), ROOT)
    wanted = set()
    for study in plan.studies.values():
        for claim in study.claims_settings["claims"]:
            number = claim["ask"].get("number", {})
            if number.get("split") in ITEMS and number.get("read") in ("final", "best", "last"):
                wanted |= {
                    (study.name, *map(str, place.values()), number["split"], number["read"])
                    for found in claim["found"].values()
                    for place in found["places"]
                }
    return SEEDS * len(wanted)


def _predictions() -> pa.Table:
    """Return what a full-sized run leaves: a score and a target an item, of two splits with two kinds of weights."""
    generator = np.random.default_rng(0)
    parts = []
    for split, items in ITEMS.items():
        for weights in ("best", "last"):
            named = (("split", split), ("weights", weights))
            names = {key: pa.array([value] * items).dictionary_encode() for key, value in named}
            values = {key: generator.normal(size=items).astype(np.float32) for key in ("prediction", "target")}
            parts.append(pa.table({**names, "item": np.arange(items), **values}))
    return pa.concat_tables(parts)


def judging() -> Iterator[str]:
    """Time as many differences as there are verdicts, beside a plain loop over pairs of runs."""
    generator = np.random.default_rng(0)
    scores = [generator.normal(size=(SEEDS, ITEMS["test"])) for _ in range(8)]
    number = CLAIMS * PROTOCOLS

    began = time.perf_counter()
    for place in range(number):
        arms = [ItemScores.of_items(scores[place % 8]), ItemScores.of_items(scores[(place + 1) % 8])]
        judge(ASK, arms, "general")
    ours = time.perf_counter() - began

    few = 20
    began = time.perf_counter()
    for place in range(few):
        _plain(scores[place % 8], scores[(place + 1) % 8])
    plain = (time.perf_counter() - began) * number / few
    yield (
        f"judging {number} differences of {SEEDS} + {SEEDS} seeds on {ITEMS['test']:,} items: {ours:.1f} s, "
        f"{plain:.1f} s for the covariances alone in a plain loop, ratio {plain / ours:.1f}"
    )


def _plain(first: np.ndarray, second: np.ndarray) -> float:
    """Return the items' part of the interval by a loop over pairs of runs."""
    total = 0.0
    for own, sign in (((first, first), 1), ((second, second), 1), ((first, second), -2)):
        pairs = [
            float(np.cov(own[0][r], own[1][q])[0, 1]) for r in range(SEEDS) for q in range(SEEDS) if sign < 0 or r != q
        ]
        total += sign * float(np.mean(pairs)) / ITEMS["test"]
    return total

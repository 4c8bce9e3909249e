"""ProteinNet records written by hand, files and recipes of them, for the tests that read them."""

import gzip
import json

import numpy as np

from replisome.data.parquet import read_parquet, write_parquet_stream
from replisome.data.prepared import Stream
from replisome.data.raw_files import RawFile
from replisome.data.splits import SPLITS
from replisome.io import write_json

LETTERS = "ACDEFGHIKLMNPQRSTVWY"
MEMBERS = {"train": "training_30", "validation": "validation", "test": "testing"}


def record(name="1ABC_1_A", letters="ACD", ca=None, mask=None, profile=None, separator="\t", ending="\n", **sections):
    """Return one record; ``ca`` (n, 3) is in picometres, and ``sections`` replace or (None) remove whole sections."""
    n = len(letters)
    ca = np.arange(3 * n, dtype=float).reshape(n, 3) * 100 + 100 if ca is None else np.asarray(ca, float)
    profile = np.full((21, n), 0.5) if profile is None else np.asarray(profile)
    atoms = np.full((3, 3 * n), 7.0)
    atoms[:, 1::3] = ca.T
    parts = {
        "ID": [name],
        "PRIMARY": [letters],
        "EVOLUTIONARY": [separator.join(f"{value:g}" for value in row) for row in profile],
        "TERTIARY": [separator.join(f"{value:g}" for value in row) for row in atoms],
        "MASK": ["+" * n if mask is None else mask],
        **sections,
    }
    lines = [line for section, rows in parts.items() if rows is not None for line in (f"[{section}]", *rows)]
    return ending.join([*lines, "", ""])


def chain_file(path, *records):
    """Write records to a file, packed where its name ends in .gz."""
    text = "".join(records).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.name.endswith(".gz") else text)
    return path


def chain(name, length, seed, **more):
    rng = np.random.default_rng(seed)
    letters = "".join(LETTERS[k] for k in rng.integers(20, size=length))
    ca = np.round(np.cumsum(rng.standard_normal((length, 3)) * 220, axis=0), 1) + 10
    return record(name, more.pop("letters", letters), ca=ca, profile=np.round(rng.random((21, length)), 3), **more)


def recipe(**changes):
    plain = {
        "source": {"dataset": "p"}, "split": "official", "encoding": "profile_onehot", "normalisation": "none",
        "protocol": "sound", "crop": 16,
    }  # fmt: skip
    return {**plain, **changes}


def three_files(folder):
    """Three text files as the stand-in has them."""
    texts = {
        "train": [chain("t1", 12, 1), chain("t2", 40, 2), chain("t3", 16, 3)],
        "validation": [chain("90#v1", 9, 4)],
        "test": [chain("TBM#e1", 20, 5), chain("FM#e2", 16, 6)],
    }
    return {
        f"p-{split}": RawFile(chain_file(folder / f"{MEMBERS[split]}.gz", *parts), {}) for split, parts in texts.items()
    }


def written(folder, prepared):
    """Write what prepare gives as its stage does; returns the splits' tables."""
    tables = {}
    for split in SPLITS:
        stream = prepared.tables[split]
        assert isinstance(stream, Stream)
        write_parquet_stream(folder / f"{split}.parquet", *stream)
        tables[split], _ = read_parquet(folder / f"{split}.parquet")
    write_json(folder / "stats.json", prepared.statistics)
    json.dumps(prepared.card)  # the card is JSON
    return {split: table.to_pandas() for split, table in tables.items()}

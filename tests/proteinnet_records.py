"""ProteinNet records written by hand, for the tests that read them."""

import gzip

import numpy as np

LETTERS = "ACDEFGHIKLMNPQRSTVWY"


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

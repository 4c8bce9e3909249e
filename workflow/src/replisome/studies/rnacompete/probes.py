"""The probe table and its metadata: read with only the columns needed, checked line by line, proteins by name."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from replisome.data.raw_files import is_gzip
from replisome.errors import ReplisomeError, did_you_mean

SET, SEQUENCE = "Probe_Set", "RNA_Seq"
SETS = ("SetA", "SetB")
EXPERIMENT = "RNCMPT"  # what the columns of intensities start with
WIDTH = 41  # bases; the longest probe
BLOCK = 1 << 24  # bytes parsed at a time
MISSING = ["NaN", "nan", "NA", ""]
# Metadata columns in which a protein is looked for, the most particular first.
NAMES = ("Gene_name", "Gene_display_name", "Plasmid_Desc")
AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"


class Protein(NamedTuple):
    """One column of intensities: its experiment, the protein's name, and what the metadata say of it as numbers."""

    experiment: str
    name: str
    features: tuple[float, ...] = ()


class Probes(NamedTuple):
    """Probes in file order: set (n,) 0 for SetA and 1 for SetB, sequences, intensities (n, proteins) with NaN."""

    sets: np.ndarray
    sequences: list[str]
    intensities: np.ndarray
    proteins: list[Protein]

    def named(self, name: str, key: str) -> int:
        """Return the position of a protein, by name or experiment; ``key`` of the recipe asks for it.

        Raises:
            ReplisomeError: it is not among them, or a name of several.
        """
        found = [k for k, p in enumerate(self.proteins) if name in (p.name, p.experiment)]
        if not found:
            known = {known for p in self.proteins for known in (p.name, p.experiment)}
            raise ReplisomeError(f"recipe: {key}: no protein '{name}' in it{did_you_mean(name, known)}")
        if len(found) > 1:
            several = ", ".join(self.proteins[k].experiment for k in found)
            raise ReplisomeError(
                f"recipe: {key}: '{name}' stands for several experiments: {several}; name one of them."
            )
        return found[0]

    def all_named(self, names: Sequence[str], key: str) -> list[int]:
        """Return the positions of proteins, each named once.

        Raises:
            ReplisomeError: one is unknown, ambiguous or named twice.
        """
        positions = [self.named(name, key) for name in names]
        if len(set(positions)) < len(positions):
            raise ReplisomeError(f"recipe: {key}: two of the names {', '.join(names)} are the same protein.")
        return positions

    def only(self, columns: Sequence[int]) -> Probes:
        """Return the same probes with these proteins."""
        proteins = [self.proteins[k] for k in columns]
        return Probes(self.sets, self.sequences, self.intensities[:, list(columns)], proteins)

    def take(self, rows: np.ndarray) -> Probes:
        """Return the probes at these positions."""
        sequences = [self.sequences[row] for row in rows]
        return Probes(self.sets[rows], sequences, self.intensities[rows], self.proteins)


def read_probes(path: Path, metadata: Path | None, proteins: Sequence[str]) -> Probes:
    """Read the intensities of the named proteins; ``["all"]`` takes every experiment of the file.

    Raises:
        ReplisomeError: the file is damaged, lacks a column or holds something that cannot be; or no such protein.
    """
    header = _header(path)
    for column in (SET, SEQUENCE):
        if column not in header:
            raise ReplisomeError(f"{path}: column '{column}' is missing; line 1 has: {_some(header)}.")
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise ReplisomeError(f"{path}: line 1 has the column '{twice[0]}' more than once; remove one.")
    experiments = [name for name in header if name.startswith(EXPERIMENT)]
    about = read_metadata(metadata) if metadata else None
    chosen = experiments if list(proteins) == ["all"] else [find(name, about, path, experiments) for name in proteins]
    if len(set(chosen)) < len(chosen):
        raise ReplisomeError(f"recipe: two of the proteins {', '.join(proteins)} are the same experiment.")
    table = _read(path, chosen)
    if not len(table):
        raise ReplisomeError(f"{path}: the table holds no probe, only a header; delete it and download again.")
    sets = table.column(SET)
    strange = pc.index(pc.is_in(sets, value_set=pa.array(SETS)), False).as_py()
    if strange >= 0:
        raise ReplisomeError(
            f"{path}, line {strange + 2}: {SET} is '{sets[strange].as_py()}', expected {' or '.join(SETS)}."
        )
    strange = pc.index(pc.match_substring_regex(table.column(SEQUENCE), "^[A-Za-z]+$"), False).as_py()
    if strange >= 0:
        sequence = table.column(SEQUENCE)[strange].as_py()[:WIDTH]
        raise ReplisomeError(
            f"{path}, line {strange + 2}: '{sequence}' is not a sequence of letters; correct or remove it."
        )
    columns = [table.column(name).to_numpy() for name in chosen]
    intensities = np.stack(columns, axis=1) if columns else np.empty((len(table), 0))
    bad = np.argwhere(np.isinf(intensities))
    if len(bad):
        row, column = bad[0]
        raise ReplisomeError(f"{path}, line {row + 2}: {chosen[column]} is infinite; use NaN for a failed probe.")
    is_b = pc.equal(sets, SETS[1]).to_numpy().astype(np.int8)
    return Probes(is_b, table.column(SEQUENCE).to_pylist(), intensities, describe(chosen, about))


def _header(path: Path) -> list[str]:
    try:
        with _open(path) as stream:
            line = io.TextIOWrapper(stream, encoding="utf-8-sig").readline()
    except (pa.ArrowException, OSError, UnicodeDecodeError, EOFError) as error:
        raise ReplisomeError(f"{path}: not a readable table ({error}); delete it and download again.") from None
    return line.rstrip("\r\n").split("\t")


def _open(path: Path) -> Any:
    return pa.input_stream(path, compression="gzip" if is_gzip(path) else None)


def _read(path: Path, experiments: Sequence[str]) -> pa.Table:
    types = {SET: pa.string(), SEQUENCE: pa.string(), **dict.fromkeys(experiments, pa.float64())}
    try:
        with _open(path) as stream:
            return csv.read_csv(
                stream,
                # One thread, so that a message can say in which row.
                read_options=csv.ReadOptions(use_threads=False, block_size=BLOCK),
                parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
                convert_options=csv.ConvertOptions(
                    include_columns=list(types), column_types=types, null_values=MISSING, strings_can_be_null=False
                ),
            )
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise ReplisomeError(
            f"{path}: not a readable table ({error}); a file cut off on its way here is fetched again once deleted."
        ) from None


def read_metadata(path: Path) -> pd.DataFrame:
    """Read the table that says which protein an experiment is of (tab separated, one row an experiment).

    Raises:
        ReplisomeError: the table is not readable or lacks a column.
    """
    try:
        table = pd.read_csv(
            path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8", encoding_errors="replace"
        )
    except (ValueError, OSError) as error:
        raise ReplisomeError(f"{path}: not a readable metadata table ({error}).") from None
    for column in ("Motif_display_ID", "AA_seq", "Pfam_RBPs", "Species", *NAMES):
        if column not in table:
            raise ReplisomeError(f"{path}: column '{column}' is missing; it has: {_some([str(c) for c in table])}.")
    return table


def find(name: str, about: pd.DataFrame | None, path: Path, experiments: Sequence[str]) -> str:
    """Return the experiment of a protein, given as an experiment, or by a name in the metadata.

    Exact gene names count before display names, and those before names in other case.

    Args:
        name: the protein or experiment that a recipe asks for.
        about: the metadata table, where there is one.
        path: the probe table, for messages.
        experiments: those of the probe table.

    Returns:
        The experiment, one of ``experiments``.

    Raises:
        ReplisomeError: nothing of that name (near names are suggested), several experiments, or one that the probe
            table does not hold.
    """
    if name in experiments:
        return name
    known = {} if about is None else _by_name(about)
    found = next((names[name] for names in known.values() if name in names), None)
    if found is None:
        folded = {key.casefold(): ids for names in reversed(known.values()) for key, ids in names.items()}
        found = folded.get(name.casefold())
    if found is None and about is not None and name in set(about["Motif_display_ID"]):
        found = [name]
    if found is None:
        names = {*experiments, *(key for names in known.values() for key in names)}
        raise ReplisomeError(f"{path}: no protein or experiment '{name}'{_near(name, names, experiments)}")
    if len(found) > 1:
        assert about is not None
        species = about.set_index("Motif_display_ID")["Species"]
        several = ", ".join(f"{experiment} ({species[experiment]})" for experiment in found)
        raise ReplisomeError(f"{path}: '{name}' stands for several experiments: {several}; name the one you want.")
    if found[0] not in experiments:
        raise ReplisomeError(
            f"{path}: '{name}' is experiment {found[0]}, which this file does not hold; it has {_some(experiments)}. "
            "The official file has all of them; a stand-in may not."
        )
    return found[0]


def _near(name: str, names: set[str], experiments: Sequence[str]) -> str:
    folded = {known.casefold(): known for known in sorted(names)}
    near = did_you_mean(name.casefold(), folded)
    if near.startswith("; did"):
        return f"; did you mean '{folded[near.split(chr(39))[1]]}'?"
    return f"; this file has {_some(experiments)}"


def _by_name(about: pd.DataFrame) -> dict[str, dict[str, list[str]]]:
    """Return by metadata column the experiments of each name."""
    return {
        column: {str(name): group["Motif_display_ID"].tolist() for name, group in about.groupby(column) if name}
        for column in NAMES
    }


def describe(experiments: Sequence[str], about: pd.DataFrame | None) -> list[Protein]:
    """Return the proteins of experiments with their features: amino-acid composition and domain counts.

    Composition is the share of each of the twenty amino acids, domains are counted by name; both as z-scores over all
    proteins of the metadata. Without metadata, or where one is not in it, there are no features.
    """
    if about is None or not set(experiments) <= set(about["Motif_display_ID"]):
        return [Protein(name, name) for name in experiments]
    rows = about.drop_duplicates("Motif_display_ID").set_index("Motif_display_ID")
    composition = np.array([[seq.count(a) / max(1, len(seq)) for a in AMINO_ACIDS] for seq in rows["AA_seq"]])
    lists = [[domain.strip() for domain in text.split(",") if domain.strip()] for text in rows["Pfam_RBPs"]]
    kinds = sorted({domain for domains in lists for domain in domains})
    counts = np.array([[domains.count(kind) for kind in kinds] for domains in lists], dtype=float).reshape(
        len(rows), -1
    )
    values = np.hstack([composition, counts])
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    position = {experiment: number for number, experiment in enumerate(rows.index)}
    return [
        Protein(name, rows["Gene_display_name"][name] or name, tuple(float(v) for v in scaled[position[name]].round(6)))
        for name in experiments
    ]


def _some(names: Sequence[str], limit: int = 8) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def say_what_was_read(counts: Mapping[str, int]) -> None:
    """Print what had to be read with leave, so that nothing is changed silently."""
    said = {
        "lower": "lower-case letters, read as upper case",
        "thymine": "T, read as U",
        "unknown": "letters other than A, C, G, U and T, read as N",
        "truncated": "more bases than the width, cut at the right",
    }
    for kind, what in said.items():
        if counts[kind]:
            print(f"{counts[kind]} probes have {what}", flush=True)

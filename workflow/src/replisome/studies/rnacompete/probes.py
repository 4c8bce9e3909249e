"""The probe table and its metadata: read with only the columns needed, checked line by line, proteins by name."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from replisome.data.text_files import open_text
from replisome.errors import ReplisomeError, did_you_mean
from replisome.studies.rnacompete.probe_faults import LETTERS, MISSING, SETS, SHORTEST, first_fault

SET, SEQUENCE = "Probe_Set", "RNA_Seq"
ABOUT_PROBES = (SET, SEQUENCE, "Probe_ID")
EXPERIMENT = "RNCMPT"  # what the columns of intensities start with in the official table
WIDTH = 41  # bases; the longest probe
BLOCK = 1 << 24  # bytes parsed at a time
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
    number, header = _header(path)
    for column in (SET, SEQUENCE):
        if column not in header:
            raise ReplisomeError(f"{path}: column '{column}' is missing; line {number} has: {_some(header)}.")
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise ReplisomeError(f"{path}: line {number} has the column '{twice[0]}' more than once; remove one.")
    experiments = _experiments(header)
    about = read_metadata(metadata) if metadata else None
    chosen = experiments if list(proteins) == ["all"] else [find(name, about, path, experiments) for name in proteins]
    if len(set(chosen)) < len(chosen):
        raise ReplisomeError(f"recipe: two of the proteins {', '.join(proteins)} are the same experiment.")
    table = _read(path, chosen)
    if table is None or not _plausible(table, chosen):
        raise first_fault(path, SET, SEQUENCE, chosen)
    if not len(table):
        raise ReplisomeError(f"{path}: the table holds no probe, only a header; put a whole copy in its place.")
    columns = [table.column(name).to_numpy() for name in chosen]
    intensities = np.stack(columns, axis=1) if columns else np.empty((len(table), 0))
    is_b = pc.equal(table.column(SET), SETS[1]).to_numpy().astype(np.int8)
    return Probes(is_b, table.column(SEQUENCE).to_pylist(), intensities, describe(chosen, about))


def columns_of(path: Path) -> tuple[list[str], list[str]]:
    """Return the names of a table's columns, and those of intensities among them.

    Raises:
        ReplisomeError: the file is empty or cannot be read.
    """
    _, header = _header(path)
    return header, _experiments(header)


def _experiments(header: Sequence[str]) -> list[str]:
    """Return the columns of intensities: those with RNAcompete's names or, where there are none, all others."""
    official = [name for name in header if name.startswith(EXPERIMENT)]
    return official or [name for name in header if name not in ABOUT_PROBES]


def _header(path: Path) -> tuple[int, list[str]]:
    """Return the first line that is not blank, by cells, and its number."""
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if line != "\n":
                return number, line.rstrip("\n").split("\t")
    raise ReplisomeError(f"{path}: is empty; put a whole copy in its place.")


def _read(path: Path, experiments: Sequence[str]) -> pa.Table | None:
    """Return the columns needed, or None where a line cannot be read."""
    types = {SET: pa.string(), SEQUENCE: pa.string(), **dict.fromkeys(experiments, pa.float64())}
    with open_text(path) as handle:
        try:
            return pyarrow.csv.read_csv(
                handle.buffer,
                read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK),
                parse_options=pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=list(types), column_types=types, null_values=MISSING, strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid:
            return None


def _plausible(table: pa.Table, experiments: Sequence[str]) -> bool:
    """Say whether all rows of a table are probes, with intensities that are finite or missing."""
    sets = pc.is_in(table.column(SET), value_set=pa.array(SETS))
    letters = pc.match_substring_regex(table.column(SEQUENCE), LETTERS)
    long = pc.greater_equal(pc.utf8_length(table.column(SEQUENCE)), SHORTEST)
    infinite = (pc.any(pc.is_inf(table.column(name))).as_py() for name in experiments)
    return pc.all(pc.and_(pc.and_(sets, letters), long)).as_py() is not False and not any(infinite)


def read_metadata(path: Path) -> pd.DataFrame:
    """Read the table that says which protein an experiment is of (tab separated, one row an experiment).

    Raises:
        ReplisomeError: the table is not readable or lacks a column.
    """
    with open_text(path) as handle:
        reader = csv.reader(handle, delimiter="\t")
        rows: list[list[str]] = []
        begin = 1  # the line at which the next row begins
        try:
            for row in reader:
                if row and rows and len(row) != len(rows[0]):
                    raise ReplisomeError(
                        f"{path}, line {begin}: has {len(row)} cells where the header names {len(rows[0])} columns; "
                        "correct the line (is a quotation mark open?), or delete the file and download it again."
                    )
                rows += [row] if row else []
                begin = reader.line_num + 1
        except csv.Error:
            raise ReplisomeError(f"{path}, line {begin}: is no row of cells that are separated by tabs.") from None
    header = rows[0] if rows else []
    for column in ("Motif_display_ID", "AA_seq", "Pfam_RBPs", "Species", *NAMES):
        if header.count(column) != 1:
            what = "more than once" if column in header else "missing"
            raise ReplisomeError(f"{path}: column '{column}' is {what}; it has: {_some(header)}.")
    return pd.DataFrame(rows[1:], columns=header, dtype=str)


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

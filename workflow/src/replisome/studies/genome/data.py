"""From a genome, or a control, to tokens stored once, windows by split, and how much of them training has seen."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from replisome.data.encode.dna import ALPHABET
from replisome.data.encode.kmers import kmer_stream
from replisome.data.parquet import array_column
from replisome.data.prepared import Prepared, Stream
from replisome.data.raw_files import RawFile
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.studies.genome.fasta import Genome, read_fasta
from replisome.studies.genome.overlap import SHARED, covered, shared
from replisome.studies.genome.reading_frames import codon_positions
from replisome.studies.genome.stretches import CHUNK, Coded, gathered, pieces, sequence
from replisome.studies.genome.windows import Cut, cut_of, encoding, layout, split_windows, union

HELD = 1 << 24  # k-mers of windows that are looked up in one pass over the training sequence
NAMED = 20  # contigs that the card names


def prepare(recipe: Mapping[str, Any], files: Mapping[str, RawFile]) -> Prepared:
    """Carry out a recipe: read, cut into segments and k-mers, split into windows, measure what splits share.

    Args:
        recipe: the recipe's block of the study file.
        files: by name in the ledger, the FASTA file; empty for a control.

    Returns:
        Tables with the first token of each window (``start``, int64) and, for validation and test windows, where they
        lie (``contig``, ``position``), what training has seen of them (``covered``, ``shared``, shares) and the codon
        position of each predicted base (``codon``, (length,) int8); the genome's tokens once, as a stream; and the
        statistics and the card.

    Raises:
        ReplisomeError: anything wrong with the file or the recipe; the message names what and where.
    """
    options = recipe["source"].get("options", {})
    if "control" in recipe["source"]:
        genome, costs, least = _control(recipe["source"]["control"], options)
    else:
        genome, costs, least = read(recipe, files, **options), None, None
    k, stride = encoding(recipe["encoding"])
    cut = cut_of(recipe)
    coded = Coded(genome, k, stride, layout([s.length for s in genome.segments], k, stride))
    starts = split_windows(coded.where, recipe["split"], cut, k)
    dropped = dict.fromkeys(SPLITS, 0)
    if recipe["split"] == "homology":
        starts, dropped = _without_homologues(coded, cut, starts)
    extra: dict[str, Any] = {}
    if costs is not None:
        extra["oracle"] = {split: _mean_cost(coded, cut, starts[split], costs) for split in SPLITS}
    if least is not None:
        extra["ceiling"] = {"metric": "bits_per_base", "expected": least, "oracle_on_this_draw": extra["oracle"]}
    tables = {"train": pa.table({"start": starts["train"]})}
    seen = union(starts["train"], cut.length)
    tables |= {split: _windows(coded, cut, starts[split], seen) for split in SPLITS[1:]}
    metadata = {"k": k, "stride": stride, "tokens": 4**k, "alphabet": ALPHABET, "length": cut.length}
    kind = np.min_scalar_type(4**k - 1)
    return Prepared(
        tables={split: (table, metadata) for split, table in tables.items()},
        statistics={**metadata, "piece": cut.training_window, "dtype": str(kind), "n": len(starts["train"])},
        card={
            **extra,
            "genome": _about(genome),
            "counts": {split: len(starts[split]) for split in SPLITS},
            "tokens": {split: _covered_tokens(starts[split], cut) for split in SPLITS},
            "segments_too_short": int((coded.where.sizes <= cut.length).sum()),
            "dropped": dropped,
            "cut": {**cut._asdict(), "piece": cut.training_window},
            "overlap": {split: _summary(tables[split]) for split in SPLITS[1:]},
        },
        shared={"tokens": Stream(pa.schema([("token", pa.from_numpy_dtype(kind))]), _tokens(coded), metadata)},
    )


def read(
    recipe: Mapping[str, Any],
    files: Mapping[str, RawFile],
    *,
    contigs: list[str] | None = None,
    max_bases: int | None = None,
) -> Genome:
    """Return the genome in the recipe's FASTA file, or a part of it.

    Args:
        recipe: whose source names the file.
        files: by name in the ledger.
        contigs: names (first words of the headers) of the contigs to read; all, where it is None.
        max_bases: how many bases to read at most; all, where it is None.

    Returns:
        The contigs and their certain bases.

    Raises:
        ReplisomeError: a damaged file, no nucleotides, or an unknown contig.
    """
    if (max_bases is not None and max_bases < 1) or contigs == []:
        raise ReplisomeError(
            "recipe: max_bases is at least 1, and contigs names at least one contig; either may be null, for all."
        )
    return read_fasta(files[recipe["source"]["dataset"]].path, contigs, max_bases)


def _control(name: str, options: Mapping[str, Any]) -> tuple[Genome, np.ndarray, float | None]:
    # By name, so that the fingerprint of a recipe on real data does not cover the control; stage_key adds it where due.
    module = importlib.import_module("replisome.studies.genome.control")
    genome, costs, least = getattr(module, f"draw_{name}")(**options)
    return genome, costs, least


def _mean_cost(coded: Coded, cut: Cut, starts: np.ndarray, costs: np.ndarray) -> float:
    """Return what the oracle pays for the bases that windows predict, in bits a base."""
    _, base = coded.base(starts)
    before = np.concatenate([[0.0], np.cumsum(costs, dtype=np.float64)])
    first = base + coded.k
    last = first + cut.length * coded.stride
    return float((before[last] - before[first]).mean() / (cut.length * coded.stride))


def _tokens(coded: Coded) -> Iterator[pa.RecordBatch]:
    """Yield all tokens in order, a column ``token``, in batches whose number does not grow with that of segments."""

    def by_segment() -> Iterator[np.ndarray]:
        for segment in coded.genome.segments:
            ends = (segment.offset, segment.offset + segment.length)
            chunks = (coded.genome.bases.read(start, min(start + CHUNK, ends[1])) for start in range(*ends, CHUNK))
            yield from kmer_stream(chunks, coded.k, coded.stride)

    for tokens in gathered(by_segment(), len):
        yield pa.record_batch({"token": pa.array(np.concatenate(tokens))})


def _shares(coded: Coded, cut: Cut, starts: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    """Return for each window the share (windows,) of its long k-mers that occur in ``intervals`` (n, 2) of tokens."""
    span = np.arange(cut.length * coded.stride + coded.k)
    shares = [np.empty(0)]
    for group in np.array_split(starts, len(starts) * len(span) // HELD + 1):
        codes = [piece.codes[piece.at[:, None] + span] for piece in pieces(coded, cut, group)]
        shares.append(shared(np.concatenate(codes), sequence(coded, intervals)))
    return np.concatenate(shares)


def _without_homologues(
    coded: Coded, cut: Cut, starts: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Return the splits without the validation and test windows that share a long k-mer with an earlier split.

    Raises:
        ReplisomeError: windows too short to hold such a k-mer, or none left.
    """
    if cut.length * coded.stride + coded.k < SHARED:
        raise ReplisomeError(f"recipe: split 'homology' needs windows of at least {SHARED} bases.")
    kept, dropped = dict(starts), dict.fromkeys(SPLITS, 0)
    for number, split in enumerate(SPLITS[1:], start=1):
        earlier = np.sort(np.concatenate([union(kept[name], cut.length) for name in SPLITS[:number]]), axis=0)
        fresh = _shares(coded, cut, starts[split], earlier) == 0
        kept[split], dropped[split] = starts[split][fresh], int((~fresh).sum())
        if not fresh.any():
            raise ReplisomeError(
                f"recipe: every {split} window shares {SHARED} bases in a row with an earlier split; this genome "
                "repeats itself too much for split 'homology'."
            )
    return kept, dropped


def _windows(coded: Coded, cut: Cut, starts: np.ndarray, seen: np.ndarray) -> pa.Table:
    """Return windows, where they lie and what training, whose windows cover ``seen`` (n, 2), has seen of them."""
    segment, _ = coded.base(starts)
    segments = coded.genome.segments
    within = (starts - coded.where.first[segment]) * coded.stride
    columns: dict[str, np.ndarray] = {
        "start": starts,
        "contig": np.array([segments[s].contig for s in segment], np.int32),
        "position": np.array([segments[s].start for s in segment], np.int64) + within + coded.k,
        "covered": covered(starts, cut.length, seen).astype(np.float32),
        "shared": _shares(coded, cut, starts, seen).astype(np.float32),
    }
    if coded.stride == 1:
        columns["codon"] = np.concatenate(
            [
                codon_positions(piece.codes)[piece.at[:, None] + coded.k + np.arange(cut.length)]
                for piece in pieces(coded, cut, starts)
            ]
        )
    return pa.table({name: array_column(values) for name, values in columns.items()})


def _covered_tokens(starts: np.ndarray, cut: Cut) -> int:
    """Return how many different tokens windows predict."""
    intervals = union(starts, cut.length)
    return int((intervals[:, 1] - intervals[:, 0] - 1).sum())


def _summary(table: pa.Table) -> dict[str, float | None]:
    """Return what training has seen of a split's windows: their positions, and their letters anywhere."""
    positions, letters = (table.column(name).to_numpy() for name in ("covered", "shared"))
    known = letters[~np.isnan(letters)]
    return {
        "covered": float(positions.mean()),
        "windows_wholly_covered": float((positions == 1).mean()),
        "windows_untouched": float((positions == 0).mean()),
        "shared": float(known.mean()) if len(known) else None,
        "windows_sharing": float((known > 0).mean()) if len(known) else None,
    }


def _about(genome: Genome) -> dict[str, Any]:
    """Return the facts about a genome that the card shows."""
    counts = np.zeros(4, np.int64)
    for start in range(0, len(genome.bases), CHUNK):
        counts += np.bincount(genome.bases.read(start, min(start + CHUNK, len(genome.bases))), minlength=4)
    return {
        "contigs": len(genome.contigs),
        "names": [name for name, _ in genome.contigs[:NAMED]],
        "bases": sum(length for _, length in genome.contigs),
        "certain": len(genome.bases),
        "ambiguous": genome.ambiguous,
        "lower_case": genome.lower,
        "empty_contigs": genome.empty,
        "segments": len(genome.segments),
        "gc": float(counts[1:3].sum() / counts.sum()),
    }

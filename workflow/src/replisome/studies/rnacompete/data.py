"""From the probe table, or the control, to checked splits with normalised targets and encoded sequences."""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from replisome.data.duplicates import unleaked
from replisome.data.encode.bases import ALPHABET, PADDING, decode_bases, encode_bases
from replisome.data.encode.kmers import kmer_tokens, vocabulary
from replisome.data.encode.onehot import SCALE, one_hot
from replisome.data.parquet import array_column
from replisome.data.prepared import Prepared
from replisome.data.raw_files import RawFile
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete import targets
from replisome.studies.rnacompete.design import design_of
from replisome.studies.rnacompete.few_labels import draw_unseen, hide_beyond_training, keep_labels, unseen_hidden
from replisome.studies.rnacompete.probe_faults import SHORTEST
from replisome.studies.rnacompete.probes import WIDTH, Probes, read_probes, say_what_was_read

VALIDATION = 0.2
SPLIT_SEED = 42  # the course's


def prepare(recipe: Mapping[str, Any], files: Mapping[str, RawFile]) -> Prepared:
    """Carry out a recipe: read, split, mask, drop leaks and labels if it says so, normalise targets, encode sequences.

    Args:
        recipe: the recipe's block of the study file: source, split, encoding, normalisation and, where it has them,
            targets, label_fraction and unseen.
        files: the probe table under the name of the recipe's data set and, under another, the metadata table; empty for
            a control.

    Returns:
        For each split a table with the columns row (int64, position in the probe table), input (one-hot quarters
        (41, 4) or tokens (42 - k,), small integers) and target (proteins,), float32 z-scores with NaN where unknown;
        the statistics of the targets; the data card.

    Raises:
        ReplisomeError: anything wrong with the files or the recipe; the message names what and where.
    """
    options = recipe["source"].get("options", {})
    if "control" in recipe["source"]:
        probes, extra = _control(options, recipe["split"])
    else:
        probes, extra = read(recipe, files, **options)
    probes, leave = _tidy(probes)
    rows, masked = split_rows(probes, recipe["split"])
    found = duplicates(probes, rows)
    dropped = dict.fromkeys(SPLITS, 0)
    if recipe["split"].endswith("-deduplicated"):
        masks = unleaked({split: [probes.sequences[row] for row in rows[split]] for split in SPLITS})
        dropped = {split: int((~mask).sum()) for split, mask in masks.items()}
        rows = {split: rows[split][masks[split]] for split in SPLITS}
    if "targets" in recipe:  # after the split, so that a recipe of one protein can share that of several
        probes = probes.only(probes.all_named(recipe["targets"], "targets"))
    parts = {split: probes.take(rows[split]) for split in SPLITS}
    fractions = recipe.get("label_fraction", {})
    hidden = _hide_labels(parts["train"], fractions)
    validation_hidden = hide_beyond_training(parts, fractions)
    unseen = draw_unseen(len(probes.proteins), recipe["unseen"]) if "unseen" in recipe else []
    for split, part in parts.items():
        has_target = ~np.isnan(unseen_hidden(part.intensities, unseen, split)).all(axis=1)
        parts[split], rows[split] = part.take(np.flatnonzero(has_target)), rows[split][has_target]
    scaled, statistics = normalise(parts, recipe["normalisation"])
    # Only now: how an unseen protein's intensities are scaled changes no rank among them.
    scaled = {split: unseen_hidden(values, unseen, split) for split, values in scaled.items()}
    tables: dict[str, tuple[pa.Table, dict[str, Any]]] = {}
    for split, part in parts.items():
        inputs, tokens = encode(encode_bases(part.sequences, WIDTH).codes, recipe["encoding"])
        columns = {"row": rows[split].astype(np.int64), "input": inputs, "target": scaled[split].astype(np.float32)}
        metadata = {"shape": list(inputs.shape[1:]), "dtype": str(inputs.dtype), "alphabet": ALPHABET, "tokens": tokens}
        tables[split] = (pa.table({name: array_column(values) for name, values in columns.items()}), metadata)
    outputs = [{"experiment": p.experiment, "name": p.name, "features": list(p.features)} for p in probes.proteins]
    return Prepared(
        tables=tables,
        statistics={
            "encoding": recipe["encoding"],
            "shape": list(tables["train"][1]["shape"]),
            "scale": SCALE,
            "tokens": tables["train"][1]["tokens"],
            "outputs": outputs,
            "targets": statistics,
            "from": "training split" if recipe["normalisation"] == "training" else "each split on its own",
            "n": len(parts["train"].sequences),
        },
        card={
            **extra,
            "counts": {split: len(part.sequences) for split, part in parts.items()},
            "proteins": [
                {
                    "experiment": p.experiment,
                    "name": p.name,
                    **{split: int((~np.isnan(scaled[split][:, k])).sum()) for split in SPLITS},
                }
                for k, p in enumerate(probes.proteins)
            ],
            "probes_in_source": len(probes.sequences),
            "dropped": dropped,
            "labels_hidden": hidden,
            "validation_labels_hidden": validation_hidden,
            "unseen": [probes.proteins[k].experiment for k in unseen],
            "duplicates": found,
            "masked": masked,
            "read_with_leave": leave,
        },
    )


def _tidy(probes: Probes) -> tuple[Probes, dict[str, int]]:
    """Return the probes with their sequences as they are read (upper case, U, N for the unknown, cut to the width).

    Also returns how many had to be read with leave, and says so.

    Raises:
        ReplisomeError: a sequence is too short to hold a motif.
    """
    encoded = encode_bases(probes.sequences, WIDTH)
    lengths = (encoded.codes != PADDING).sum(axis=1)
    if lengths.min() < SHORTEST:
        sequence = probes.sequences[int(lengths.argmin())]
        raise ReplisomeError(
            f"recipe: the probe '{sequence}' has fewer than {SHORTEST} bases, too few for the models; remove it."
        )
    leave = {kind: getattr(encoded, kind) for kind in ("lower", "thymine", "unknown", "truncated")}
    say_what_was_read(leave)
    return probes._replace(sequences=decode_bases(encoded.codes)), leave


def read(
    recipe: Mapping[str, Any],
    files: Mapping[str, RawFile],
    *,
    proteins: list[str],
    without: list[str] | None = None,
    max_probes: int | None = None,
) -> tuple[Probes, dict[str, Any]]:
    """Read the probe table's rows for some proteins.

    Args:
        recipe: the recipe's block of the study file.
        files: the probe table under the name of the recipe's data set and, under another, the metadata table.
        proteins: names or experiments, or ``[all]``.
        without: experiments that are left out of them.
        max_probes: how many probes of each set are kept, the first ones that have an intensity of any of the proteins;
            null for all.

    Returns:
        The probes, and for the card how often sequences repeat in the table, and what else it was designed to hold.

    Raises:
        ReplisomeError: a damaged table or an unknown protein.
    """
    if not proteins or (max_probes is not None and max_probes < 10):
        raise ReplisomeError("recipe: needs at least one protein, and max_probes of at least 10 (or null for all).")
    main = files[recipe["source"]["dataset"]]
    others = [file.path for name, file in files.items() if name != recipe["source"]["dataset"]]
    probes = read_probes(main.path, others[0] if others else None, proteins)
    kept_out = set(without or [])
    probes = probes.only([k for k, p in enumerate(probes.proteins) if p.experiment not in kept_out])
    extra = {"repeats_in_table": len(probes.sequences) - len(set(probes.sequences)), "design": design_of(probes)}
    if max_probes is not None:
        valid = ~np.isnan(probes.intensities).all(axis=1)
        kept = [np.flatnonzero(valid & (probes.sets == which))[:max_probes] for which in (0, 1)]
        probes = probes.take(np.sort(np.concatenate(kept)))
    return probes, extra


def _control(options: Mapping[str, Any], split_by: str) -> tuple[Probes, dict[str, Any]]:
    # By name, so that the fingerprint of a recipe on real data does not cover the control; stage_key adds it where due.
    module = importlib.import_module("replisome.studies.rnacompete.control")
    drawn = module.draw_probes(**options)
    rows, _ = split_rows(drawn.probes, split_by)
    oracle = {
        split: float(np.mean([_spearman(drawn.affinities[r, k], drawn.probes.intensities[r, k]) for k in range(p)]))
        for split, r in rows.items()
        for p in [drawn.affinities.shape[1]]
    }
    repeats = len(drawn.probes.sequences) - len(set(drawn.probes.sequences))
    return drawn.probes, {
        "repeats_in_table": repeats,
        "ceiling": {"metric": "spearman", "expected": drawn.ceiling, "oracle_on_this_draw": oracle},
    }


def _spearman(one: np.ndarray, two: np.ndarray) -> float:
    from scipy.stats import spearmanr  # noqa: PLC0415 (a second of import that real data do not need)

    valid = ~np.isnan(two)
    return float(spearmanr(one[valid], two[valid])[0])


def course_split(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return training and validation positions of n rows of Set A, as the course's loader splits them.

    Rows in index order are shuffled by ``RandomState(42)``; the first int(0.2 n) are validation, the rest training.
    """
    order = np.arange(n)
    np.random.RandomState(SPLIT_SEED).shuffle(order)
    held = int(VALIDATION * n)
    return order[held:], order[:held]


def stratified_split(valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return training and validation positions so that each protein has its share in both.

    ``valid`` (n, proteins) says which intensities exist. Rows are shuffled, sorted by which of them a row has, and
    every fifth is validation: as many of each pattern as there can be. A probe is on one side for all proteins.
    """
    order = np.random.RandomState(SPLIT_SEED).permutation(len(valid))
    _, pattern = np.unique(valid[order], axis=0, return_inverse=True)
    order = order[np.argsort(pattern.reshape(-1), kind="stable")]
    held = np.arange(len(order)) % round(1 / VALIDATION) == 0
    return order[~held], order[held]


def split_rows(probes: Probes, split: str) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Return the rows of each split: Set A becomes training and validation, Set B is test; then the mask is applied.

    Also returns how many rows of each split were masked: no intensity of any of the proteins is valid.

    Raises:
        ReplisomeError: a protein has no valid intensity in some split.
    """
    valid = ~np.isnan(probes.intensities)
    set_a, set_b = np.flatnonzero(probes.sets == 0), np.flatnonzero(probes.sets == 1)
    train, held = stratified_split(valid[set_a]) if split.startswith("stratified") else course_split(len(set_a))
    rows = {"train": set_a[train], "validation": set_a[held], "test": set_b}
    for name, members in rows.items():
        without = np.flatnonzero(~valid[members].any(axis=0))
        if len(without):
            protein = probes.proteins[without[0]]
            raise ReplisomeError(
                f"recipe: {protein.name} ({protein.experiment}) has no valid intensity in the {name} split "
                f"({len(members)} probes); leave it out, or take more probes."
            )
    kept = {name: members[valid[members].any(axis=1)] for name, members in rows.items()}
    return kept, {name: len(rows[name]) - len(members) for name, members in kept.items()}


def duplicates(probes: Probes, rows: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Count sequences that stand more than once among the probes used, and those that stand in several splits."""
    splits_of: dict[str, list[str]] = defaultdict(list)
    for split, members in rows.items():
        for row in members:
            splits_of[probes.sequences[row]].append(split)
    groups = [where for where in splits_of.values() if len(where) > 1]
    return {
        "groups": len(groups),
        "probes": sum(len(where) for where in groups),
        "crossing_groups": sum(len(set(where)) > 1 for where in groups),
    }


def _hide_labels(train: Probes, fractions: Mapping[str, float]) -> dict[str, int]:
    """Hide all but a share of a protein's training labels, the same ones whichever proteins stand beside it."""
    hidden = {}
    positions = train.all_named(list(fractions), "label_fraction")
    for position, (name, fraction) in zip(positions, fractions.items(), strict=True):
        labels = int((~np.isnan(train.intensities[:, position])).sum())
        kept = round(fraction * labels)
        if kept < 2:
            raise ReplisomeError(f"recipe: label_fraction: {fraction} of {name}'s {labels} labels is too few.")
        hidden[name] = keep_labels(train, position, kept)
    return hidden


def normalise(
    parts: Mapping[str, Probes], normalisation: str
) -> tuple[dict[str, np.ndarray], dict[str, list[dict[str, float]]]]:
    """Return targets (n, proteins) by split and the statistics used, protein by protein.

    ``each-split``: every split by its own statistics, as the course's loader does; ``training``: by those of training.

    Raises:
        ReplisomeError: a protein whose valid intensities in a split are none or all equal.
    """
    scaled, used = {}, {}
    for split, part in parts.items():
        measured_on = split if normalisation == "each-split" else "train"
        by = [
            targets.scaling(
                parts[measured_on].intensities[:, k], f"recipe: {p.name} ({p.experiment}), {measured_on} split"
            )
            for k, p in enumerate(part.proteins)
        ]
        scaled[split] = np.stack([targets.apply(part.intensities[:, k], s) for k, s in enumerate(by)], axis=1)
        used[split] = [s._asdict() for s in by]
    return scaled, used


def encode(codes: np.ndarray, encoding: str) -> tuple[np.ndarray, int]:
    """Return one-hot quarters (n, 41, 4) or tokens (n, 42 - k), and the number of tokens (0 for one-hot)."""
    if encoding == "onehot":
        return one_hot(codes), 0
    k = int(encoding.removeprefix("kmer"))
    return kmer_tokens(codes, k), vocabulary(k)


def sequence_codes(inputs: np.ndarray, tokens: int) -> np.ndarray:
    """Return base codes (n, 41) from what :func:`encode` made; an unknown base of a k-mer makes all of it unknown."""
    if not tokens:
        known = np.where(inputs.max(axis=2) == 4, inputs.argmax(axis=2), len(ALPHABET))
        return np.where((inputs != 0).any(axis=2), known, PADDING).astype(np.uint8)
    k = round(np.log(tokens - 2) / np.log(4))
    codes = np.full((len(inputs), inputs.shape[1] + k - 1), PADDING, np.uint8)
    wide = inputs.astype(np.int64)
    for offset in range(k):
        digit = np.where(wide == 4**k, len(ALPHABET), wide // 4 ** (k - 1 - offset) % 4)
        part = codes[:, offset : offset + inputs.shape[1]]
        part[...] = np.where(wide == 4**k + 1, part, digit)
    return codes

"""A protein of one's own: what is in a table of probes; or another protein of the official table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replisome.data.new_source import Examined, NewSource, listed
from replisome.errors import ReplisomeError, did_you_mean
from replisome.studies.rnacompete.motifs import K

if TYPE_CHECKING:
    import numpy as np

    from replisome.studies.rnacompete.probes import Probes

# What recipes say of RBFOX1 and, in preset quick, of A1CF in its place; and the experiments that are on one protein.
PROTEINS, MOTIFS = ("RBFOX1", "A1CF"), ("UGCAUG", "UAAUUG")
ONLY = ["architectures", "attention", "baselines"]
FEW = 1000  # probes of a set, below which a network has little to learn from


def examine(name: str, file: Path | None, options: Mapping[str, str]) -> Examined:
    """Read the table as ``prepare`` does, and say what is in it.

    Args:
        name: of the new data set.
        file: a table of probes with tabs between cells; None for a protein of the official table.
        options: ``protein``, a column of the table, or a protein of the official one; ``motif``, what the baseline of
            the known motif looks for.

    Returns:
        Probes by set, experiments, missing intensities, sequences that repeat, and the motif.

    Raises:
        ReplisomeError: no such table or protein.
    """
    motif = options.get("motif", "").upper().replace("T", "U")
    if motif and not re.fullmatch("[ACGU]{3,12}", motif):
        raise ReplisomeError(f"--motif: {options['motif']!r} is no motif of 3 to 12 letters A, C, G and U.")
    if file is None:
        return _of_the_official_table(options.get("protein", ""), motif)
    from replisome.studies.rnacompete.probes import read_probes  # noqa: PLC0415 -- pandas, which help needs not

    protein = _chosen(file, options.get("protein", ""))
    probes = read_probes(file, None, [protein])
    if not motif:
        motif = _strongest(probes, file)
        whence = f"the {K} bases whose probes stand out most in SetA; --motif chooses another"
    else:
        whence = "as given"
    found, notes = _about(probes, file)
    return Examined(
        [*found, ("protein", protein), ("motif", f"{motif} ({whence})")],
        _says(protein, motif) | {"replace": {"rnacompete": name, **_says(protein, motif)["replace"]}},
        notes=notes,
        fit=lambda recipes: _fit(recipes, probes),
    )


def _says(protein: str, motif: str) -> dict[str, Any]:
    return {"only": ONLY, "replace": dict.fromkeys(PROTEINS, protein) | dict.fromkeys(MOTIFS, motif)}


def _of_the_official_table(protein: str, motif: str) -> Examined:
    if not protein or not motif:
        raise ReplisomeError(
            "without a file, name a protein of the official table and the motif that is known of it, which a baseline "
            "looks for: --protein PTBP3 --motif UUUCUU (motifs are in figure 1 of Ray et al. 2013); or give a table of "
            "your own."
        )
    note = (
        f"Whether the official table has '{protein}' shows when it is prepared: names that are not in it are refused."
    )
    found = [("protein", f"{protein}, of the official table"), ("motif", f"{motif} (as given)")]
    title = f"RNA-protein binding affinity of {protein}"
    return Examined(found, {**_says(protein, motif), "title": title}, notes=[note])


def _chosen(file: Path, wanted: str) -> str:
    """Return the column of intensities that is studied."""
    from replisome.studies.rnacompete.probes import SEQUENCE, SET, columns_of  # noqa: PLC0415

    header, experiments = columns_of(file)
    if len(header) == 1:
        raise ReplisomeError(
            f"{file}: its first line has no tab; save the table as text with tabs between cells (not commas)."
        )
    for column, what in ((SET, "SetA (training and validation) or SetB (test)"), (SEQUENCE, "the probe's sequence")):
        if column not in header:
            raise ReplisomeError(
                f"{file}: no column '{column}', which holds {what}; the first line has: {listed(header)}."
            )
    if not experiments:
        raise ReplisomeError(
            f"{file}: no column of intensities beside {listed(header)}; add one, named by the protein."
        )
    if not wanted and len(experiments) > 1:
        raise ReplisomeError(f"{file}: has several proteins: {listed(experiments)}; choose one with --protein.")
    if wanted and wanted not in experiments:
        raise ReplisomeError(f"{file}: no column of intensities '{wanted}'{did_you_mean(wanted, experiments)}")
    return wanted or experiments[0]


def _about(probes: Probes, file: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what is in a table with one protein, and what is odd about it."""
    import numpy as np  # noqa: PLC0415

    from replisome.studies.rnacompete.probes import WIDTH, columns_of  # noqa: PLC0415

    missing = np.isnan(probes.intensities[:, 0])
    lengths = np.array([len(sequence) for sequence in probes.sequences])
    text = "".join(probes.sequences)
    letters = {letter: text.count(letter) for letter in sorted(set(text))}
    odd = {letter: count for letter, count in letters.items() if letter not in "ACGU"}
    by_set = [set(np.array(probes.sequences, dtype=object)[probes.sets == which]) for which in (0, 1)]
    repeats, crossing = len(probes.sequences) - len(set(probes.sequences)), len(by_set[0] & by_set[1])
    valid = [int(((probes.sets == which) & ~missing).sum()) for which in (0, 1)]
    found = [
        ("probes", f"{len(missing):,}: SetA {(probes.sets == 0).sum():,}, SetB {(probes.sets == 1).sum():,}"),
        ("experiments", listed(columns_of(file)[1])),
        ("missing intensities", f"{int(missing.sum()):,}; with one: SetA {valid[0]:,}, SetB {valid[1]:,}"),
        ("lengths", f"{lengths.min()} to {lengths.max()} bases"),
        ("other letters", listed([f"{letter} {count:,}" for letter, count in odd.items()]) or "none"),
        ("sequences that repeat", f"{repeats:,} probes; {crossing:,} sequences stand in both sets"),
    ]
    notes = []
    if lengths.max() > WIDTH:
        notes.append(f"{int((lengths > WIDTH).sum()):,} probes are longer than {WIDTH} bases and are cut at the right.")
    if odd:
        notes.append("T is read as U, lower case as upper case, any other letter as unknown (N).")
    if crossing:
        notes.append("The sound recipes drop from SetA what stands in SetB too; the reported ones leave it in.")
    if min(valid) < FEW:
        notes.append(f"Fewer than {FEW:,} probes with an intensity in a set: expect wide intervals.")
    if (probes.intensities[~missing] < 0).any():
        notes.append("Some intensities are negative: they are taken as they are.")
    return found, notes


def _strongest(probes: Probes, file: Path) -> str:
    """Return the k-mer whose probes are furthest above the mean of SetA in standard errors; test is not looked at."""
    import numpy as np  # noqa: PLC0415

    kept = np.flatnonzero((probes.sets == 0) & ~np.isnan(probes.intensities[:, 0]))
    values = probes.intensities[kept, 0] - probes.intensities[kept, 0].mean() if len(kept) else np.empty(0)
    sums: dict[str, tuple[float, int]] = {}
    for row, value in zip(kept, values, strict=True):
        sequence = probes.sequences[row].upper().replace("T", "U")
        for motif in {sequence[start : start + K] for start in range(len(sequence) - K + 1)}:
            total, count = sums.get(motif, (0.0, 0))
            sums[motif] = (total + float(value), count + 1)
    scores = {motif: total / count**0.5 for motif, (total, count) in sums.items() if set(motif) <= set("ACGU")}
    if not scores:
        raise ReplisomeError(f"{file}: SetA has no probe with an intensity; is this the right column?")
    return max(scores, key=lambda motif: (scores[motif], motif))


def _fit(recipes: Mapping[str, Mapping[str, Any]], probes: Probes) -> dict[str, Any]:
    """Check that each split has probes with an intensity; nothing need be said otherwise."""
    from replisome.studies.rnacompete.data import split_rows  # noqa: PLC0415

    for recipe in recipes.values():
        rows: Mapping[str, np.ndarray] = split_rows(probes, recipe["split"])[0]
        short = [split for split, members in rows.items() if len(members) < 2]
        if short:
            raise ReplisomeError(f"the {short[0]} split has fewer than 2 probes with an intensity; add probes.")
    return {}


SOURCE = NewSource(
    kind="protein",
    takes="a table of probes with tabs between cells: Probe_Set, RNA_Seq, and a column of intensities a protein",
    suffixes=(".txt.gz", ".tsv.gz", ".tab.gz", ".txt", ".tsv", ".tab"),
    options={
        "protein": "the column of intensities; without a file, a protein of the official table",
        "motif": "the motif that a baseline looks for; default is the strongest in SetA of the file",
    },
    examine=examine,
    dataset="rnacompete",
    file_needed=False,
)

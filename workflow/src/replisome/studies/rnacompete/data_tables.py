"""Tables of what the models look for in the probes, and of the probes themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from replisome.encode.kmers import kmer_tokens
from replisome.io import column_array, read_parquet
from replisome.results import StudyResults
from replisome.splits import SPLITS
from replisome.studies.rnacompete.data import sequence_codes
from replisome.studies.rnacompete.explained import explained
from replisome.studies.rnacompete.logo import agreement, kmer_names, mean_by_kmer, spelled
from replisome.studies.rnacompete.motifs import KNOWN, K
from replisome.studies.rnacompete.tested import label, protein_names, proteins_of
from replisome.variants import about, data_kind


def motifs(study: StudyResults) -> pd.DataFrame:
    """Return what each explained model with all labels looks for, beside the known motif and the data's own k-mers."""
    names = kmer_names(K)
    rows = []
    measured: dict[tuple[str, int], list[str]] = {}
    for item in explained(study):
        experiment, logo = item.protein["experiment"], item.logo()
        place = (item.variant.recipe, item.number)
        if place not in measured:
            measured[place] = _measured_kmers(study, *place, names)
        strongest = np.argsort(-np.array(item.metadata["kmer_effects"][experiment]), kind="stable")
        known = KNOWN.get(experiment) or _planted(item.protein["name"])
        length = len(known) if known else K
        mutated, aligned = spelled(logo.heights, length), spelled(logo.bits, length)
        rows.append(
            {
                **about(study, item.variant),
                "protein": f"{item.protein['name']} ({experiment})",
                "model": label(item.variant),
                "known motif": known or "",
                "by mutagenesis": mutated,
                "agree, mutagenesis": f"{agreement(mutated, known)} of {length}" if known else "",
                "aligned probes": aligned,
                "agree, aligned": f"{agreement(aligned, known)} of {length}" if known else "",
                "rank of the known k-mer": _rank(known, [names[kmer] for kmer in strongest]),
                "strongest k-mers, model": " ".join(names[kmer] for kmer in strongest[:5]),
                "strongest k-mers, measured": " ".join(measured[place]),
                "probes mutated": logo.probes,
                "k-mers set in": len(names),
            }
        )
    return pd.DataFrame(rows)


def _rank(known: str | None, kmers: list[str]) -> int | None:
    return kmers.index(known) + 1 if known in kmers else None


def _planted(name: str) -> str | None:
    """Return the motif that the control planted; it is part of the protein's name."""
    return name.partition("(")[2].rstrip(")") if name.startswith("control") else None


def _measured_kmers(study: StudyResults, recipe: str, number: int, names: list[str], top: int = 5) -> list[str]:
    """Return the k-mers whose training probes are bound most strongly on average."""
    table, metadata = read_parquet(study.root / study.plan.name / recipe / "train.parquet")
    inputs = column_array(table, "input", tuple(metadata["shape"]))
    target = column_array(table, "target", (len(proteins_of(study, recipe)),))[:, number]
    valid = ~np.isnan(target)
    tokens = kmer_tokens(sequence_codes(inputs, metadata["tokens"])[valid], K)
    return [names[kmer] for kmer in np.argsort(-mean_by_kmer(tokens, target[valid], len(names)))[:top]]


def probes(study: StudyResults) -> pd.DataFrame:
    """Return what each recipe's data are: probes and labels by split, duplicates, what was dropped or hidden."""
    rows = []
    for recipe, card in study.cards.items():
        found, leave = card["duplicates"], card["read_with_leave"]
        rows.append(
            {
                "recipe": recipe,
                "protocol": "control" if card["control"] else card["protocol"],
                "data": data_kind(card),
                "proteins": protein_names(study, recipe),
                "encoding": card["encoding"],
                "split": card["split"],
                "normalised by": card["normalisation"],
                **{f"{split} probes": card["counts"][split] for split in SPLITS},
                "training labels": sum(protein["train"] for protein in card["proteins"]),
                "masked probes": sum(card["masked"].values()),
                "labels hidden": sum(card["labels_hidden"].values()),
                "repeated sequences in the table": card["repeats_in_table"],
                "groups of duplicates used": found["groups"],
                "groups across splits": found["crossing_groups"],
                "dropped": sum(card["dropped"].values()),
                "with N": leave["unknown"],
                "with T": leave["thymine"],
                "cut to 41": leave["truncated"],
            }
        )
    return pd.DataFrame(rows)

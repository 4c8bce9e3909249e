"""The table of what the explained models look for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import about, frame
from replisome.data.encode.kmers import kmer_tokens
from replisome.data.parquet import column_array
from replisome.studies.rnacompete.data import sequence_codes
from replisome.studies.rnacompete.logo import agreement, kmer_names, mean_by_kmer, spelled
from replisome.studies.rnacompete.motifs import K, known_motif
from replisome.studies.rnacompete.predictions import explained, full_name, proteins_of

TOP = 5  # k-mers listed


@table("Recovered and known motifs")
def motifs(study: StudyResults) -> pd.DataFrame:
    """What each explained model with all labels looks for, beside the known motif and the data's own k-mers.

    "By mutagenesis" spells the bases whose replacement costs most in the strongest validation probes. "Aligned probes"
    spells the bases that stand there in the strongest measured probes: this says as much of the measurement as of the
    model. All RNAcompete probes begin with AG. Where a motif is bound at that end, as ANKHD1's is, its first two
    letters are the array's design, and mutagenesis cannot judge them. "Agree" counts equal positions and allows a shift
    of two bases; two random 6-mers agree in 2.3 on average. "Rank" is the place of the known motif among all k-mers by
    their effect on the model: the mean change of the prediction when a k-mer is set into the middle of random probes.
    The model's strongest k-mers have the largest effect; the strongest measured k-mers have the largest mean target
    over the training probes that hold them. Known motifs are those of Ray et al. 2013; of a control, the planted ones.
    """
    names, rows = kmer_names(K), []
    for item in explained(study):
        recipe, number, logo, known = item.variant.recipe, item.number, item.logo, known_motif(item.protein)
        effects = np.array(item.metadata["kmer_effects"][item.protein["experiment"]])
        strongest = [names[kmer] for kmer in np.argsort(-effects, kind="stable")]
        length = len(known) or K
        mutated, aligned = spelled(logo.heights, length), spelled(logo.bits, length)
        rows.append(
            {
                **about(study, item.variant),
                "protein": full_name(item.protein),
                "known motif": known,
                "by mutagenesis": mutated,
                "agree, mutagenesis": f"{agreement(mutated, known)} of {length}" if known else "",
                "aligned probes": aligned,
                "agree, aligned": f"{agreement(aligned, known)} of {length}" if known else "",
                "rank of the known k-mer": strongest.index(known) + 1 if known in strongest else None,
                "strongest k-mers, model": " ".join(strongest[:TOP]),
                "strongest k-mers, measured": " ".join(_measured_kmers(study, recipe, number, names)),
                "probes mutated": logo.probes,
                "k-mers set in": len(names),
            }
        )
    return frame(rows)


def _measured_kmers(study: StudyResults, recipe: str, number: int, names: list[str]) -> list[str]:
    """Return the k-mers whose training probes are bound most strongly on average."""

    def measure() -> list[str]:
        rows, metadata = study.prepared(recipe, "train")
        inputs = column_array(rows, "input", tuple(metadata["shape"]))
        target = column_array(rows, "target", (len(proteins_of(study, recipe)),))[:, number]
        valid = ~np.isnan(target)
        tokens = kmer_tokens(sequence_codes(inputs, metadata["tokens"])[valid], K)
        return [names[kmer] for kmer in np.argsort(-mean_by_kmer(tokens, target[valid], len(names)))[:TOP]]

    return study.once(("measured k-mers", recipe, number), measure)

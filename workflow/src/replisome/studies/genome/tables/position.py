"""How models do by the position in a codon."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, tabulate
from replisome.studies.genome.predictions import CODONS, averages, genes_expected, leading, windows


@table("By position in the codon")
def codons(study: StudyResults) -> pd.DataFrame:
    """Test accuracy and bits per base by the position in the codon.

    Long stretches without a stop codon (300 bases or more, the longest where several overlap) stand in for an
    annotation: in bacteria most of them are genes, where genes have introns few are. At 1, 2 and 3 the gene is read in
    the direction of the model, at 1', 2' and 3' against it; "none" is outside such stretches. Of the counts, the order
    that is best on validation has a row.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        codon = np.asarray(windows(study, variant.recipe).codon)
        found = averages(study, variant).by_codon
        shares = {at: 100 * float(np.mean(codon == at)) for at in found["right"]}
        return {
            **{f"share at {CODONS[at]} (%)": share for at, share in shares.items()},
            **{f"accuracy at {CODONS[at]} (%)": 100 * float(right.mean()) for at, right in found["right"].items()},
            **{f"bits/base at {CODONS[at]}": float(bits.mean()) for at, bits in found["bits"].items()},
        }

    members = [v for recipe, found in leading(study).items() if genes_expected(study, recipe) for v in found]
    return tabulate(study, members, columns)

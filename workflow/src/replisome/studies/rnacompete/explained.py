"""What the explain stage left, protein by protein, with the logo it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from replisome.results import StudyResults
from replisome.studies.rnacompete.logo import Logo, align
from replisome.studies.rnacompete.tested import shown_proteins
from replisome.variants import Variant, variants


class Explained(NamedTuple):
    """A variant asked about one protein, at ``number`` in its recipe: rows of its explanation, and their metadata."""

    variant: Variant
    number: int
    protein: Mapping[str, Any]
    rows: pd.DataFrame
    metadata: Mapping[str, Any]

    def logo(self) -> Logo:
        """Return the logo of the mutated probes."""
        effect = np.stack(self.rows["effect"].tolist()).reshape(len(self.rows), *self.metadata["positions"])
        return align(self.rows["sequence"].tolist(), effect)


def explained(study: StudyResults) -> list[Explained]:
    """Return the explained variants that had all labels, protein by protein."""
    found = []
    for variant in variants(study):
        explanation = study.explanation(variant.runs[0])
        if explanation is None or study.cards[variant.recipe]["labels_hidden"]:
            continue
        table, metadata = explanation
        for number, protein in shown_proteins(study, variant.recipe):
            found.append(Explained(variant, number, protein, table[table["protein"] == number], metadata))
    return found

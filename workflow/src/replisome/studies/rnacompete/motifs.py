"""Known motifs by protein: of the literature (Ray et al. 2013, Nature 499:172), or planted by the control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

K = 6  # bases of a motif; what is looked for where none is known
KNOWN = {
    "RNCMPT00001": "UAAUUG",  # A1CF
    "RNCMPT00002": "AGACGU",  # ANKHD1
    "RNCMPT00168": "UGCAUG",  # RBFOX1
}
FEW = 4  # proteins, each of which is named and explained by itself


def explained_proteins(experiments: Sequence[str]) -> list[int]:
    """Return the positions of the proteins that are explained: all of a few, else those with a known motif."""
    return [k for k, name in enumerate(experiments) if len(experiments) <= FEW or name in KNOWN]


def known_motif(protein: Mapping[str, Any]) -> str:
    """Return a protein's motif, "" where none is known; the control writes what it planted into the name."""
    planted = protein["name"].partition("(")[2].rstrip(")") if protein["name"].startswith("control") else ""
    return KNOWN.get(protein["experiment"]) or planted

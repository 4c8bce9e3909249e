"""Motifs known from the literature, by experiment (Ray et al. 2013, Nature 499:172)."""

K = 6  # bases of a motif; what is looked for where none is known
KNOWN = {
    "RNCMPT00001": "UAAUUG",  # A1CF
    "RNCMPT00002": "AGACGU",  # ANKHD1
    "RNCMPT00168": "UGCAUG",  # RBFOX1
}
FEW = 4  # proteins, each of which is shown and explained by itself


def shown(experiments: list[str]) -> list[int]:
    """Return the positions of the proteins to show and explain one by one: all of a few, of many the known ones."""
    return [k for k, name in enumerate(experiments) if len(experiments) <= FEW or name in KNOWN]

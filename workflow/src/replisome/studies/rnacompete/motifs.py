"""Motifs known from the literature, by experiment (Ray et al. 2013, Nature 499:172)."""

K = 6  # bases of a motif; what is looked for where none is known
KNOWN = {
    "RNCMPT00001": "UAAUUG",  # A1CF
    "RNCMPT00002": "AGACGU",  # ANKHD1
    "RNCMPT00168": "UGCAUG",  # RBFOX1
}

"""The tables of the study, by topic."""

TOPICS = ("scores", "training", "motifs", "probes")

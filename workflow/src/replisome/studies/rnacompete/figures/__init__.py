"""The figures of the study, by topic."""

TOPICS = ("training", "scores", "motifs")

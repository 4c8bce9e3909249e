"""The tables of the study, by topic."""

TOPICS = ("leakage", "scores", "training", "comparisons", "position", "data")

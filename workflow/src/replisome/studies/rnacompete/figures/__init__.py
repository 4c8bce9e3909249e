"""The figures of the study, by topic."""

TOPICS = ("training", "scores", "motifs")
MAIN = ("attention_curves", "predicted_and_measured")  # shows what was found; the first that a configuration has

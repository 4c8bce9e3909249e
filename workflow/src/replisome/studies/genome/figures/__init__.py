"""The figures of the study, by topic. Protocols are never mixed: each recipe has a panel, or a colour of its own."""

TOPICS = ("leakage", "scores", "training", "position")
MAIN = ("memory", "networks_and_counts")  # shows what was found; the first that a configuration has

"""The study's figures, by topic, in the order of the page."""

TOPICS = ("maps", "training", "accuracy")

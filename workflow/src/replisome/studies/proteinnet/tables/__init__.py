"""The study's tables, by topic, in the order of the page."""

TOPICS = ("measures", "training", "accuracy", "data")

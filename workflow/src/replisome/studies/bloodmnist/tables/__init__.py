"""The tables of the study, a file a topic, in the order of the page."""

TOPICS = ("scores", "cost", "training", "data")

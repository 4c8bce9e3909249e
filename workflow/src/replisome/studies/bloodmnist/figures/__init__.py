"""The figures of the study, a file a topic, in the order of the page."""

TOPICS = ("data", "curves", "cost", "predictions")

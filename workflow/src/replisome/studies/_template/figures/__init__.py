"""The figures of the study, a file a topic, in the order of the page."""

TOPICS = ("curves",)
MAIN = ("validation_curves",)  # shows what was found; the first that a configuration has

"""The figures of the study, a file a topic, in the order of the page."""

TOPICS = ("data", "curves", "cost", "predictions")
MAIN = ("test_accuracy", "validation_accuracy")  # shows what was found; the first that a configuration has

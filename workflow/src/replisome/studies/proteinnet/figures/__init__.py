"""The study's figures, by topic, in the order of the page."""

TOPICS = ("maps", "training", "accuracy")
MAIN = ("baselines", "loss_curves")  # shows what was found; the first that a configuration has

"""The splits of every recipe, in the order in which they may be looked at."""

SPLITS = ("train", "validation", "test")

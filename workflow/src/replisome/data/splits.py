"""The splits of every recipe, in the order in which they may be looked at."""

SPLITS = ("train", "validation", "test")
TRAIN_SAMPLE = "train_sample"  # a fixed part of the training split, scored like validation: a curve, never prepared

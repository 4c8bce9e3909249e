"""The splits of every recipe, in the order in which they may be looked at."""

SPLITS = ("train", "validation", "test")
HELD_OUT = SPLITS[1:]  # what a finished run is asked to predict
TRAIN_SAMPLE = "train_sample"  # a fixed part of the training split, scored like validation: a curve, never prepared

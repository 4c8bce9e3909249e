"""What reports A and B leave open or say unclearly, and what we did: the table of choices on the page."""

from __future__ import annotations

from replisome.analysis.choices import Choice

CHOICES = (
    Choice(
        "epoch at which report A's accuracies were read",
        "the epoch that is best on validation",
        "our reading: report A speaks of best accuracies and of the epoch of a peak",
    ),
    Choice(
        "epoch at which report B's accuracies were read",
        "the last of 200 epochs; the best stands beside it",
        "our reading: its curves end there, and nothing says that a best epoch was kept",
    ),
    Choice(
        "scaling of pixels under reported",
        "to [-1, 1]: x / 255, less 0.5, over 0.5",
        "not given by assignment or reports",
    ),
    Choice(
        "precision under reported",
        "fp32",
        "not given",
    ),
    Choice(
        "splits under reported",
        "the official ones as they are",
        "not given; some images stand in two of them",
    ),
    Choice(
        "recipe sound",
        "each channel z-scored by the training split; images that stand again in a later split dropped",
        "ours: no leak, no statistics from other splits",
    ),
    Choice(
        "input of the first linear layer",
        "the output of the third block: 100,352 values without pooling, 1,152 with it",
        "the assignment's hint says second block; only the third fits its sizes",
    ),
    Choice(
        "weights at the start",
        "torch's defaults, five seeds",
        "not given; the reports are one run each, without a seed",
    ),
    Choice(
        "training time",
        "in tables seconds of training alone; beside a ratio of the reports those of a whole run, scoring included",
        "the reports do not say what they timed; report B does not say of which head, and logits are assumed",
    ),
    Choice(
        "which other pair of softmax and logits report A calls comparable",
        "that with max pooling, by the best validation accuracy",
        "our reading: there are two pairs, and of the one without pooling it says that softmax is ten points lower",
    ),
    Choice(
        "report A's failure to converge",
        "a training loss that ends 0.1 or more above the least possible, without pooling and with softmax",
        "our reading: the report also says that all four converge",
    ),
    Choice(
        "least loss with a softmax before the cross-entropy",
        "ln(1 + 7/e) = 1.274 for eight classes",
        "ours; report B reads about 1.5 off its curve",
    ),
)

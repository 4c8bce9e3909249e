"""What report A leaves open or says unclearly, and what we did: the table of choices on the page."""

from __future__ import annotations

from replisome.analysis.choices import Choice

CHOICES = (
    Choice(
        "epoch at which scores were read",
        "the one with the best validation score",
        "our reading of its best selected checkpoint; scores of the last epoch stand beside them",
    ),
    Choice(
        "batch",
        "64 probes",
        "not given",
    ),
    Choice(
        "what the BiLSTM's head sees",
        "the final states of both directions (as an option, the mean over the probe)",
        "pooled is all that is said",
    ),
    Choice(
        "where dropout acts",
        "between LSTM layers and before the head; in the CNN after each convolution",
        "not given",
    ),
    Choice(
        "filters of the CNN",
        "7 bases wide, with padding that keeps the length",
        "not given",
    ),
    Choice(
        "attention of a head",
        "dot products of hidden states with a learned query, not divided by the root of their width; heads "
        "concatenated",
        "dot-product attention is named; with scaled products our heads stayed even",
    ),
    Choice(
        "clipping",
        "gradient norm at most 1.0, in the experiment clipping only",
        "proposed without a value",
    ),
    Choice(
        "protein branch of the multi-protein model",
        "a learned vector of 16 for each protein, or amino-acid composition and domains from the metadata; 64 units "
        "join it to the probe",
        "proposed, built by nobody",
    ),
    Choice(
        "labels of a protein with few",
        "that share of its training labels, and at most as many validation labels",
        "ours: stopping early on more labels than training has would not be few labels",
    ),
    Choice(
        "ties in Spearman's correlation",
        "average ranks",
        "the course's loader does not average",
    ),
    Choice(
        "statistics of targets",
        "under reported each split by its own, as the course's loader does; under sound those of training rows",
        "the first lets validation and test see themselves",
    ),
    Choice(
        "duplicates",
        "kept under reported; under sound dropped from the earlier split",
        "not given",
    ),
    Choice(
        "precision under reported",
        "fp32",
        "not given",
    ),
    Choice(
        "seeds",
        "three; the report's numbers are one run each",
        "not given",
    ),
)

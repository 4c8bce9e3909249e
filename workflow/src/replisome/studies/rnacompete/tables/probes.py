"""The table of the prepared data, and what is our choice."""

from __future__ import annotations

import pandas as pd

from replisome.analysis.choices import choices_table
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import about_data, frame
from replisome.data.splits import SPLITS
from replisome.studies.rnacompete.choices import CHOICES


@table("What the data are")
def probes(study: StudyResults) -> pd.DataFrame:
    """What each recipe prepared.

    A duplicate is a sequence that stands more than once among the probes with a valid intensity; deduplicated splits
    drop it from the earlier split. Masked probes belong to a split but have no valid intensity of any of the recipe's
    proteins.
    """
    rows = []
    for recipe, card in study.cards.items():
        found, leave = card["duplicates"], card["read_with_leave"]
        rows.append(
            {
                **about_data(study, recipe),
                "encoding": card["encoding"],
                "split": card["split"],
                "normalised by": card["normalisation"],
                **{f"{split} probes": card["counts"][split] for split in SPLITS},
                "training labels": sum(protein["train"] for protein in card["proteins"]),
                "masked probes": sum(card["masked"].values()),
                "labels hidden": sum(card["labels_hidden"].values()),
                "validation labels hidden": sum(card["validation_labels_hidden"].values()),
                "repeated sequences in the table": card["repeats_in_table"],
                "groups of duplicates used": found["groups"],
                "groups across splits": found["crossing_groups"],
                "dropped": sum(card["dropped"].values()),
                "with N": leave["unknown"],
                "with T": leave["thymine"],
                "cut to 41": leave["truncated"],
            }
        )
    return frame(rows)


@table("What is our choice or inference")
def choices(study: StudyResults) -> pd.DataFrame:
    """What report A and the course leave open or say in more than one way, and what we did.

    Results may depend on any of it.
    """
    return choices_table(CHOICES)

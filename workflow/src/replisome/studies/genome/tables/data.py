"""What the data are."""

from __future__ import annotations

import pandas as pd

from replisome.analysis.choices import choices_table
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import about_data, frame
from replisome.data.splits import SPLITS
from replisome.studies.genome.choices import CHOICES
from replisome.studies.genome.tables.leakage import seen_in_training


@table("What the data are, and what splits share")
def genomes(study: StudyResults) -> pd.DataFrame:
    """What each recipe holds, and how much of its validation and test windows training has seen.

    Bases seen in training: the share of the predicted bases that some training window predicts too. 24-mers: the share
    of the windows' runs of 24 bases that occur in the training sequence, on either strand. Where the training window is
    shorter than the window, training goes on from an empty state after so many tokens. A random split tests on a fifth
    of all windows; where a number of test windows is given, so many of them are scored, evenly chosen.
    """
    rows = []
    for recipe, card in study.cards.items():
        genome = card["genome"]
        rows.append(
            {
                **about_data(study, recipe),
                "split": card["split"],
                "encoding": card["encoding"],
                "window": card["cut"]["length"],
                "training window": card["cut"]["piece"],
                "window step": card["cut"]["step"],
                "contigs": genome["contigs"],
                "ambiguous bases": genome["ambiguous"],
                "GC (%)": 100 * genome["gc"],
                "segments too short": card["segments_too_short"],
                **{f"{split} windows": card["counts"][split] for split in SPLITS},
                "training tokens": card["tokens"]["train"],
                "dropped as homologous": sum(card["dropped"].values()),
                **{
                    f"{split}: {what} seen in training (%)": share
                    for split in card["overlap"]
                    for what, share in seen_in_training(study, recipe, split).items()
                },
            }
        )
    return frame(rows)


@table("What is our choice or inference")
def choices(study: StudyResults) -> pd.DataFrame:
    """What report D leaves open, says in two ways or prints otherwise than it says, and what we did."""
    return choices_table(CHOICES)

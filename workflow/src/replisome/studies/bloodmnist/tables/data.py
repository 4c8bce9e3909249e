"""What is the same in more than one split, and what is our choice."""

from __future__ import annotations

import pandas as pd

from replisome.analysis.choices import choices_table
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import about_data, frame
from replisome.data.splits import SPLITS
from replisome.studies.bloodmnist.choices import CHOICES


@table("The same image in more than one place")
def duplicates(study: StudyResults) -> pd.DataFrame:
    """The same image in more than one place. Images are compared byte by byte.

    An image of the training split that stands again in the test split lets a model recite instead of recognise. The
    deduplicated split drops such an image from the earlier of the two splits.
    """
    return frame(
        [
            {
                **about_data(study, recipe),
                "split": card["split"],
                "groups of identical images": card["duplicates"]["groups"],
                "groups across splits": card["duplicates"]["crossing_groups"],
                "groups with conflicting labels": card["duplicates"]["conflicting_groups"],
                "dropped from training": card["dropped"]["train"],
                "dropped from validation": card["dropped"]["validation"],
                **{f"{split} images": sum(card["counts"][split]) for split in SPLITS},
            }
            for recipe, card in study.cards.items()
        ]
    )


@table("What is our choice or inference")
def choices(study: StudyResults) -> pd.DataFrame:
    """What reports A and B and the assignment leave open or say in more than one way, and what we did.

    Results may depend on any of it.
    """
    return choices_table(CHOICES)

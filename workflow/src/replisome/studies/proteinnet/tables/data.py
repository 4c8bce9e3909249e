"""What the recipes hold, and what is our choice."""

from __future__ import annotations

import pandas as pd

from replisome.analysis.choices import choices_table
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import about_data, frame
from replisome.data.splits import SPLITS
from replisome.studies.proteinnet.choices import CHOICES


@table("What the data are")
def chains(study: StudyResults) -> pd.DataFrame:
    """What each recipe holds, and what was left out and why.

    Chains are left out for what their records lack. Chains of which a model may be shown the same residues, up to the
    crop, as of a chain of a later split are counted; they are left out where the split is deduplicated. Sections that
    other tools add to records are passed over and counted.
    """
    rows = []
    for recipe, card in study.cards.items():
        for split in SPLITS:
            counted, count = card["chains"][split], card["counts"][split]
            rows.append(
                {
                    **about_data(study, recipe),
                    "split": split,
                    "chains": count,
                    "residues, mean": counted["residues"] / count,
                    "residues, most": counted["longest"],
                    f"longer than {card['crop']} (%)": 100 * counted["longer than the crop"] / count,
                    "unknown residues (%)": 100 * counted["unknown residues"] / counted["residues"],
                    "records": counted["records"],
                    "left out: no structure": counted["without structure"],
                    "left out: no two known residues": counted["no two known residues"],
                    "also in a later split": counted["also in a later split"],
                    "repeated names": counted["repeated names"],
                    "sections passed over": sum(card["extra_sections"][split].values()),
                }
            )
    return frame(rows)


@table("What is our choice or inference")
def choices(study: StudyResults) -> pd.DataFrame:
    """What report C leaves open or say in more than one way, and what we did.

    Results may depend on any of it.
    """
    return choices_table(CHOICES)

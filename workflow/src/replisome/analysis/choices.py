"""What a paper leaves open or says unclearly, and what we did: the rows of a study's table of choices.

A reader who holds our numbers against a paper's must be able to see, on the page, which of our settings the paper gives
and which are ours. A study lists them in ``studies/<study>/choices.py``; its table says them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd


class Choice(NamedTuple):
    """One thing that the paper leaves open, or that we read in one of several ways.

    Attributes:
        what: what is chosen, in the field's words: "batch size of the BiLSTM".
        ours: what we do.
        why: what the paper says of it, or why we think so.
    """

    what: str
    ours: str
    why: str


def choices_table(choices: Sequence[Choice]) -> pd.DataFrame:
    """Return a row a choice, in their order, with the columns "what", "ours" and "why or what the report says"."""
    return pd.DataFrame(list(choices), columns=["what", "ours", "why or what the report says"])

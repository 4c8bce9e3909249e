"""How well the models do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.choices import choices_table
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import columns_on_test
from replisome.analysis.variants import Variant, selected_score, tabulate, validation_columns, variants
from replisome.studies._template.choices import CHOICES


@table("How well each model does")  # the title on the page; the docstring is the caption, in reStructuredText
def scores(study: StudyResults) -> pd.DataFrame:
    """Validation and test score of each model, beside what the report says and what is possible.

    Models are chosen on validation; the test split is read once, and only for the best of each. Test intervals are
    95 %, over seeds and test rows; validation intervals are 95 %, over seeds.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        hidden, ceiling = variant.values.get("hidden"), study.cards[variant.recipe].get("ceiling", {})
        return {
            **validation_columns(study, variant),
            **columns_on_test(study, variant, [selected_score(study, variant).name]),
            "report A, test (%)": _claimed(study, variant.recipe, {"hidden": hidden}),
            "ceiling (%)": 100 * ceiling.get("expected", np.nan),
        }

    return tabulate(study, variants(study), columns)


def _claimed(study: StudyResults, recipe: str, where: Mapping[str, Any]) -> float | None:
    """Return the value in claims.yaml of the network with these hyperparameters, or None."""
    asks = (claim["ask"] for claim in study.claims_of(recipe, "report A"))
    values = (ask for ask in asks if ask["kind"] == "value" and ask["of"]["where"] == where)
    return next((ask["reported"]["value"] for ask in values), None)


@table("What is our choice or inference")
def choices(study: StudyResults) -> pd.DataFrame:
    """What the report leaves open or says unclearly, and what we did."""
    return choices_table(CHOICES)

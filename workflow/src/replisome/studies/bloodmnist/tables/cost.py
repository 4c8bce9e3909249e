"""What accuracy costs, beside what the reports say of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from replisome.analysis.cost import cost_of
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import Variant, estimate, tabulate, validation_columns, values_of
from replisome.studies.bloodmnist import paper
from replisome.studies.bloodmnist.predictions import in_order


@table("Effectiveness and efficiency")
def efficiency(study: StudyResults) -> pd.DataFrame:
    """Effectiveness and efficiency: the score beside the size of the model and the time that training takes.

    Seconds are those of training alone; scoring, memory and throughput stand in the common table of costs. Compare
    seconds within one machine only: the reports' are from machines of their own, ours from those at the end of this
    page. Report A's are of the variants with logits; report B does not say of which.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        cost = cost_of(study, variant)
        layer = f"parameters.{paper.FIRST_LINEAR_LAYER}"
        first_linear = values_of(study, variant, split="run", metric=layer, role="cost")
        return {
            "lr": variant.values.get("lr"),
            **validation_columns(study, variant),
            "parameters": cost.parameters,
            "first linear layer": int(first_linear[0]) if len(first_linear) else None,
            **estimate("training (s)", mean_over_seeds(cost.training)),
            "report A (s)": paper.claimed(study, variant, "report A", paper.TIME, *paper.SWITCHES),
            "report B (s)": paper.claimed(study, variant, "report B", paper.TIME, "pool"),
        }

    return tabulate(study, in_order(study), columns)

"""The tables that every study has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.cost import cost_of
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import Variant, estimate, tabulate, variants


@table("What it cost")
def cost(study: StudyResults) -> pd.DataFrame:
    """Parameters, time and memory of every run, averaged over seeds.

    Times are those of the machines named at the foot of the page. Scoring is the time spent on the validation split
    (and on the test curve, where one is recorded) after each round. Peak memory is that of the whole process on a CPU,
    and that of the device on a GPU.
    """

    def columns(variant: Variant) -> dict[str, Any]:
        found = cost_of(study, variant)
        seconds = np.maximum(found.training, 1e-9)
        return {
            "parameters": found.parameters,
            **estimate("training (s)", mean_over_seeds(found.training)),
            **estimate("one round (s)", mean_over_seeds(found.training / found.rounds)),
            **estimate("scoring (s)", mean_over_seeds(found.scoring)),
            **estimate(f"{study.plan.implementation.items}/s", mean_over_seeds(found.items_seen / seconds)),
            **estimate("peak memory (MB)", mean_over_seeds(found.memory / 1e6)),
        }

    return tabulate(study, variants(study), columns, scored=False)

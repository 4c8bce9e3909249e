"""The tables that every study has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from replisome.analysis.cost import cost_of
from replisome.analysis.declare import table
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import mean_over_seeds
from replisome.analysis.variants import Variant, estimate, tabulate, variants
from replisome.config.search import CHOSEN, HALVED, worst_last


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


@table("How grids were searched")
def searches(study: StudyResults) -> pd.DataFrame:
    """The candidates of grids that were not trained whole, best first as the search saw them.

    Every candidate trains a part of its budget with the first seed. The better ones go on to its end, then the
    finalists get the other seeds. Candidates that a claim names are spared: they go on whatever they score. Two of
    those that were dropped, drawn by lot, are finished all the same: where one of these ends among the finalists,
    dropping half may have cost the best. Scores are of the validation split, at the first look and at the end of the
    first seed.
    """
    rows = []
    for experiment, outcome in study.plan.settings.get("searched", {}).items():
        name = study.plan.experiments[experiment]["select"]["metric"]
        score = study.plan.implementation.score(name)
        for recipe, models in outcome[HALVED].items():
            for model, halved in models.items():
                last = outcome[CHOSEN][recipe][model]
                first = halved["scores"]
                ranked = sorted(first, key=lambda slug: worst_last(first[slug], score.better))
                for place, slug in enumerate(ranked, start=1):
                    rows.append(
                        {
                            "experiment": experiment,
                            "recipe": recipe,
                            "model": model,
                            "candidate": slug,
                            "place": place,
                            f"{score.heading}, first look": _scaled(first[slug], score.scale),
                            "went on as": _fate(slug, halved, last),
                            f"{score.heading}, first seed": _scaled(last["scores"].get(slug), score.scale),
                        }
                    )
    return pd.DataFrame(rows)


def _fate(slug: str, halved: Mapping[str, Any], last: Mapping[str, Any]) -> str:
    """Return what became of a candidate, in a word or two."""
    if slug in halved["audited"]:
        end = next(one for one in last["audit"] if one["slug"] == slug)
        return f"dropped, finished as an audit: {'among' if end['finalist'] else 'not among'} the finalists"
    if slug in halved["dropped"]:
        return "dropped"
    return "finalist" if slug in last["finalists"] else "kept"


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale

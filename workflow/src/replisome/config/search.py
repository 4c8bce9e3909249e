"""Searching a grid with less than all of it: every candidate for a part of the budget, the better ones to its end.

    halved      each candidate trains with the first seed for a part of the budget; the better share goes on
    finalists   of those that have come to the end, the best get the other seeds too

Halving drops slow starters that would have won (Lin et al. 2025, arXiv 2508.14818), so two of those that were dropped,
drawn by lot, are finished as well, and tables show how they end. Candidates that a claim names, as it does the paper's
own choice, and those that another experiment has too, are never dropped. Grids whose contrasts are claims name all
their candidates and save nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from replisome.config.budget import Budget
from replisome.config.catalogue import model_traits
from replisome.config.grid import Run

SHARES = {"half": Fraction(1, 2), "a third": Fraction(1, 3), "a quarter": Fraction(1, 4)}
FINALISTS = 4
AUDITED = 2  # of those that were dropped
FEWEST = 4  # candidates of a model that are worth a search
STEPS = HALVED, CHOSEN = ("halved", "finalists")

Group = tuple[str, str]  # recipe and model: candidates that are compared


@dataclass(frozen=True)
class Search:
    """How a grid is searched.

    Attributes:
        keep: the share of the candidates that goes on.
        at: after which share of its budget's rounds.
        finalists: how many candidates get all seeds.
    """

    keep: Fraction
    at: Fraction
    finalists: int

    @classmethod
    def of(cls, experiment: Mapping[str, Any]) -> Search | None:
        """Return how an experiment's grids are searched, or None where all of them are trained."""
        block = experiment.get("search")
        if block is None:
            return None
        return cls(SHARES[block["keep"]], SHARES[block["at"]], block.get("finalists", FINALISTS))

    def first_rounds(self, budget: Budget) -> int:
        """Return how many rounds of a budget every candidate trains; at least one."""
        return math.ceil(self.at * len(budget.ends(1)))

    def kept(self, candidates: int) -> int:
        """Return how many of so many candidates go on."""
        return math.ceil(self.keep * candidates)


def worst_last(score: float | None, better: str) -> float:
    """Return what sorts candidates best first; one that diverged has no score and comes last."""
    if score is None:
        return math.inf
    return -score if better == "max" else score


def searched_groups(runs: Iterable[Run]) -> dict[Group, list[str]]:
    """Return the slugs of the networks whose grid is large enough for a search, by recipe and model."""
    groups: dict[Group, dict[str, None]] = defaultdict(dict)
    for run in runs:
        groups[run.recipe, run.model][run.slug] = None
    return {
        (recipe, model): list(slugs)
        for (recipe, model), slugs in groups.items()
        if len(slugs) >= FEWEST and model_traits(model).kind == "network"
    }


def going_on(runs: Sequence[Run], outcome: Mapping[str, Any]) -> list[Run]:
    """Return the runs of a searched experiment that are trained to the end, as far as its search has come.

    Args:
        runs: all of them, the first seed of each candidate before the others.
        outcome: by step (:data:`STEPS`), recipe and model what was found; steps to come are not there.
    """
    groups = searched_groups(runs)
    first = {(run.recipe, run.model, run.slug): run.seed for run in reversed(runs)}

    def goes_on(run: Run) -> bool:
        if (run.recipe, run.model) not in groups:
            return True
        halved, finalists = (outcome.get(step, {}).get(run.recipe, {}).get(run.model, {}) for step in STEPS)
        if run.slug in finalists.get("finalists", ()):
            return True
        started = run.seed == first[run.recipe, run.model, run.slug]
        return started and run.slug in (*halved.get("kept", ()), *halved.get("audited", ()))

    return [run for run in runs if goes_on(run)]

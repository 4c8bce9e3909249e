"""Choose the best model of an experiment on validation scores, recipe by recipe."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from replisome.config.plan import StudyPlan
from replisome.data.study_inputs import for_selection, selections_of
from replisome.errors import ReplisomeError
from replisome.io import read_json, write_json
from replisome.tracking.expected import require
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified


def run(settings: Path, experiment: str, results: Path, out: Path) -> None:
    """Write selection.json: by recipe, candidates best first by their mean score over seeds; the first is chosen.

    Only ``validation.json`` files are read. Ties go to the smaller slug, so that the choice does not depend on order.
    A candidate without a score for some seed has no mean and comes after those that have one, and one that a search
    gave fewer seeds after its finalists; ``diverged`` counts the
    seeds whose loss is not a number at the weights that are tested. Where no candidate has a mean and some diverged,
    the first in the list stands for the choice, so that a sweep still has its page, which says so.

    Args:
        settings: the study's settings (study.json).
        experiment: whose runs are compared.
        results: the results folder.
        out: the folder to write to.

    Raises:
        ReplisomeError: no candidate has a score that is a number, though none diverged.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("select", identity)
    plan = StudyPlan(identity, {})
    runs = plan.compared_runs(experiment)
    selection = selections_of(plan, results)
    for item in runs:
        require(results / item.directory, "train", plan.resolve(item, selection).settings, "config.json")
    metric = plan.experiments[experiment]["select"]["metric"]
    sign = -1 if plan.implementation.score(metric).better == "max" else 1
    scores: dict[str, dict[tuple[str, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    diverged: Counter[tuple[str, str, str]] = Counter()
    for item in runs:
        found = read_verified(results / item.directory / "validation.json")[item.weights]
        best = found[metric]
        scores[item.recipe][(item.model, item.slug)].append(float("nan") if best is None else best)
        diverged[item.recipe, item.model, item.slug] += found["loss"] is None
    chosen = {}
    for recipe, models in scores.items():
        most = max(map(len, models.values()))  # a search gives the finalists all seeds and the others one
        ranked = sorted(
            (
                (np.nan_to_num(sign * np.mean(v), nan=np.inf), diverged[recipe, *key] > 0, *key)
                for key, v in models.items()
            ),
            key=lambda one: (not np.isfinite(one[0]), len(models[one[2:]]) < most, *one),
        )
        if not np.isfinite(ranked[0][0]):
            if lost := sum(diverged[recipe, *key] > 0 for key in models):
                print(
                    f"experiment '{experiment}', recipe '{recipe}': no candidate has a score; {lost} of {len(models)} "
                    "diverged. None is a choice."
                )
            else:
                raise ReplisomeError(
                    f"experiment '{experiment}', recipe '{recipe}': no run has a validation {metric} that is a number; "
                    "are there enough validation items, and do they differ?"
                )
        chosen[recipe] = [
            {
                "model": model,
                "slug": slug,
                "mean": float(sign * value) if np.isfinite(value) else None,
                "seeds": len(models[(model, slug)]),
                "diverged": diverged[recipe, model, slug],
            }
            for value, _, model, slug in ranked
        ]
    write_json(out / "selection.json", {"metric": metric, "split": "validation", "recipes": chosen})
    record.write(out / "provenance.json", for_selection(plan, experiment, results))

"""Decide which candidates of a grid go on: the better share after their first rounds, then the finalists."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from replisome.config.plan import StudyPlan
from replisome.config.search import AUDITED, HALVED, Search, worst_last
from replisome.config.search_plan import compared_in
from replisome.data.study_inputs import for_search
from replisome.io import read_json, write_json
from replisome.tracking.record import Record
from replisome.tracking.verify import read_verified

Ranked = Sequence[tuple[str, float | None]]  # candidates by their slug, best first, with their validation score


def run(settings: Path, experiment: str, step: str, results: Path, out: Path) -> None:
    """Write search.json to ``out``: by recipe and model which candidates go on.

    After the first rounds (step ``halved``): ``kept``, best first by their validation score so far; ``dropped``, of
    which ``audited`` are finished all the same. At the end of the first seed (step ``finalists``): ``finalists``, which
    get all seeds, best first; ``audit``, how each audited candidate ended and whether it would have been among them.
    Candidates that may not be dropped are kept, and get all seeds, beside those that their scores choose. ``scores``
    has what was compared; None of a run that diverged, which comes last.

    Args:
        settings: of the search (:func:`replisome.config.search_plan.search_settings`), which the workflow made.
        experiment: whose grids are searched.
        step: "halved" or "finalists".
        results: the results folder.
        out: the folder to write to.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("search", identity)
    plan = StudyPlan(identity, {})
    search, metric = plan.searches[experiment], plan.experiments[experiment]["select"]["metric"]
    better = plan.implementation.score(metric).better
    scores: dict[tuple[str, str], dict[str, float | None]] = defaultdict(dict)
    files = for_search(plan, experiment, step, results)
    for item, file in zip(compared_in(plan, experiment, step), files, strict=True):
        scores[item.recipe, item.model][item.slug] = read_verified(file)[item.weights][metric]
    never = {tuple(candidate) for candidate in identity["never_dropped"]}
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for (recipe, model), own in scores.items():
        ranked = sorted(own.items(), key=lambda one: (worst_last(one[1], better), one[0]))
        spared = [slug for slug in own if (recipe, model, slug) in never]
        if step == HALVED:
            went_on = _halve(search, ranked, spared, f"{plan.name} {experiment} {recipe} {model}")
        else:
            audited = plan.settings["searched"][experiment][HALVED][recipe][model]["audited"]
            went_on = _finalists(search, ranked, spared, audited)
        found[recipe][model] = {**went_on, "scores": own}
    write_json(out / "search.json", {"step": step, "metric": metric, "recipes": found})
    record.write(out / "provenance.json", files)


def _halve(search: Search, ranked: Ranked, spared: Sequence[str], lot: str) -> dict[str, Any]:
    """Return who goes on and who does not; ``lot`` seeds the draw of those that are audited."""
    best = [slug for slug, _ in ranked][: search.kept(len(ranked))]
    kept = [*best, *(slug for slug in spared if slug not in best)]
    dropped = [slug for slug, _ in ranked if slug not in kept]
    audited = random.Random(lot).sample(dropped, min(AUDITED, len(dropped)))  # noqa: S311 (no secret)
    return {"kept": kept, "dropped": dropped, "audited": audited}


def _finalists(search: Search, ranked: Ranked, spared: Sequence[str], audited: Sequence[str]) -> dict[str, Any]:
    """Return who gets all seeds, and what the audit found."""
    best = [slug for slug, _ in ranked if slug not in audited][: search.finalists]
    places = {slug: place for place, (slug, _) in enumerate(ranked, start=1)}
    audit = [
        {"slug": slug, "place": places[slug], "of": len(ranked), "finalist": places[slug] <= search.finalists}
        for slug in audited
    ]
    for one in audit:
        would = "would have been" if one["finalist"] else "would not have been"
        print(f"audit: {one['slug']}, dropped, ends in place {one['place']} of {one['of']}; it {would} a finalist.")
    return {"finalists": [*best, *(slug for slug in spared if slug not in best)], "audit": audit}

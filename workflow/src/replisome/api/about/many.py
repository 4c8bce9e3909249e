"""What there is to say of an experiment, of claims, of a study and of a whole results folder, as JSON has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from replisome.api.about.claims import about_claim
from replisome.api.about.places import Place
from replisome.api.about.runs import SCHEMA, about_recipe, about_run, about_runs, called, listed, workflow_call
from replisome.api.results import CLAIMS, Results
from replisome.claims.supplement import PROTOCOL_NAMES, counts
from replisome.errors import ReplisomeError


def about(place: Place) -> dict[str, Any]:
    """Return what there is to say of a place, with its ``kind`` and the form's name, ``schema``.

    Raises:
        ReplisomeError: its files cannot be read.
    """
    results = place.results
    if place.kind == "run" or results is None:
        return about_run(place.runs[0], results)
    study, name = place.study, place.name
    ways: dict[str, Callable[[], dict[str, Any]]] = {
        "runs": lambda: about_runs(place.runs, name, study),
        "recipe": lambda: about_recipe(results, study, name),
        "experiment": lambda: about_experiment(results, study, name),
        "claim": lambda: about_claim(results, study, name),
        "claims": lambda: about_claims(results.verdicts(), study),
        "study": lambda: about_study(results, study),
        "results": lambda: about_results(results),
    }
    return ways[place.kind]()


def about_experiment(results: Results, study: str, name: str) -> dict[str, Any]:
    """Return an experiment: its settings, its candidates by recipe with their scores, its runs.

    Args:
        results: that it is part of.
        study: the study's name.
        name: its own.
    """
    found = results.experiments[f"{study}/{name}"]
    rows = listed(found.runs)
    plan = results.plan(study)
    return {
        "schema": SCHEMA,
        "kind": "experiment",
        "study": study,
        "name": name,
        "description": found.description,
        "metric": found.metric,
        "reduced": found.reduced,
        "settings": found.settings,
        "finished": sum(run.finished for run in found.runs),
        "expected": found.expected,
        "candidates": {
            recipe: [_candidate(one, recipe, rows["runs"]) for one in ranked]
            for recipe, ranked in found.candidates.items()
        },
        **rows,
        "repeat": {"workflow": workflow_call(results, plan.settings["preset"], study)} if plan else {},
    }


def _candidate(ranked: Mapping[str, Any], recipe: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a candidate with its test scores, seed by seed; empty where the test split was not scored."""
    key = (recipe, ranked["model"], ranked["slug"])
    own = [one for one in rows if (one["recipe"], one["model"], one["slug"]) == key]
    tested = {str(one["seed"]): one["test"] for one in own if one["test"] is not None}
    mean = sum(tested.values()) / len(tested) if tested else None
    return {**ranked, "test_mean": mean, "test": tested, "runs": [one["path"] for one in own]}


def about_claims(verdicts: Sequence[Mapping[str, Any]], study: str = "") -> dict[str, Any]:
    """Return the verdicts on claims, of one study or of all.

    Args:
        verdicts: as claims.json has them.
        study: the study's name; all, where it is empty.
    """
    claims = [one for one in verdicts if study in ("", one["study"])]
    names = dict.fromkeys(one["study"] for one in claims)
    cards = {name: _card([one for one in claims if one["study"] == name]) for name in names}
    return {"schema": SCHEMA, "kind": "claims", "study": study or None, "scorecard": cards, "claims": claims}


def _card(claims: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {protocol: counts(claims, protocol) for protocol in PROTOCOL_NAMES}


def about_study(results: Results, study: str) -> dict[str, Any]:
    """Return a study in a results folder: recipes, experiments with their winners, runs, and the scorecard.

    Args:
        results: the results.
        study: the study's name.
    """
    runs = results.runs.where(study=study)
    plan = results.plan(study)
    experiments = [one for one in results.experiments.values() if one.study == study]
    return {
        "schema": SCHEMA,
        "kind": "study",
        "study": study,
        "title": plan.settings["title"] if plan else None,
        "preset": plan.settings["preset"] if plan else None,
        "called": called(runs[0].config["implementation"]) if runs else {},
        "recipes": [path.parent.name for path in sorted((results.root / study).glob("*/recipe.json"))],
        "runs": len(runs),
        "finished": sum(run.finished for run in runs),
        "tested": sum(run.finished and bool(run.tested_weights) for run in runs),
        "diverged": sum(run.finished and run.diverged for run in runs),
        "seconds": sum(float(run.provenance.get("seconds", 0)) for run in runs if run.finished),
        "experiments": [
            {
                "name": one.name,
                "description": one.description,
                "metric": one.metric,
                "runs": one.expected,
                "finished": sum(run.finished for run in one.runs),
                "reduced": one.reduced,
                "best": {recipe: ranked[0] for recipe, ranked in one.candidates.items()},
            }
            for one in experiments
        ],
        "scorecard": _scorecard(results, study),
        "remarks": [f"{run.name}: {remark}" for run in runs if run.finished for remark in run.remarks],
    }


def _scorecard(results: Results, study: str) -> dict[str, dict[str, int]] | None:
    """Return how many claims of a study have each verdict, by protocol, or None where none is judged."""
    if not (results.root / study / CLAIMS).exists():
        return None
    return _card([claim for claim in results.verdicts() if claim["study"] == study])


def about_results(results: Results) -> dict[str, Any]:
    """Return a results folder: its studies, each as :func:`about_study` has it, and what a reader must know."""
    studies = []
    for name in results.studies:
        try:
            studies.append(about_study(results, name))
        except ReplisomeError as error:
            studies.append({"schema": SCHEMA, "kind": "study", "study": name, "unreadable": str(error)})
    return {
        "schema": SCHEMA,
        "kind": "results",
        "path": str(results.root),
        "notes": list(results.notes),
        "studies": studies,
    }

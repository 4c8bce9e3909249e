"""What a claim's number is in our runs: one a seed, and what each item adds to it where that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from replisome.analysis.cost import cost_of
from replisome.analysis.endings import remarks
from replisome.analysis.intervals import ItemScores
from replisome.analysis.results import StudyResults
from replisome.analysis.scores import final_role, is_predicted, item_scores
from replisome.analysis.variants import Variant, accepted_mark, label, rows_of, values_of, variants
from replisome.claims.readings import Curve, read
from replisome.config.claims import GRADIENT
from replisome.config.declared import MEASURES

FEWEST_TO_COMPARE = 5  # runs among which one can be told to lie apart
FAR = 10  # median absolute deviations from the median
PARAMETERS = "parameters"
SCALES = {"plain": 1.0, "percent": 100.0, "points": 100.0}


@dataclass(frozen=True)
class Measured:
    """An arm's number.

    Attributes:
        scores: by seed and item, scaled as the claim wants it; ``items`` is 0 where no item tells it.
        flags: what a reader must know of these runs: diverged, apart from their fellows, taken as they are, ...
    """

    scores: ItemScores
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unmeasured:
    """Why an arm has no number."""

    why: str


def variant_at(study: StudyResults, place: Mapping[str, Any]) -> Variant:
    """Return the variant of an arm's place; of a winner, the best on validation."""
    slug = place["slug"]
    if slug is None:
        candidates = study.selection(place["experiment"])[place["recipe"]]
        slug = next(one["slug"] for one in candidates if one["model"] == place["model"])
    key = (place["recipe"], place["model"], slug)
    return next(variant for variant in variants(study, place["experiment"]) if variant.key == key)


def measure(study: StudyResults, variant: Variant, number: Mapping[str, Any], called: str) -> Measured | Unmeasured:
    """Return a claim's number of a variant.

    Args:
        study: the study's results.
        variant: runs that differ in their seed only.
        number: what is measured, as the claim has it.
        called: what the claim calls the variant, for flags.

    Returns:
        The number, or why there is none.
    """
    found = _found(study, variant, number)
    if isinstance(found, Unmeasured):
        return found
    scores = scaled(found, number.get("scale", "plain"))
    return Measured(scores, _flags(study, variant, scores, called))


def _found(study: StudyResults, variant: Variant, number: Mapping[str, Any]) -> ItemScores | Unmeasured:
    if "quantity" in number:
        given = getattr(study.part(MEASURES), number["quantity"])(study, variant, **number.get("with", {}))
        return given if isinstance(given, ItemScores) else ItemScores.of_seeds(given, trained=variant.trained)
    if "cost" in number:
        varies = variant.trained and number["cost"] != PARAMETERS  # no seed changes how many parameters there are
        return ItemScores.of_seeds(_cost(study, variant, number["cost"]), trained=varies)
    split, how = number["split"], number["read"]
    if how in ("final", "last", "best") and split in ("validation", "test"):
        return _finished(study, variant, number)
    if how == "gap_to_train":
        train, validation = (curves(study, variant, name, number["score"]) for name in ("train_sample", "validation"))
        gaps = [one.gains[-1] - other.gains[-1] for one, other in zip(train, validation, strict=True)]
        return ItemScores.of_seeds(np.array(gaps), trained=variant.trained)
    printed = number.get("printed", ())
    found = [read(curve, how, printed) for curve in read_curves(study, variant, number)]
    return ItemScores.of_seeds(np.array(found), trained=variant.trained)


def _finished(study: StudyResults, variant: Variant, number: Mapping[str, Any]) -> ItemScores | Unmeasured:
    """Return a score of finished weights: by item where they were tested, else from the curve or the round's row."""
    split, how, name = number["split"], number["read"], number["score"]
    score = study.plan.implementation.score(name)
    at = variant if how == "final" else variant.at(how)
    if is_predicted(study, at):
        found = item_scores(study, at, score, split)
        if found is not None:
            return found
    kind = at.read_with or at.weights
    role = final_role(variant.weights, at.read_with) if split == "test" else kind
    values = values_of(study, variant, split=split, metric=name, role=role)
    if not len(values) and split == "test":  # not scored with these weights, but perhaps after each round
        epochs = rows_of(study, variant, split="validation", metric="loss", role=kind).sort_values("seed")["epoch"]
        found_curves = curves(study, variant, "test", name)
        if found_curves and not epochs.isna().any():
            values = np.array([c.values[int(e) - 1] for c, e in zip(found_curves, epochs, strict=True)])
    if not len(values):
        return Unmeasured(f"the test split was not read for {label(study, variant)} with its {kind} weights")
    return ItemScores.of_seeds(values, trained=variant.trained)


def read_curves(study: StudyResults, variant: Variant, number: Mapping[str, Any]) -> list[Curve]:
    """Return the curves that a reading is of, one a seed.

    A step of the running loss is that at which a batch was drawn, before it was learned from: the first of each round
    is kept. Other values are of the end of a round.
    """
    steps = isinstance(number["read"], Mapping) and number["read"].keys() & {"at_step", "distance_to_printed"}
    if number["split"] != "train" or not steps:
        return curves(study, variant, number["split"], number["score"])
    found = curves(study, variant, "train", "loss_at_start")
    return [replace(curve, steps=np.concatenate([[0], curve.steps[:-1]])) for curve in found]


def curves(study: StudyResults, variant: Variant, split: str, metric: str) -> list[Curve]:
    """Return what was scored after each round, a curve a seed, in the order of seeds."""
    costs = metric.startswith("loss") or metric in GRADIENT
    better = "min" if costs else study.plan.implementation.score(metric).better
    rows = rows_of(study, variant, split=split, metric=metric, role="curve").sort_values(["seed", "epoch"])
    return [
        Curve(group["step"].to_numpy(dtype=float), group["value"].to_numpy(dtype=float), better)
        for _, group in rows.groupby("seed")
    ]


def _cost(study: StudyResults, variant: Variant, name: str) -> np.ndarray:
    cost = cost_of(study, variant)
    by_name: dict[str, np.ndarray] = {
        "seconds_training": cost.training,
        "seconds_total": cost.training + cost.scoring,
        "peak_memory_bytes": cost.memory,
        PARAMETERS: np.full(len(cost.training), float(cost.parameters)),
    }
    return by_name[name]


def scaled(scores: ItemScores, scale: str) -> ItemScores:
    """Return scores on a claim's scale; of a logarithm, what items add is carried to first order."""
    if scale != "log":
        factor = SCALES[scale]
        return replace(scores, values=scores.values * factor, parts=scores.parts * factor)
    with np.errstate(invalid="ignore", divide="ignore"):
        return replace(scores, values=np.log(scores.values), parts=scores.parts / scores.values[:, None])


def _flags(study: StudyResults, variant: Variant, scores: ItemScores, called: str) -> tuple[str, ...]:
    found = []
    if noted := remarks(study, variant.key):
        found.append(f"{called}: {noted}")
    if accepted_mark(study, variant):
        found.append(f"{called}: taken as it is (accepted)")
    values = scores.values[np.isfinite(scores.values)]
    if len(values) >= FEWEST_TO_COMPARE:
        apart = np.abs(values - np.median(values))
        far = int((apart > FAR * np.median(apart)).sum())
        if far:
            found.append(f"{called}: {far} of {len(values)} runs lie far from their fellows")
    return tuple(found)

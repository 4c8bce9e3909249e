"""Where the configurations that claims speak of, their arms, are in a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from replisome.config.budget import KEYS as BUDGET_KEYS
from replisome.config.catalogue import model_defaults, training_defaults
from replisome.config.claims import BY_ITEM, COMMON_FACTS, GRADIENT, PROTOCOLS, Claim, arms_in, numbers_in
from replisome.config.declared import measures
from replisome.config.expansion import TRAINING_KEYS
from replisome.config.grid import Run
from replisome.config.plan import StudyPlan
from replisome.config.study import Study
from replisome.errors import ReplisomeError, did_you_mean


@dataclass(frozen=True)
class Place:
    """An arm in a plan.

    Attributes:
        experiment: the experiment it is of.
        recipe: the recipe.
        model: the model.
        slug: what its runs' paths show; None is the winner on validation.
    """

    experiment: str
    recipe: str
    model: str
    slug: str | None


@dataclass(frozen=True)
class Found:
    """What a plan has of a claim under one protocol.

    Attributes:
        places: its arms in the order of the question; a winner's rivals come after the paper's choice.
        missing: why one of them is not there; None where all are.
        reduced: in what the runs are less than the full settings, a line each.
        resized: whether models or data are others than those of the full settings, not only their training.
        recipe: of a fact about data, the recipe; None of others.
    """

    places: tuple[Place, ...] = ()
    missing: str | None = None
    reduced: tuple[str, ...] = ()
    resized: bool = False
    recipe: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what the claims' stage is told."""
        return asdict(self)


def protocols_of(claim: Claim) -> list[str]:
    """Return the protocols under which a claim is judged; a fact about a model or about nothing has one."""
    ask = claim["ask"]
    named = [recipes for recipes in (claim.get("recipes"), *(arm.get("recipes") for arm in arms_in(ask))) if recipes]
    if not named:
        return ["reported"]
    return [protocol for protocol in PROTOCOLS if all(recipes[protocol] is not None for recipes in named)]


def find_claim(plan: StudyPlan, claim: Claim, protocol: str, at: str) -> Found:
    """Return where a plan has the arms of a claim under a protocol.

    Args:
        plan: of one study.
        claim: checked for itself.
        protocol: reported or sound.
        at: file and claim, for messages.

    Raises:
        ReplisomeError: a number is of a score that the study does not have.
    """
    ask = claim["ask"]
    _check_names(plan.implementation, ask, at)
    if "claims" in ask or ask["kind"] == "missing":
        return Found()
    control = _control_of(plan, claim, protocol)
    if control and claim["owner"] == "paper":
        return Found(missing=f"simulated data ({control}) never judge a paper's claim")
    places = _places(plan, claim, protocol)
    if isinstance(places, str):
        return Found(missing=places)
    recipe = ask.get("recipe") or (claim.get("recipes") or {}).get(protocol)
    about_data = ask["kind"] == "fact" and not places
    if about_data and recipe is not None and recipe not in plan.recipes:
        return Found(missing=f"no experiment uses recipe '{recipe}'")
    return Found(tuple(places), recipe=recipe if about_data else None)


def _places(plan: StudyPlan, claim: Claim, protocol: str) -> list[Place] | str:
    """Return the arms of a claim, and a winner's rivals, or why one of them is not there."""
    ask = claim["ask"]
    places: list[Place] = []
    for arm in arms_in(ask):
        found = _find_arm(plan, arm, (arm.get("recipes") or claim.get("recipes") or {}).get(protocol))
        if isinstance(found, str):
            return found
        lacking = next(filter(None, (_lacking(plan, found, number) for number in _curves_of(ask))), None)
        if lacking:
            return lacking
        places.append(found)
    grid = ask["kind"] == "winner" and "rivals" not in ask
    return places + (_rivals(plan, places[0]) if grid else [])


def _curves_of(ask: Claim) -> list[Mapping[str, Any]]:
    """Return the numbers of a question, and the curve that an event of two runs is about."""
    found = [number for _, number in numbers_in(ask)]
    event = ask.get("event", {})
    if "never_crosses" in event:
        found.append({"score": event["never_crosses"], "split": event["split"], "read": "lowest"})
    return found


def _check_names(study: Study, ask: Claim, at: str) -> None:
    """Refuse scores, quantities and facts that the study does not have."""
    scores = [score.name for score in study.scores]
    asked = [(f"{at}, key 'ask.{'.'.join(keys)}", number) for keys, number in numbers_in(ask)]
    if "never_crosses" in ask.get("event", {}):
        asked.append((f"{at}, key 'ask.event", {"score": ask["event"]["never_crosses"]}))
    for where, number in asked:
        if "score" in number and number["score"] not in [*scores, *GRADIENT]:
            near = did_you_mean(number["score"], scores)
            raise ReplisomeError(f"{where}.score': unknown score '{number['score']}'{near}")
        if "quantity" in number:
            _check_measure(measures(study.name, "quantity"), number["quantity"], number.get("with", {}), where)
    if ask["kind"] == "fact" and ask["fact"] not in COMMON_FACTS:
        known = {**{fact: {} for fact in COMMON_FACTS}, **measures(study.name, "fact")}
        _check_measure(known, ask["fact"], ask.get("with", {}), f"{at}, key 'ask.fact")


def _check_measure(known: Mapping[str, Mapping[str, bool]], name: str, given: Mapping[str, Any], where: str) -> None:
    if name not in known:
        raise ReplisomeError(f"{where}': the study declares no '{name}'{did_you_mean(name, known)}")
    options = known[name]
    wrong = next((option for option in given if option not in options), None)
    if wrong:
        raise ReplisomeError(f"{where}.with': '{name}' takes no '{wrong}'{did_you_mean(wrong, options)}")
    lacking = next((option for option, needed in options.items() if needed and option not in given), None)
    if lacking:
        raise ReplisomeError(f"{where}.with': '{name}' needs '{lacking}'.")


def _control_of(plan: StudyPlan, claim: Claim, protocol: str) -> str | None:
    """Return the simulated data that one of a claim's recipes draws, or None."""
    named = [claim.get("recipes"), *(arm.get("recipes") for arm in arms_in(claim["ask"]))]
    recipes = [recipes[protocol] for recipes in named if recipes] + [claim["ask"].get("recipe")]
    if claim["ask"]["kind"] == "fact" and not any(named) and not claim["ask"].get("recipe"):
        recipes = list(plan.recipes)[:1]  # a fact about a model is looked up in any run
    found = (plan.recipes[recipe]["source"].get("control") for recipe in recipes if recipe in plan.recipes)
    return next((str(control) for control in found if control), None)


def _find_arm(plan: StudyPlan, arm: Mapping[str, Any], recipe: str | None) -> Place | str:
    names = arm["experiment"] if isinstance(arm["experiment"], list) else [arm["experiment"]]
    where = arm.get("where", {})
    what = f"recipe '{recipe}'" if recipe else "any recipe"
    for name in names:
        block = plan.experiments.get(name)
        if block is None or (recipe is not None and recipe not in block["recipes"]):
            continue
        used = recipe or block["recipes"][0]
        # One a configuration: seeds do not tell them apart.
        runs = [
            *{
                (run.model, run.slug): run
                for run in plan.runs_of[name]
                if run.recipe == used and arm.get("model") in (None, run.model)
            }.values()
        ]
        if not runs:
            continue
        if arm.get("choose") == "winner":
            models = sorted({run.model for run in runs})
            if len(models) > 1:
                return f"experiment {name} has several models ({', '.join(models)}): say which in 'model'"
            return Place(name, used, models[0], None)
        inherited = next((key for run in runs for key in where if _is_inherited(run, key)), None)
        if inherited:
            return f"in experiment {name} '{inherited}' is inherited from a winner: it cannot stand in 'where'"
        fitting = {(run.model, run.slug) for run in runs if _fits(run, where)}
        if len(fitting) > 1:
            shown = "; ".join(f"{model} {slug}" for model, slug in sorted(fitting)[:3])
            return (
                f"experiment {name} has {len(fitting)} configurations that fit on recipe '{used}' ({shown}, ...): say "
                "more in 'where', or 'choose: winner'"
            )
        if fitting:
            model, slug = fitting.pop()
            return Place(name, used, model, slug)
    shown = ", ".join(
        f"{key} {value}" for key, value in {"model": arm.get("model"), **where}.items() if value is not None
    )
    of = f"experiment {' or '.join(names)}"
    return f"{of} has no {shown or 'run'} on {what}"


def _fits(run: Run, where: Mapping[str, Any]) -> bool:
    """Say whether a run has these settings, given or by default."""
    settings = run.settings
    has = {
        **_defaults(run.model),
        **settings["training"],
        **settings["hyperparameters"],
        **settings["budget"],
    }
    return all(has.get(key) == value for key, value in where.items())


@cache  # asked for every arm of every claim, in every preset
def _defaults(model: str) -> dict[str, Any]:
    return {**training_defaults(), **model_defaults(model)}


def _is_inherited(run: Run, key: str) -> bool:
    """Say whether only a selection knows the value of a hyperparameter."""
    return run.parent is not None and key not in {*run.settings["hyperparameters"], *TRAINING_KEYS, *BUDGET_KEYS}


def _lacking(plan: StudyPlan, place: Place, number: Mapping[str, Any]) -> str | None:
    """Return what an experiment does not record that a number is read from, or None."""
    if "score" not in number:
        return None
    block, runs = plan.experiments[place.experiment], runs_at(plan, place)
    split, read = number["split"], number["read"]
    curves = block.get("curves", [])
    lacks = None
    if "train" not in curves and (split == "train_sample" or read == "gap_to_train"):
        lacks = "does not score a sample of training after each round (curves: [train])"
    elif split == "test" and "test" not in curves and read not in BY_ITEM:
        lacks = "does not score the test split after each round (curves: [test])"
    elif split == "test" and "test" not in curves and read != "final" and read not in runs[0].tested_weights:
        lacks = f"does not test the {read} weights (test_weights: [best, last])"
    elif isinstance(read, Mapping):
        for unit, wanted in (("epochs", _last_epoch(read)), ("steps", read.get("at_step", 0))):
            if wanted > max(run.settings["budget"].get(unit) or 0 for run in runs):
                lacks = f"does not train for {wanted:,} {unit}"
    return f"experiment {place.experiment} {lacks}" if lacks else None


def _last_epoch(read: Mapping[str, Any]) -> int:
    found: int = max([read.get("at_epoch", 0), *read.get("change_between", [])])
    return found


def runs_at(plan: StudyPlan, place: Place) -> list[Run]:
    """Return the runs of an arm; of a winner that is still to be found, those of all candidates."""
    return [
        run
        for run in plan.runs_of[place.experiment]
        if (run.recipe, run.model) == (place.recipe, place.model) and place.slug in (None, run.slug)
    ]


def _rivals(plan: StudyPlan, choice: Place) -> list[Place]:
    slugs = dict.fromkeys(
        run.slug
        for run in plan.runs_of[choice.experiment]
        if (run.recipe, run.model) == (choice.recipe, choice.model) and run.slug != choice.slug
    )
    return [Place(choice.experiment, choice.recipe, choice.model, slug) for slug in slugs]

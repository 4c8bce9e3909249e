"""Claims as their file has them: read strictly, the kind of question first, so that a message names claim and key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from replisome.config.renamed import renamed_metric
from replisome.config.schema import schema, validate
from replisome.errors import ReplisomeError, did_you_mean

Claim = Mapping[str, Any]
PROTOCOLS = ("reported", "sound")
BY_ITEM = ("final", "last", "best")  # readings of the finished weights, whose predictions tell items apart
# Of the gradient before clipping, by round: the mean norm, the largest, and the share of steps that were clipped.
GRADIENT = ("gradient_norm", "gradient_norm_max", "gradient_clipped")
# Keys of a question that hold an arm, or a list of them; 'than' may be a number too.
ARMS = ("first", "second", "of", "than", "rivals")
# Facts that every study's runs hold; a study may declare more in its quantities.py.
COMMON_FACTS = ("parameter_count", "layer_parameters", "parameters_shrink_percent")
SCHEMA = "claims"
BEGINS = re.compile(r"^\s*- id: (?P<id>[a-z0-9-]+)\s*$")  # a claim, in its file


def check_claims(claims: Sequence[Any], origin: str) -> None:
    """Check the claims of a study for themselves; whether their runs exist is for the plan to say.

    Args:
        claims: the list that was read.
        origin: its file.

    Raises:
        ReplisomeError: names the file, the claim, the key and the remedy.
    """
    ids: list[str] = []
    for number, claim in enumerate(claims, start=1):
        name = claim.get("id") if isinstance(claim, Mapping) else None
        at = f"{origin}: claim '{name}'" if isinstance(name, str) else f"{origin}: claim number {number}"
        validate(claim, SCHEMA, at, part="claim")
        if claim["id"] in ids:
            raise ReplisomeError(f"{at}: there are two of this id; an id is of one claim.")
        ids.append(claim["id"])
        _check_ask(claim, at)
    for claim in claims:
        for member in claim["ask"].get("claims", []):
            if member not in ids or member == claim["id"]:
                raise ReplisomeError(
                    f"{origin}: claim '{claim['id']}', key 'ask.claims': there is no other claim '{member}'"
                    f"{did_you_mean(member, [i for i in ids if i != claim['id']])}"
                )
    try:
        in_order(claims)
    except CycleError as error:
        raise ReplisomeError(
            f"{origin}: claim '{min(error.args[1])}', key 'ask.claims': is in a circle of claims."
        ) from None


def claim_lines(path: Path) -> dict[str, int]:
    """Return at which line of its file each claim begins, from 1, for the page to point at."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = ((number, BEGINS.match(line)) for number, line in enumerate(lines, start=1))
    return {match["id"]: number for number, match in found if match}


def in_order(claims: Sequence[Claim]) -> list[Claim]:
    """Return claims in an order in which those about other claims come after them.

    Raises:
        CycleError: some come back to themselves.
    """
    by_id = {claim["id"]: claim for claim in claims}
    members = {name: claim["ask"].get("claims", []) for name, claim in by_id.items()}
    return [by_id[name] for name in TopologicalSorter(members).static_order()]


def _check_ask(claim: Claim, at: str) -> None:
    ask = claim["ask"]
    validate(ask["kind"], SCHEMA, at, ("ask", "kind"), part="kind")
    validate(ask, SCHEMA, at, ("ask",), part=ask["kind"])
    for keys, number in numbers_in(ask):
        _check_number(number, at, ("ask", *keys))
    if (claim["owner"] == "paper") != ("paper" in claim):
        raise ReplisomeError(
            f"{at}, key 'paper': a claim of a paper says where the paper makes it; others have no paper."
        )
    needs = {
        "size": ("reported", "how far ours may be from a size that is not given"),
        "anchor": ("reported", "an anchor is a reported value"),
    }
    for key, (other, why) in needs.items():
        if key in ask and other not in ask:
            raise ReplisomeError(f"{at}, key 'ask.{key}': needs 'ask.{other}': {why}.")
    if ask["kind"] == "sign" and (ask["expect"] == "near") != ("margin" in ask):
        raise ReplisomeError(f"{at}, key 'ask.margin': 'near' needs it, 'above' and 'below' have none.")
    if ask["kind"] == "share":
        _check_event(ask, at)
    if ask["kind"] == "fact":
        _check_fact(ask, at)
    if claim.get("items") == "general" and not by_item(ask):
        raise ReplisomeError(
            f"{at}, key 'items': this number is not scored by item, so that nothing can be said of other items; "
            "leave the key out."
        )
    bare = [arm for arm in arms_in(ask) if "recipes" not in arm and "recipes" not in claim]
    if bare and ask["kind"] != "fact":
        raise ReplisomeError(f"{at}, key 'recipes': say which recipe stands for each protocol.")
    for recipes in (claim.get("recipes", {}), *(arm.get("recipes", {}) for arm in arms_in(ask))):
        if None in recipes.values() and not recipes.get("why"):
            raise ReplisomeError(f"{at}, key 'recipes.why': say why a protocol has no recipe.")


def _check_number(number: Mapping[str, Any], at: str, keys: tuple[str, ...]) -> None:
    where = ".".join(keys)
    which = [key for key in ("score", "cost", "quantity") if key in number]
    if len(which) != 1:
        raise ReplisomeError(f"{at}, key '{where}': give one of 'score', 'cost' and 'quantity'.")
    validate(number, SCHEMA, at, keys, part=f"number_{which[0]}")
    if which == ["score"]:
        part = "read_word" if isinstance(number["read"], str) else "read_with"
        validate(number["read"], SCHEMA, at, (*keys, "read"), part=part)
        if now := renamed_metric(number["score"]):
            raise ReplisomeError(f"{at}, key '{where}.score': '{number['score']}' is '{now}' now.")
        running = number["score"] in GRADIENT or number["score"] == "loss"
        if number["split"] == "train" and not running:
            raise ReplisomeError(
                f"{at}, key '{where}.split': of the running training scores only the loss is kept; "
                "use 'train_sample' for others."
            )
        if number["split"] != "train" and number["score"] in GRADIENT:
            raise ReplisomeError(f"{at}, key '{where}.split': the gradient is of training: 'train'.")
        if number["read"] in ("final", "best") and number["split"] in ("train", "train_sample"):
            raise ReplisomeError(f"{at}, key '{where}.read': of training there are 'last' and curves, no selection.")
        if number["read"] == "gap_to_train" and number["split"] != "validation":
            raise ReplisomeError(f"{at}, key '{where}.read': 'gap_to_train' is of the validation split.")


def _check_fact(ask: Claim, at: str) -> None:
    """Check that a fact has what it is worked out from, and one of run and data."""
    needs = {"parameter_count": ("of",), "layer_parameters": ("of",), "parameters_shrink_percent": ("of", "than")}
    lacking = next((key for key in needs.get(ask["fact"], ()) if key not in ask), None)
    if lacking:
        raise ReplisomeError(f"{at}, key 'ask.{lacking}': '{ask['fact']}' needs it.")
    if ask["fact"] == "layer_parameters" and "layer" not in ask.get("with", {}):
        raise ReplisomeError(f"{at}, key 'ask.with': '{ask['fact']}' needs 'layer'.")
    if "of" in ask and "recipe" in ask:
        raise ReplisomeError(f"{at}, key 'ask.recipe': a fact is about a run (of) or about data (recipe), not both.")


def _check_event(ask: Claim, at: str) -> None:
    event = ask["event"]
    bounds = [key for key in ("above", "below") if key in event]
    crossing = "never_crosses" in event
    if crossing == ("number" in event) or len(bounds) != (0 if crossing else 1) or crossing != ("split" in event):
        raise ReplisomeError(
            f"{at}, key 'ask.event': give a number with one of 'above' and 'below', or 'never_crosses' with a split."
        )
    if len(ask["of"]) != (2 if crossing else 1):
        raise ReplisomeError(f"{at}, key 'ask.of': {'two arms cross' if crossing else 'an event is of one arm'}.")


def numbers_in(ask: Claim) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the numbers of a question, with the keys under which they stand; ``never_crosses`` is no number."""
    if "number" in ask:
        yield ("number",), ask["number"]
    if "number" in ask.get("event", {}):
        yield ("event", "number"), ask["event"]["number"]


def arms_in(ask: Claim) -> list[Mapping[str, Any]]:
    """Return the arms of a question in their order."""
    found: list[Mapping[str, Any]] = []
    for key in ARMS:
        given = ask.get(key, [])
        found += given if isinstance(given, list) else [given]
    return [arm for arm in found if isinstance(arm, Mapping)]


def by_item(ask: Claim) -> bool:
    """Say whether what a question measures can be known item by item; a quantity may be, as its study decides."""
    numbers = [number for _, number in numbers_in(ask)]
    return bool(numbers) and all(
        "quantity" in n or ("score" in n and n["read"] in BY_ITEM and n["split"] in ("validation", "test"))
        for n in numbers
    )


def definition(name: str) -> Mapping[str, Any]:
    """Return one of the definitions of the claims' schema: ``claim``, a kind, ``number_score``, ..."""
    found: Mapping[str, Any] = schema(SCHEMA)["$defs"][name]
    return found

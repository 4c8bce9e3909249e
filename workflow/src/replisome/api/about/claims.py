"""What there is to say of a claim, as JSON has it: what was written of it, and the words that the page has for that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replisome.api.about.runs import SCHEMA, workflow_call
from replisome.api.results import CLAIMS, Results
from replisome.io import read_json
from replisome.report.cards import Places, card, contradictions
from replisome.report.claim_rows import CONFLICT, verdict, whose
from replisome.report.deciding import FULL, command, missing_of

Written = Mapping[str, Any]
SAID = ("whose", "printed", "question", "limits", "verdicts", "leak", "members", "conflicts")


def about_claim(results: Results, study: str, name: str) -> dict[str, Any]:
    """Return a claim as claims.json has it, with the words that the page has for it, and how to judge it again.

    Args:
        results: where it was judged.
        study: the study's name.
        name: the claim's id.

    Returns:
        ``claim`` as written; ``said`` in words; ``repeat``: commands by what they do.
    """
    claims = {one["id"]: one for one in results.verdicts() if one["study"] == study}
    claim, preset = claims[name], _preset(results, study)
    said = _of_conflict(claim, claims) if claim["kind"] == CONFLICT else card(claim, claims, Places(), preset)
    return {
        "schema": SCHEMA,
        "kind": "claim",
        "claim": claim,
        "said": {key: said[key] for key in SAID},
        "repeat": {
            "judge its study again, with the same settings": workflow_call(
                results, preset, f"{results.root}/{study}/{CLAIMS}"
            ),
            **_elsewhere(claim, preset),
        },
    }


def _preset(results: Results, study: str) -> str:
    """Return the preset that was run, as the tables or else the settings of the judge have it."""
    plan = results.plan(study)
    if plan is not None:
        return str(plan.settings["preset"])
    settings = read_json(results.root / study / "claims" / "settings.json")
    return str(settings["study"]["preset"])


def _elsewhere(claim: Written, preset: str) -> dict[str, str]:
    """Return the calls with other settings that may say more of a claim: those that have its runs, or the full."""
    presets = [one for one in missing_of(claim).presets if one != preset]
    if not presets and preset != FULL and any(one["caps"] for one in claim["verdicts"].values()):
        presets = [FULL]
    return {f"run it with the preset {one}": command(one) for one in presets}


def _of_conflict(claim: Written, claims: Mapping[str, Written]) -> dict[str, Any]:
    """Return what is said of claims that contradict each other: they are drawn, and have no verdict of their own."""
    (found,) = contradictions([claim, *(one for name, one in claims.items() if name in claim["rule"]["claims"])])
    empty: dict[str, Any] = {"uncertainty": "", "size": None, "look": None, "parts": [], "change": ""}
    return {
        "whose": whose(claim),
        "printed": "",
        "question": "these cannot all hold; what was found of each is shown, and nothing is judged",
        "limits": [],
        "verdicts": [
            {**verdict(claim, name), **empty, "id": one["id"], "caps": one["caps"], "flags": one["flags"]}
            for name, one in claim["verdicts"].items()
        ],
        "leak": "",
        "members": found["members"],
        "conflicts": [],
    }

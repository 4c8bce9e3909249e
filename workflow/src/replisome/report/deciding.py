"""What would decide the claims that are open or were not run, and the command that does it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from replisome.config.plan import StudyPlan
from replisome.report.claim_rows import CONFLICT, CONTROL, NOT_RUN, in_order, is_judged
from replisome.tracking.introspect import ROOT

FULL = "full"  # the preset of the default configuration
HAVE_IT = re.compile(r"; preset (?P<presets>[\w-]+(?: or [\w-]+)*) has it$")  # as config/planned_claims.py says it
NEEDS = re.compile(r"^needs an? (?P<what>\w+): (?P<why>.*)$")  # as a claim of the kind 'missing' is judged
ONE_SEED = "one seed"
OPEN = ("inconclusive", "direction only")  # words of verdicts that more evidence may change
NOTHING_HAS = "4"  # begins the key of claims that no preset can judge
CONFIGURATIONS = ROOT.parents[2] / "config"

Written = Mapping[str, Any]


@dataclass
class Remedy:
    """One thing that would decide claims.

    Attributes:
        what: what is lacking, in words, after the number of claims.
        command: what to run; empty where no command does it.
        claims: whose verdicts it is about, each with what its verdict says would decide it.
    """

    what: str
    command: str = ""
    claims: dict[str, str] = field(default_factory=dict)


def command(preset: str, target: str = "") -> str:
    """Return the call of Snakemake that runs a preset, from the folder of the repository."""
    if preset == FULL:
        options = ""
    elif (CONFIGURATIONS / f"{preset}.yaml").is_file():
        options = f" --configfile config/{preset}.yaml"
    else:
        options = f" --config preset={preset}"
    return f"snakemake{f' {target}' if target else ''} --cores 8{options}"


def for_open(plans: Sequence[StudyPlan], claims: Iterable[Written]) -> list[Remedy]:
    """Return what would decide the open claims, the nearest first: seeds, full settings, more test items.

    Args:
        plans: the studies that run.
        claims: as written in claims.json, of all of them.
    """
    by_name = {plan.name: plan for plan in plans}
    remedies: dict[str, Remedy] = {}
    for claim in in_order(claims):
        if claim["owner"] == CONTROL or claim["kind"] == CONFLICT:
            continue
        for verdict in claim["verdicts"].values():
            if verdict["verdict"] in OPEN:
                key, what, call = _lacks(by_name[claim["study"]], verdict)
                said = verdict["decides"]["words"] if verdict["decides"] else verdict["reason"]
                remedies.setdefault(key, Remedy(what, call)).claims.setdefault(claim["id"], said)
    return [remedies[key] for key in ("rounds", "seeds", "one seed", "full", "items", "other") if key in remedies]


def _lacks(plan: StudyPlan, verdict: Written) -> tuple[str, str, str]:
    """Return of an open verdict what it lacks: a key, the words, and the command."""
    decides, preset = verdict["decides"], plan.settings["preset"]
    if verdict["look"] and verdict["look"]["decided"] is None and not (decides and decides["items_factor"]):
        return "rounds", "more seeds: one more round of them", command(preset, "decide")
    if decides and decides["items_factor"] is not None:
        return "items", "more test items than there are: no number of seeds decides them", ""
    if decides and decides["fewest"] is not None:
        rounds = "more seeds: with rounds, seeds: {rounds: [3, 6, 9, 12, 15]}, in the study.yaml of each"
        return "seeds", rounds, command(preset, "decide")
    if verdict["caps"]:
        return (
            "full",
            "the full settings: they were judged on less than the report had, or on other data",
            command(FULL),
        )
    if verdict["reason"].startswith(ONE_SEED):
        what = "a second seed and a third: with one, nothing is known of the spread"
        return "one seed", what, command(FULL) if preset != FULL else ""
    return "other", "something that no number of seeds gives", ""


@dataclass(frozen=True)
class Missing:
    """A claim that was not run, with what it needs.

    Attributes:
        key: claims with the same key need the same; the order of the page goes by it.
        needs: what, in words that head a list.
        why: what this one lacks.
        presets: those that have its runs.
    """

    key: str
    needs: str
    why: str
    presets: tuple[str, ...] = ()


def missing_of(claim: Written) -> Missing:
    """Return what a claim needs that was not run."""
    found = [one["reason"] for one in claim["verdicts"].values() if one["verdict"] == NOT_RUN]
    reason = next((text for text in found if HAVE_IT.search(text)), found[0] if found else "")
    if match := HAVE_IT.search(reason):
        presets, why = match["presets"], reason[: match.start()]
        return Missing(f"1 {presets}", f"Preset {presets} has the runs", why, tuple(presets.split(" or ")))
    if match := NEEDS.match(reason):
        return Missing(f"{NOTHING_HAS} {match['what']}", f"A {match['what']} is missing", match["why"])
    if any(one["estimate"] is not None or one["caps"] for one in claim["verdicts"].values()):
        return Missing("2", "Measured, but not to be judged at these settings or on these data", reason)
    return Missing("3", "They wait for other claims, or cannot be judged here", reason)


def for_missing(claims: Sequence[Written]) -> list[Remedy]:
    """Return what the claims of reports that were not run need, with how many they are and the command.

    Of the presets that have the runs of a claim, the one is named that most claims have in common; the full one last.
    """
    waiting = {
        claim["id"]: missing_of(claim)
        for claim in claims
        if not is_judged(claim) and claim["kind"] != CONFLICT and claim["owner"] != CONTROL
    }
    named = Counter(preset for missing in waiting.values() for preset in missing.presets)
    remedies: dict[str, Remedy] = {}
    for name, missing in waiting.items():
        key, what, call = missing.key[0], missing.needs, ""
        if missing.presets:
            preset = min(missing.presets, key=lambda preset: (preset == FULL, -named[preset]))
            key, what, call = f"1 {preset == FULL} {preset}", f"Preset {preset} has their runs", command(preset)
        elif key == NOTHING_HAS:
            what = "Nothing here has what they need: a run, a model, a recipe, data or a quantity"
        remedies.setdefault(key, Remedy(what, call)).claims[name] = missing.why
    return [remedies[key] for key in sorted(remedies)]

"""Judge the claims of a study: measure each arm, apply the rule of its kind, then what caps a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from replisome.analysis.endings import remarks
from replisome.analysis.intervals import ItemScores, Question
from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, data_kind, label
from replisome.claims.facts import FACTS
from replisome.claims.finding import Finding, Word
from replisome.claims.looks import Look, common_seeds, first_seeds, over_looks
from replisome.claims.measures import Measured, Unmeasured, curves, measure, variant_at
from replisome.claims.readings import never_crosses
from replisome.claims.rules import judge, judge_all, judge_fact, judge_share
from replisome.config.claims import Claim, arms_in, in_order
from replisome.config.declared import MEASURES
from replisome.errors import ReplisomeError

STAND_IN = "a stand-in, not the official data"
DIRECTED = ("difference", "order", "ratio")  # kinds that can hold in their direction only
# Of a recipe: what decides how its items are shown to a model, and not which they are.
ONLY_SHOWN = frozenset({"encoding", "normalisation", "protocol", "label_fraction", "targets", "resources"})


@dataclass(frozen=True)
class Judged:
    """A claim under one protocol.

    Attributes:
        finding: the verdict, capped.
        question: whether the items are a sample or these very ones; None where nothing was measured by the judge.
        caps: what keeps the verdict below what the rule alone would say; empty where nothing does.
        flags: what a reader must know of the runs.
        variants: the runs it rests on, by arm.
        scores: what was measured of each arm; empty where the judge measured nothing by run.
        look: how often it was looked at, in a study with rounds of seeds.
    """

    finding: Finding
    question: Question | None = None
    caps: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    scores: tuple[ItemScores, ...] = ()
    look: Look | None = None


def judge_claims(study: StudyResults, claims: Sequence[Claim]) -> dict[str, dict[str, Judged]]:
    """Judge all claims of a study.

    Args:
        study: its results.
        claims: as planned, each with where its runs are (:mod:`replisome.config.planned_claims`).

    Returns:
        By claim, in the order given, and protocol, how it was judged.
    """
    judged: dict[str, dict[str, Judged]] = {}
    for claim in in_order(claims):
        if "claims" in claim["ask"]:
            judged[claim["id"]] = _judge_members(claim, judged)
        else:
            judged[claim["id"]] = {
                protocol: _judge_one(study, claim, found) for protocol, found in claim["found"].items()
            }
    return {claim["id"]: judged[claim["id"]] for claim in claims}


def _judge_members(claim: Claim, judged: Mapping[str, Mapping[str, Judged]]) -> dict[str, Judged]:
    """Judge a claim about claims under each protocol that all of them have."""
    members = [judged[name] for name in claim["ask"]["claims"]]
    protocols = [protocol for protocol in members[0] if all(protocol in member for member in members)]
    if claim["ask"]["kind"] == "conflict":
        return {
            protocol: Judged(_conflict([m[protocol].finding for m in members], claim["ask"]["claims"]))
            for protocol in protocols
        }
    return {
        protocol: Judged(
            judge_all([member[protocol].finding for member in members]),
            caps=tuple(dict.fromkeys(cap for member in members for cap in member[protocol].caps)),
            flags=tuple(dict.fromkeys(flag for member in members for flag in member[protocol].flags)),
        )
        for protocol in protocols
    }


def _conflict(findings: Sequence[Finding], names: Sequence[str]) -> Finding:
    """Return which of claims that contradict each other stand; a conflict is drawn, not judged."""
    stand = [name for name, finding in zip(names, findings, strict=True) if finding.word == "replicated"]
    fall = [name for name, finding in zip(names, findings, strict=True) if finding.word == "not replicated"]
    said = [f"{', '.join(group)} {verb}" for group, verb in ((stand, "stands"), (fall, "falls")) if group]
    return Finding("not run", "; ".join(said) or "neither side is decided", parts=tuple(findings))


def _judge_one(study: StudyResults, claim: Claim, found: Mapping[str, Any]) -> Judged:
    ask = claim["ask"]
    if ask["kind"] == "missing":
        return Judged(Finding("not run", f"needs a {ask['needs']}: {ask['because']}; it would take {ask['cost']}"))
    if found["missing"]:
        return Judged(Finding("not run", found["missing"]))
    places = [place for place in found["places"] if study.plan.has_all_seeds(place)]
    members = tuple(variant_at(study, place) for place in places)
    try:
        judged = _judge_runs(study, claim, found, members)
    except ReplisomeError as error:  # a quantity or fact that these runs or data do not have
        return Judged(Finding("not run", str(error)), variants=members)
    if out := len(found["places"]) - len(places):
        whose = f"{out} of {len(found['places']) - 1} rivals were no finalists of the search of their grid"
        judged = replace(judged, flags=(*judged.flags, whose))
    return judged


def _judge_runs(study: StudyResults, claim: Claim, found: Mapping[str, Any], members: tuple[Variant, ...]) -> Judged:
    ask = claim["ask"]
    if ask["kind"] == "fact":
        judged = _judge_fact(study, ask, found, members)
        resized = found["resized"] and members and claim["owner"] == "paper"
        return Judged(Finding("not run", "other settings than the paper's")) if resized else judged
    judged = _judge_share(study, ask, members) if ask["kind"] == "share" else _judge_scores(study, claim, members)
    return _capped(study, claim, found, judged)


def _judge_fact(
    study: StudyResults, ask: Mapping[str, Any], found: Mapping[str, Any], members: tuple[Variant, ...]
) -> Judged:
    options = ask.get("with", {})
    if ask["fact"] in FACTS:
        value = FACTS[ask["fact"]](study, members, **options)
    else:
        recipe = members[0].recipe if members else found["recipe"] or next(iter(study.plan.recipes))
        value = float(getattr(study.part(MEASURES), ask["fact"])(study, recipe, **options))
    return Judged(judge_fact(ask, value), variants=members)


def _judge_share(study: StudyResults, ask: Mapping[str, Any], members: tuple[Variant, ...]) -> Judged:
    event = ask["event"]
    if "never_crosses" in event:
        found = [curves(study, variant, event["split"], event["never_crosses"]) for variant in members]
        flags = tuple(f"{label(study, v)}: {noted}" for v in members if (noted := remarks(study, v.key)))
        if any(np.isnan(curve.values).any() for arm in found for curve in arm):
            return Judged(Finding("inconclusive", "a run has no such number"), "this_set", (), flags, members)
        first, second = (
            dict(zip(sorted(run.seed for run in variant.runs), arm, strict=True))
            for variant, arm in zip(members, found, strict=True)
        )
        events = [never_crosses(first[seed], second[seed]) for seed in sorted(first.keys() & second.keys())]
        return _of_events(study, ask, events, flags, members)
    measured = measure(study, members[0], event["number"], _called(study, ask["of"][0], members[0]))
    if isinstance(measured, Unmeasured):
        return Judged(Finding("not run", measured.why), variants=members)
    values = measured.scores.values
    bound, above = event.get("above", event.get("below")), "above" in event
    if np.isnan(values).any():
        return Judged(Finding("inconclusive", "a run has no such number"), "this_set", (), measured.flags, members)
    events = [bool(value > bound if above else value < bound) for value in values]
    return _of_events(study, ask, events, measured.flags, members)


def _of_events(
    study: StudyResults,
    ask: Mapping[str, Any],
    events: Sequence[bool],
    flags: tuple[str, ...],
    members: tuple[Variant, ...],
) -> Judged:
    level = study.plan.level
    count = len(events)
    finding, look = over_looks(study.plan.rounds, count, lambda n: judge_share(ask, events[: n or count], level))
    return Judged(finding, "this_set", (), flags, members, look=look)


def _judge_scores(study: StudyResults, claim: Claim, members: tuple[Variant, ...]) -> Judged:
    ask = claim["ask"]
    number = ask["number"]
    if ask["kind"] == "ratio":
        number = {**number, "scale": "log"}
    given = arms_in(ask)
    names = [
        _called(study, given[place] if place < len(given) else {}, variant) for place, variant in enumerate(members)
    ]
    measured = [measure(study, variant, number, name) for variant, name in zip(members, names, strict=True)]
    lacking = next((one.why for one in measured if isinstance(one, Unmeasured)), None)
    if lacking:
        return Judged(Finding("not run", lacking), variants=members)
    arms = [one for one in measured if isinstance(one, Measured)]
    flags = [flag for one in arms for flag in one.flags]
    if ask["kind"] == "winner":  # a rival that diverged is no better than the choice; its flag says so
        arms = [arms[0], *(one for one in arms[1:] if np.isfinite(one.scores.values).all())]
    found = tuple(one.scores for one in arms)
    same = same_items(study, members)
    known = all(one.items for one in together(found, same))
    question: Question = claim.get("items", "general") if known else "this_set"
    if claim.get("items") == "general" and not known:
        flags.append("the items of these scores are not known: the interval is about these very items")

    def judge_first(seeds: int | None) -> Finding:
        return judge(ask, together([first_seeds(one, seeds) for one in found], same), question, study.plan.level)

    finding, look = over_looks(study.plan.rounds, common_seeds(found), judge_first)
    return Judged(finding, question, (), tuple(dict.fromkeys(flags)), members, found, look)


def same_items(study: StudyResults, members: Sequence[Variant]) -> bool:
    """Say whether variants were scored on the same items: one recipe, or recipes that only show them otherwise."""

    def drawn(recipe: str) -> dict[str, Any]:
        block = {key: value for key, value in study.plan.recipes[recipe].items() if key not in ONLY_SHOWN}
        if "windows" in block:  # counted in tokens, so that the encoding decides where they lie; pieces only train
            windows = {key: value for key, value in block["windows"].items() if key != "piece"}
            block |= {"windows": windows, "encoding": study.plan.recipes[recipe]["encoding"]}
        return block

    first = drawn(members[0].recipe)
    return all(drawn(variant.recipe) == first for variant in members)


def together(arms: Sequence[ItemScores], same: bool) -> list[ItemScores]:
    """Return scores that one rule can look at: item by item where they are on the same items.

    Args:
        arms: by seed and item.
        same: whether their items are the same; then they are paired.

    Returns:
        Of arms on other items, each keeps its own share of the items' error, and no covariance between them is taken
        off. Where one arm's items are not known, none count.
    """
    if all(one.items for one in arms):
        if same and len({(one.items, one.parts.shape[1]) for one in arms}) == 1:
            return list(arms)
        widths = [one.parts.shape[1] for one in arms]
        items, groups = sum(one.items for one in arms), min(one.groups for one in arms)
        return [
            replace(
                one,
                parts=np.pad(one.parts, ((0, 0), (sum(widths[:place]), sum(widths[place + 1 :])))),
                items=items,
                groups=groups,
            )
            for place, one in enumerate(arms)
        ]
    return [ItemScores.of_seeds(one.values, trained=one.trained) for one in arms]


def _called(study: StudyResults, arm: Mapping[str, Any], variant: Variant) -> str:
    return str(arm.get("called") or label(study, variant))


def _capped(study: StudyResults, claim: Claim, found: Mapping[str, Any], judged: Judged) -> Judged:
    """Lower the verdict on a claim where the runs are less than the paper's, or of other data.

    That holds for our own claims too: a network that has hardly begun shows neither that a claim about it holds nor
    that it does not, whoever made it. Checks on simulated data are about the very runs that there are.
    """
    finding, kind = judged.finding, claim["ask"]["kind"]
    if claim["owner"] == "control" or finding.word == "not run":
        return judged
    if claim["ask"].get("anchor"):
        reason = "other data than the paper's: shown, not judged"
        return replace(judged, finding=replace(finding, word="not run", reason=reason, decides=None), look=None)
    caps = list(found["reduced"])
    if any(data_kind(study.card(variant.recipe)) == "stand-in" for variant in judged.variants):
        caps.append(STAND_IN)
    if not caps:
        return judged
    word: Word = finding.word
    reason = finding.reason
    if kind == "value":
        word, reason = "not run", "a value is judged at full size only"
    elif word == "not replicated":
        word, reason = "inconclusive", f"not seen at this budget ({reason})"
    elif word == "replicated":
        word = "direction only" if kind in DIRECTED else "inconclusive"
        reason = f"seen at this budget ({reason})"
    finding = replace(finding, word=word, reason=reason, decides=None)
    return replace(judged, finding=finding, caps=tuple(caps), look=None)  # seeds are not what it lacks

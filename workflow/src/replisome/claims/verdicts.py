"""Verdicts as they are written: one object a claim, with what it rests on and an id that changes when that does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from replisome.analysis.intervals import Question, difference
from replisome.analysis.results import StudyResults
from replisome.analysis.statistics import Estimate
from replisome.claims.deciding import in_words
from replisome.claims.finding import Finding
from replisome.claims.judging import Judged, judge_claims, same_items, together
from replisome.claims.multiplicity import Survives, survivors
from replisome.claims.supplement import LOG_UNIT
from replisome.config.claims import PROTOCOLS, Claim, numbers_in
from replisome.io import canonical_json
from replisome.tracking.stage_key import RECORD, text_hash
from replisome.tracking.verify import read_record

FORM = "replisome/claims/1"  # what claims.json holds: workflow/schemas/verdicts.schema.yaml
ID_DIGITS = 6
TESTED = ("difference", "order", "sign", "ratio")  # kinds whose p-values are looked at together
OF_ONE, OF_TWO = ("value", "sign"), ("difference", "same")  # kinds of which a leak's worth can be told


def verdicts(study: StudyResults, claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """Return what is written of each claim of a study.

    Args:
        study: its results.
        claims: as planned, each with where its runs are.

    Returns:
        An object a claim, as ``workflow/schemas/verdicts.schema.yaml`` describes it.
    """
    judged = judge_claims(study, claims)
    kept = {protocol: _survivors(claims, judged, protocol, study.plan.level) for protocol in PROTOCOLS}
    found = []
    for claim in claims:
        by_protocol = judged[claim["id"]]
        number = next((number for _, number in numbers_in(claim["ask"])), {})
        entry = {
            "id": claim["id"],
            "study": study.plan.name,
            "owner": claim["owner"],
            "role": claim.get("role", "detail"),
            "kind": claim["ask"]["kind"],
            "plain": claim["plain"],
            "paper": claim.get("paper"),
            "reported": claim["ask"].get("reported"),
            "unit": unit_of(claim["ask"], number),
            "agreed": claim["agreed"],
            "rule": {key: value for key, value in claim["ask"].items() if key != "kind"},
            "verdicts": {
                protocol: {
                    "id": _verdict_id(study, claim, one),
                    **_verdict(one, kept[protocol].get(claim["id"])),
                }
                for protocol, one in by_protocol.items()
            },
            "leak": _leak(study, claim, by_protocol),
        }
        found.append(entry)
    return found


def unit_of(ask: Mapping[str, Any], number: Mapping[str, Any]) -> str:
    """Return the unit of what was measured: the paper's where it says one, else that of scale, score or cost."""
    given = ask.get("reported", {}).get("unit")
    if given is not None:
        return str(given)
    scale = number.get("scale", "plain")
    if ask["kind"] in ("ratio", "share"):
        return ""
    if scale == "log":
        return LOG_UNIT
    if scale != "plain":
        return "%" if scale == "percent" else "points"
    if "cost" in number:
        return {"peak_memory_bytes": "bytes", "parameters": ""}.get(number["cost"], "s")
    return ""


def _survivors(
    claims: Sequence[Claim], judged: Mapping[str, Mapping[str, Judged]], protocol: str, level: float
) -> dict[str, Survives]:
    """Return which of a protocol's findings would survive if all were asked at once; controls are not among them."""
    found = {}
    for claim in claims:
        one = judged[claim["id"]].get(protocol)
        if one and claim["owner"] != "control" and claim["ask"]["kind"] in TESTED and one.finding.p is not None:
            found[claim["id"]] = one.finding.p
    return survivors(found, level)


def _verdict(judged: Judged, survives: Survives | None) -> dict[str, Any]:
    finding = judged.finding
    return {
        "verdict": finding.word,
        "reason": finding.reason,
        **_numbers(finding.estimate),
        "n": list(finding.seeds),
        "about": judged.question,
        "p": finding.p,
        "bh": survives.benjamini_hochberg if survives else None,
        "holm": survives.holm if survives else None,
        "size": _part(finding.size) if finding.size else None,
        "decides": {**asdict(finding.decides), "words": in_words(finding.decides)} if finding.decides else None,
        "parts": [_part(part) for part in finding.parts],
        "caps": list(judged.caps),
        "flags": list(judged.flags),
        "look": asdict(judged.look) if judged.look else None,
        "runs": [run.directory for variant in judged.variants for run in variant.runs],
    }


def _part(finding: Finding) -> dict[str, Any]:
    return {"verdict": finding.word, "reason": finding.reason, **_numbers(finding.estimate), "p": finding.p}


def _numbers(estimate: Estimate) -> dict[str, Any]:
    halves = {"seeds": _finite(estimate.seeds_half), "items": _finite(estimate.items_half)}
    return {
        "estimate": _finite(estimate.value),
        "low": _finite(estimate.low),
        "high": _finite(estimate.high),
        "halves": halves,
        "items": estimate.items,
    }


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _leak(study: StudyResults, claim: Claim, by_protocol: Mapping[str, Judged]) -> dict[str, float | None] | None:
    """Return what the leak is worth: the number as reported less the leak-free one.

    The seeds of both are independent. Where both were tested on the same items, those of one arm are paired; those of a
    difference of two arms are not, which makes the interval too wide rather than too narrow. Where the runs of one were
    reduced in another way than those of the other, their difference is not the leak's.
    """
    judged = [by_protocol[protocol] for protocol in PROTOCOLS if protocol in by_protocol]
    if len({tuple(one.caps) for one in judged}) > 1:
        return None
    kind = claim["ask"]["kind"]
    if kind not in OF_ONE + OF_TWO or len(judged) < len(PROTOCOLS) or not all(one.scores for one in judged):
        return None
    if kind in OF_ONE:
        variants, scores = [one.variants[0] for one in judged], [one.scores[0] for one in judged]
        reported, sound = together(scores, same_items(study, variants))
        question: Question = judged[0].question or "this_set" if reported.items else "this_set"
        found = difference(reported, sound, question=question, level=study.plan.level)
    else:
        reported_gap, sound_gap = (one.finding.estimate for one in judged)
        value = reported_gap.value - sound_gap.value
        half = math.hypot(reported_gap.high - reported_gap.value, sound_gap.high - sound_gap.value)
        found = Estimate(value, value - half, value + half)
    numbers = {"estimate": _finite(found.value), "low": _finite(found.low), "high": _finite(found.high)}
    return None if numbers["estimate"] is None else numbers


def _evidence(study: StudyResults, judged: Judged) -> list[Any]:
    """Return the hashes of all files that the runs of a claim left: training, test, explanation."""
    folders = [Path(run.directory) for variant in judged.variants for run in variant.runs]
    parts = ("", "test", "explanation")
    return [[str(folder), *(_outputs(study, folder / part) for part in parts)] for folder in folders]


def _outputs(study: StudyResults, folder: Path) -> Mapping[str, str]:
    """Return by name the hashes of a stage's files, as its record has them; nothing where there is no record."""

    def read() -> Mapping[str, str]:
        record = study.root / folder / RECORD
        found: Mapping[str, str] = read_record(record)["outputs"] if record.exists() else {}
        return found

    return study.once(("outputs", folder), read)


def _verdict_id(study: StudyResults, claim: Claim, judged: Judged) -> str:
    """Return six digits over the claim, its runs, what they left, and what came of it."""
    entry = {key: value for key, value in claim.items() if key != "found"}
    finding = judged.finding
    came = [_part(finding), [_part(part) for part in finding.parts], judged.caps]
    content = [entry, study.plan.level, _evidence(study, judged), came]
    return text_hash(canonical_json(content))[:ID_DIGITS]

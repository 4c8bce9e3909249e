"""The first screen: what was run again, the scorecard, the claims that matter, what would decide the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import data_kind
from replisome.claims.supplement import PROTOCOL_NAMES, ROLES, SIGNS, counts
from replisome.report.claim_rows import CONFLICT, CONTROL, NOT_RUN, found_of, is_judged, row, sign
from replisome.report.deciding import for_missing, for_open

MOST_CHECKS = 12  # rows of the first screen where no headline claim was judged

Written = Mapping[str, Any]


def first_screen(studies: Sequence[StudyResults], claims: Sequence[Written], dates: Sequence[str]) -> dict[str, Any]:
    """Return what the first screen shows.

    Args:
        studies: in the order of the page.
        claims: as written in claims.json, of all of them.
        dates: the days on which runs were trained.
    """
    ours = [claim for claim in claims if claim["owner"] != CONTROL]
    checks = [claim for claim in claims if claim["owner"] == CONTROL]
    rows, heading = _shown(studies, ours, checks)
    titles = {study.plan.name: study.plan.settings["title"] for study in studies}
    return {
        "facts": _facts(studies, dates),
        "only_checks": not any(map(is_judged, ours)) and any(map(is_judged, checks)),
        "words": [{"word": word, "sign": sign(word)} for word in SIGNS],
        "protocols": list(PROTOCOL_NAMES.values()),
        "scores": scorecard(titles, ours),
        "checks": scorecard(titles, checks) if any(map(is_judged, checks)) else [],
        "checks_elsewhere": 0 if any(map(is_judged, checks)) else len(checks),
        "claims": len([claim for claim in ours if claim["kind"] != CONFLICT]),
        "rows": [row(claim) for claim in rows],
        "heading": heading,
        "waiting": [c for c in ours if c["role"] == ROLES[0] and c["kind"] != CONFLICT and c not in rows],
        "conflicts": [
            {"id": claim["id"], "plain": claim["plain"], "found": found_of(claim)}
            for claim in ours
            if claim["role"] == ROLES[0] and claim["kind"] == CONFLICT
        ],
        "open": for_open([study.plan for study in studies], claims),
        "missing": for_missing(claims),
    }


def scorecard(titles: Mapping[str, str], claims: Iterable[Written]) -> list[dict[str, Any]]:
    """Return a row a study: how many claims it has and, by protocol, how many have each verdict.

    Args:
        titles: by study, in the order of the page; one that has none of the claims has no row.
        claims: those that count; conflicts do not, since nothing judges them.
    """
    claims = list(claims)
    found = []
    for name, title in titles.items():
        members = [claim for claim in claims if claim["study"] == name and claim["kind"] != CONFLICT]
        if members:
            by_protocol = [{"name": said, "counts": counts(members, key)} for key, said in PROTOCOL_NAMES.items()]
            found.append({"name": name, "title": title, "claims": len(members), "protocols": by_protocol})
    return found


def _shown(
    studies: Sequence[StudyResults], ours: Sequence[Written], checks: Sequence[Written]
) -> tuple[list[Written], str]:
    """Return the claims of the first screen and what they are: headlines, or checks where no headline was judged."""
    names = [study.plan.name for study in studies]
    headline = [claim for name in names for claim in ours if claim["study"] == name and claim["role"] == ROLES[0]]
    judged = [claim for claim in headline if claim["kind"] != CONFLICT and _is_measured(claim)]
    if any(map(is_judged, headline)):
        return judged, "The claims that matter"
    by_study = [[claim for claim in checks if claim["study"] == name and is_judged(claim)] for name in names]
    dealt = [claim for turn in _turns(by_study) for claim in turn][:MOST_CHECKS]
    return [claim for members in by_study for claim in members if claim in dealt], "What the simulated data check"


def _turns(groups: Sequence[Sequence[Written]]) -> Iterable[list[Written]]:
    """Yield the first of each group, then the second of each, so that no study takes all the room."""
    for place in range(max(map(len, groups), default=0)):
        yield [group[place] for group in groups if place < len(group)]


def _is_measured(claim: Written) -> bool:
    """Say whether there is something to show of a claim beside its words."""
    return any(one["verdict"] != NOT_RUN or one["estimate"] is not None for one in claim["verdicts"].values())


def _facts(studies: Sequence[StudyResults], dates: Sequence[str]) -> dict[str, Any]:
    """Return the parts of the sentence that opens the page."""
    kinds: dict[str, list[str]] = {}
    for study in studies:
        found = {data_kind(study.card(recipe)) for recipe in study.cards}
        said = " and ".join(kind for kind in ("official", "stand-in", "simulated") if kind in found)
        kinds.setdefault(said, []).append(study.plan.name)
    experiments = [(study, name) for study in studies for name in study.plan.experiments]
    reduced = sum(study.plan.reduced(name) for study, name in experiments)
    return {
        "studies": len(studies),
        "runs": sum(len(study.plan.runs) for study in studies),
        "data": kinds,
        "experiments": len(experiments),
        "reduced": reduced,
        "preset": " and ".join(sorted({str(study.plan.settings["preset"]) for study in studies})),
        "dates": " to ".join(sorted({min(dates), max(dates)})) if dates else "",
        "levels": sorted({study.plan.level for study in studies}),
    }

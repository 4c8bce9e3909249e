"""The claims of a study with where their runs are: what the judge is told, worked out before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from replisome.config.arms import Found, find_claim, protocols_of
from replisome.config.claims import Claim, arms_in
from replisome.config.plan import StudyPlan
from replisome.config.printed import read_printed
from replisome.config.reductions import reductions
from replisome.config.study_files import StudyFiles
from replisome.errors import ReplisomeError


def plan_claims(
    files: StudyFiles, plan: StudyPlan, presets: Mapping[str, Callable[[], StudyPlan]]
) -> list[dict[str, Any]]:
    """Return the claims of a study, each with where its runs are, by protocol.

    Args:
        files: of the study, its claims checked for themselves.
        plan: the one that runs.
        presets: by name, what makes the plan of each preset; ``full`` is the study without one.

    Returns:
        Each claim with a key ``found``: by protocol, what :class:`replisome.config.arms.Found` holds.

    Raises:
        ReplisomeError: a claim names a run, a score or a split that no preset has.
    """
    made = cache(lambda name: presets[name]())
    planned = []
    for claim in files.claims:
        at = f"{files.claims_file}: claim '{claim['id']}'"
        by_protocol = {}
        for protocol in protocols_of(claim):
            found = find_claim(plan, claim, protocol, at)
            if found.missing is None:
                theirs = find_claim(made("full"), claim, protocol, at)
                found = _with_reductions(plan, made("full"), found, theirs, len(arms_in(claim["ask"])))
            else:
                having = [name for name in presets if find_claim(made(name), claim, protocol, at).missing is None]
                if not having:
                    missing = find_claim(made("full"), claim, protocol, at).missing
                    raise ReplisomeError(
                        f"{at}: no preset has what it speaks of ({missing}, protocol {protocol}); correct the names, "
                        "or let its kind be 'missing' and say what it needs."
                    )
                found = replace(found, missing=f"{found.missing}; preset {' or '.join(having)} has it")
            by_protocol[protocol] = found.as_json()
        planned.append({**_with_printed(claim, files.folder / "printed"), "found": by_protocol})
    return planned


def _with_reductions(plan: StudyPlan, full: StudyPlan, found: Found, theirs: Found, arms: int) -> Found:
    """Return what a plan has of a claim with what it is less than the full settings; of a winner's rivals how many."""
    lines, resized = reductions(plan, full, found.places[:arms], theirs.places[:arms])
    ours, whole = len(found.places) - arms, len(theirs.places) - arms
    fewer = (f"{ours} rivals, not {whole}",) if theirs.places and ours < whole else ()
    return replace(found, reduced=(*lines, *fewer), resized=resized)


def _with_printed(claim: Claim, folder: Path) -> dict[str, Any]:
    """Return a claim with the printed curve that it is to be compared with, where it names one."""
    read = claim["ask"].get("number", {}).get("read")
    if not isinstance(read, Mapping) or "distance_to_printed" not in read:
        return dict(claim)
    number = {**claim["ask"]["number"], "printed": read_printed(folder / f"{read['distance_to_printed']}.csv")}
    return {**claim, "ask": {**claim["ask"], "number": number}}

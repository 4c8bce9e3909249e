"""``replisome new claim STUDY ID``: a claim in the file of a study, with the question that judges it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from replisome.api.new import check as new_check
from replisome.api.new.edits import Edits
from replisome.api.new.proposal import Proposal, read
from replisome.api.new.yaml_text import with_item
from replisome.config.catalogue import study as declared
from replisome.config.claims import PROTOCOLS
from replisome.config.study_files import StudyFiles, read_study
from replisome.errors import ReplisomeError, did_you_mean


@dataclass(frozen=True)
class Words:
    """What the user says of a claim.

    Attributes:
        plain: one sentence for a reader.
        first: the configuration it is about, ``EXPERIMENT:MODEL``, with ``:key=value,...`` or ``:winner`` behind.
        second: the one it is compared with, written alike.
        score: one of the study's scores.
        expect: ``higher`` or ``lower`` than the second, or ``above`` or ``below`` the limit ``than``.
        than: the number that a score is claimed to be above or below, in the unit that tables show.
        reported: the number that a paper prints, in that unit.
        limit: within which a difference counts as none, or an interval decides about a printed number.
        why: why the limit is that.
        paper: report, place and the paper's own words, for a claim that is not ours.
    """

    plain: str
    first: str
    score: str
    second: str | None = None
    expect: str | None = None
    than: float | None = None
    reported: float | None = None
    limit: float | None = None
    why: str | None = None
    paper: tuple[str, str, str] | None = None


def propose(study: str, name: str, words: Words, root: Path) -> Proposal:
    """Return the claim that would be added to a study; nothing is written.

    Args:
        study: whose runs it is about.
        name: the claim's id, permanent.
        words: what the user says.
        root: the repository.

    Returns:
        The change, checked against the schema and the plan, and the commands to run next.

    Raises:
        ReplisomeError: no such study, experiment, model or score, or words that make no question.
    """
    files = read_study(study, root, key="new claim")
    if name in [claim["id"] for claim in files.claims]:
        raise ReplisomeError(f"{files.claims_file}: has a claim '{name}' already; ids are never used again.")
    arms = [_arm(text, files) for text in (words.first, words.second) if text]
    claim: dict[str, Any] = {"id": name, "owner": "paper" if words.paper else "ours"}
    if words.paper:
        claim["paper"] = dict(zip(("report", "where", "says"), words.paper, strict=True))
    claim |= {
        "plain": words.plain,
        "ask": _question(arms, words, files),
        "recipes": _recipes(arms, files),
        "agreed": datetime.date.today().isoformat(),
    }
    single = (root / files.origin).is_file()
    path, keys = (files.origin, ["claims"]) if single else (f"{files.origin}/claims.yaml", [])
    before = read(root / path) if (root / path).is_file() else ""
    edits = Edits(root)
    after = with_item(before, keys, claim, path)
    if before:
        edits.change(path, before, after)
    else:
        edits.write(path, after)
    new_check.check(edits, files.name, ["full"])  # of a claim, one plan looks into all presets
    notes = ["Its rule is fixed from today: what is changed after the runs were seen is no test any more."]
    then = _commands(study, "quick" in files.presets, of_our_own=single)
    return Proposal(f"claim '{name}' of study '{study}'", edits, [("question", claim["ask"]["kind"])], notes, then)


def _commands(study: str, small: bool, of_our_own: bool) -> list[tuple[str, str]]:
    """Return what judges a claim: in the folders of results that the study's other commands use."""
    call = f"snakemake claims --cores 2 --config 'studies=[{study}]'"
    quick = f"snakemake claims --cores 2 --configfile config/quick.yaml --config 'studies=[{study}]'"
    if of_our_own:
        call, quick = f"{call} results_dir=results/{study}", f"{call} preset=quick results_dir=results/{study}-quick"
    found = [(quick, "judge it with the small budget; runs that are there are not trained again")] if small else []
    return [*found, (call, "judge it with the full budget")]


def _arm(text: str, files: StudyFiles) -> dict[str, Any]:
    """Return a configuration as a claim names it."""
    experiment, _, rest = text.partition(":")
    model, _, where = rest.partition(":")
    experiments = files.settings["experiments"]
    if experiment not in experiments:
        raise ReplisomeError(
            f"'{text}': study '{files.name}' has no experiment '{experiment}'{did_you_mean(experiment, experiments)}. "
            "A configuration is written EXPERIMENT:MODEL:key=value,key=value or EXPERIMENT:MODEL:winner."
        )
    models = experiments[experiment]["models"]
    if not model and len(models) == 1:
        model = next(iter(models))
    if model not in models:
        raise ReplisomeError(f"'{text}': experiment '{experiment}' has no model '{model}'{did_you_mean(model, models)}")
    arm: dict[str, Any] = {"experiment": experiment, "model": model}
    if where == "winner":
        return {**arm, "choose": "winner"}
    pairs = [pair.partition("=") for pair in where.split(",") if pair]
    for key, sign, value in pairs:
        if not (key and sign and value):
            raise ReplisomeError(f"'{text}': '{key}{sign}{value}' is not key=value.")
    return {**arm, **({"where": {key: yaml.safe_load(value) for key, _, value in pairs}} if pairs else {})}


def _question(arms: list[dict[str, Any]], words: Words, files: StudyFiles) -> dict[str, Any]:
    """Return the question: a difference, a printed value, or a bound."""
    score = declared(str(files.settings.get("implementation", files.name))).score(words.score)
    percent = score.scale == 100
    number: dict[str, Any] = {"score": score.name, "split": "test", "read": "final"}
    limit = {"value": words.limit, "from": "ours", "why": words.why or ""}
    if words.limit is not None and not words.why:
        raise ReplisomeError("a limit of ours needs its reason: give --why.")
    if len(arms) == 2:
        if words.expect not in ("higher", "lower"):
            raise ReplisomeError("is the first claimed to be higher or lower than the second? Give --expect.")
        ask = {"kind": "difference", "first": arms[0], "second": arms[1]}
        ask |= {"number": {**number, **({"scale": "points"} if percent else {})}, "expect": f"first_{words.expect}"}
        return ask | ({"negligible": limit} if words.limit is not None else {})
    number |= {"scale": "percent"} if percent else {}
    if words.reported is not None:
        if words.limit is None:
            raise ReplisomeError("how narrow must an interval be to tell? Give --limit, and --why.")
        printed = {"value": words.reported, **({"unit": score.unit} if score.unit else {})}
        return {"kind": "value", "of": arms[0], "number": number, "reported": printed, "resolution": limit}
    if words.expect not in ("above", "below") or words.than is None:
        raise ReplisomeError(
            "what is claimed? Give --second and --expect higher or lower; or --reported and --limit; or --expect above "
            "or below and --than."
        )
    if words.limit is not None:
        raise ReplisomeError("a claim of above or below has no limit: leave --limit out, and give the bound as --than.")
    return {"kind": "sign", "of": arms[0], "number": number, "expect": words.expect, "than": words.than}


def _recipes(arms: list[dict[str, Any]], files: StudyFiles) -> dict[str, Any]:
    """Return which recipe stands for each protocol: the first that the experiments have in common."""
    blocks = [files.settings["experiments"][arm["experiment"]]["recipes"] for arm in arms]
    common = [recipe for recipe in blocks[0] if all(recipe in others for others in blocks[1:])]
    found: dict[str, Any] = {protocol: _first(common, protocol, files.settings["recipes"]) for protocol in PROTOCOLS}
    missing = [protocol for protocol, recipe in found.items() if recipe is None]
    if len(missing) == len(PROTOCOLS):
        raise ReplisomeError("the two experiments have no recipe in common; name configurations on the same data.")
    if missing:
        found["why"] = f"the experiments have no {missing[0]} recipe"
    return found


def _first(names: list[str], protocol: str, recipes: Mapping[str, Any]) -> str | None:
    return next((name for name in names if recipes[name]["protocol"] == protocol), None)

"""What differs between two runs: settings, code, data, versions, machine, and what they scored."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replisome.api.about.runs import called
from replisome.api.run_paths import siblings
from replisome.api.runs import Run
from replisome.errors import ReplisomeError
from replisome.tracking.expected import differences
from replisome.tracking.stage_key import code_fingerprint

SCHEMA = "replisome/compare/1"
MACHINE = (
    "device",
    "precision",
    "evaluation_precision",
    "tf32",
    "deterministic",
    "threads",
    "processor",
    "system",
    "host",
)
COST = ("seconds", "peak_memory_bytes", "device_memory_bytes", "card_joules")
WEIGHTS = ("best.safetensors", "last.safetensors")
COVERAGE = 0.95  # of the range in which the difference of two runs that differ in their seed only lies
Pair = tuple[Any, Any]


def compare(one: Run, two: Run) -> dict[str, Any]:
    """Return what differs between two runs.

    Args:
        one: the first.
        two: the second; both may lie in any results folder, or in a folder of their own.

    Returns:
        ``settings``, ``versions``, ``machine`` and ``data`` (hashes by file): by name the pair that differs. ``code``:
        both fingerprints, and which are today's. ``cost``: both of each. ``scores``: by split, weights and name both
        values, their difference (second less first) and how it compares with what seeds do. ``same_weights``: whether
        the files with weights are equal to the bit. ``differ``: the kinds of things that differ, in words. All but the
        settings is None where a run is not finished.

    Raises:
        ReplisomeError: one of them is no run, or its files are damaged.
    """
    settings = differences(one.config, two.config)
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "first": one.name if one.root else str(one.folder),
        "second": two.name if two.root else str(two.folder),
        "paths": [str(one.folder), str(two.folder)],
        "finished": [one.finished, two.finished],
        "settings": settings,
        **dict.fromkeys(("code", "data", "versions", "machine", "cost", "ended", "scores", "same_weights")),
        "called": called(one.config["implementation"]),
    }
    if one.finished and two.finished:
        with one.read(), two.read():
            found |= _of_records(one.provenance, two.provenance)
            found |= {
                "code": _code(one, two),
                "ended": _pairs(_ending(one), _ending(two)),
                "scores": _scores(one, two),
            }
    return {**found, "differ": _words(found)}


def _of_records(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two records say otherwise."""
    outputs = [record.get("outputs", {}) for record in (one, two)]
    return {
        "data": _pairs(*({_file(name): value for name, value in record["inputs"].items()} for record in (one, two))),
        "versions": _pairs(_versions(one), _versions(two)),
        "machine": _pairs(*({name: record.get(name) for name in MACHINE} for record in (one, two))),
        "cost": {name: (one.get(name), two.get(name)) for name in COST if one.get(name) or two.get(name)},
        "same_weights": all(outputs[0].get(name) == outputs[1].get(name) for name in WEIGHTS),
    }


def _file(name: str) -> str:
    return name.rpartition("/")[2]


def _versions(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: record.get(name) for name in ("replisome", "python")}, **record.get("packages", {})}


def _pairs(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Pair]:
    """Return by name what differs; None where one of the two says nothing."""
    names = list(dict.fromkeys([*one, *two]))
    return {name: (one.get(name), two.get(name)) for name in names if one.get(name) != two.get(name)}


def _ending(run: Run) -> dict[str, Any]:
    return {"stopped": run.stopped, **{key: run.validation[key] for key in ("best_epoch", "last_epoch")}}


def _code(one: Run, two: Run) -> dict[str, Any]:
    """Return both fingerprints of the code of training, and by what it says which of them today's code has."""
    own = [run.provenance["code"] for run in (one, two)]
    now = [_todays(run) for run in (one, two)]
    current = [mine == today if today else None for mine, today in zip(own, now, strict=True)]
    return {"first": own[0], "second": own[1], "same": own[0] == own[1], "todays": current}


def _todays(run: Run) -> str | None:
    try:
        return code_fingerprint("train", dict(run.config))
    except (ReplisomeError, LookupError, OSError):  # a model that this copy does not have
        return None


def _scores(one: Run, two: Run) -> dict[str, dict[str, dict[str, Any]]]:
    """Return scores that both have, by split, weights and name."""
    first, second = one.scores, two.scores
    others = [_siblings(run) for run in (one, two)]
    if one.folder.absolute().parent == two.folder.absolute().parent:
        others = others[:1]
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for split, kinds in first.items():
        for weights in (kind for kind in kinds if kind in second.get(split, {})):
            names = [name for name in kinds[weights] if name in second[split][weights]]
            found.setdefault(split, {})[weights] = {
                name: _score(kinds[weights][name], second[split][weights][name], _seeds(others, split, weights, name))
                for name in names
            }
    return found


def _siblings(run: Run) -> list[Run]:
    """Return the finished runs that differ from a run in their seed only, itself among them."""
    if run.root is None:
        return [run]
    found = [Run(folder, run.root) for folder in siblings(run.folder)]
    return [one for one in found if one.finished]


def _seeds(groups: Sequence[Sequence[Run]], split: str, weights: str, name: str) -> list[list[float]]:
    """Return the values of a score by group of runs that differ in their seed."""
    values = [[run.scores.get(split, {}).get(weights, {}).get(name) for run in group] for group in groups]
    return [[value for value in group if value is not None] for group in values]


def _score(one: float | None, two: float | None, seeds: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Return both values, their difference, and whether seeds alone make such differences.

    Args:
        one: of the first run; None is not a number.
        two: of the second.
        seeds: the values of each run's siblings.

    Returns:
        ``seed_sd``: the standard deviation over seeds, of both runs' siblings together. ``by_seed_alone``: whether the
        difference lies within what 95 of 100 pairs of runs come to that differ in their seed only (Student's t). None
        of both where no siblings say.
    """
    difference = None if one is None or two is None else two - one
    free = sum(len(group) - 1 for group in seeds if group)
    found = {"first": one, "second": two, "difference": difference, "seeds": sum(map(len, seeds))}
    if difference is None or free < 1:
        return {**found, "seed_sd": None, "by_seed_alone": None}
    from scipy.special import stdtrit  # noqa: PLC0415 -- slow to import

    means = [sum(group) / len(group) for group in seeds if group]
    squares = sum((v - mean) ** 2 for group, mean in zip(filter(None, seeds), means, strict=True) for v in group)
    deviation = math.sqrt(squares / free)
    reach = float(stdtrit(free, 0.5 + COVERAGE / 2)) * math.sqrt(2) * deviation
    return {**found, "seed_sd": deviation, "by_seed_alone": abs(difference) <= reach}


def _words(found: Mapping[str, Any]) -> list[str]:
    """Return the kinds of things that differ: "the seed", "settings (lr)", "the code of training", ..."""
    settings = [name for name in found["settings"] if name != "seed"]
    words = ["the seed"] if "seed" in found["settings"] else []
    words += [f"settings ({', '.join(settings)})"] if settings else []
    words += ["the code of training"] if found["code"] and not found["code"]["same"] else []
    for name, said in (("data", "the data"), ("versions", "versions"), ("machine", "the machine")):
        if found[name]:
            words.append(f"{said} ({', '.join(found[name])})")
    return words


def compared(first: str | Path, second: str | Path) -> dict[str, Any]:
    """Return what differs between the runs in two folders (:func:`compare`)."""
    return compare(Run.at(first), Run.at(second))

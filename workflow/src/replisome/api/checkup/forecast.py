"""What a configuration takes on this machine: time, memory and disk, with an honest range, before anything runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from replisome import models
from replisome.api.checkup.speeds import Key, Speed, counts_of, key_of, probe_all, recorded, task_of
from replisome.api.checkup.workload import Jobs, Work
from replisome.config.budget import Budget
from replisome.config.catalogue import model_traits
from replisome.errors import ReplisomeError
from replisome.io import read_json
from replisome.tracking.durations import seconds_in
from replisome.training.optim import TrainingSettings
from replisome.training.signature import Sketch, signature_module

# By where a speed is from, how much less and how much more of it there may be: records are of other moments, probes of
# random data and a few steps, guesses of other settings of the model.
RANGE = {"recorded": (0.8, 1.5), "probed": (0.6, 2.0), "guessed": (0.3, 4.0)}
# Seconds a job where no benchmark is at hand, least and most: real data take longer to prepare and draw than controls.
SECONDS = {
    "download": (1, 120), "prepare": (2, 120), "pilot": (3, 12), "search": (1, 5), "train": (3, 12), "select": (1, 5),
    "evaluate": (3, 15), "explain": (3, 60), "summarise": (5, 60), "figures": (10, 180), "judge": (5, 60),
    "claims": (2, 10), "report": (3, 30),
}  # fmt: skip
SOLVED = 60.0  # seconds that a model which is solved takes, where nobody knows: from none to some minutes
PATIENT = 0.4  # of its budget that a run at least takes which may stop early
SEARCHED = 0.2  # of the runs that a search is about, how many at least go on to the end
PREDICTIONS = 3e6  # bytes that a tested run leaves, of all studies the most common
OF_RUN = 1e5  # bytes that any run leaves beside its weights


class Expected(NamedTuple):
    """Of the jobs of a stage that are left: how many, and their seconds one after the other, at least and at most."""

    stage: str
    left: int
    low: float
    high: float


class Forecast(NamedTuple):
    """What a configuration takes.

    Attributes:
        stages: in the order in which they run.
        low: seconds until all is done, at least.
        high: seconds until all is done, at most.
        longest: seconds of the longest run, at most.
        memory: bytes that a training job takes at most, as far as known.
        parameters: of the largest model; 0 where none could be counted.
        disk: bytes that will be written to the results.
        sources: how many runs' times are recorded, probed, guessed, or unknown.
        too_large: models that did not fit in memory when they were tried.
    """

    stages: Sequence[Expected]
    low: float
    high: float
    longest: float
    memory: int
    parameters: int
    disk: float
    sources: Mapping[str, int]
    too_large: Sequence[str]


class Kind(NamedTuple):
    """A piece of work, what its time depends on, and whether its recipe is prepared already."""

    work: Work
    key: Key | None
    sketch: Sketch | None
    prepared: bool = False


def sketch_of(work: Work, results: Path) -> Sketch | None:
    """Return what a recipe's data are like: from its folder where it is prepared, else as its study guesses."""
    implementation, recipe = work.study.settings["implementation"], work.study.recipe(work.recipe)
    module = signature_module(implementation)
    guess: Sketch | None = module.sketch(recipe) if module else None
    folder = results / work.study.name / work.recipe
    try:
        statistics, counts = read_json(folder / "stats.json"), counts_of(folder)
    except (ReplisomeError, KeyError, TypeError):
        return guess
    size = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    return Sketch(statistics, counts, size, guess.counted if guess else None)


def kinds_of(works: Iterable[Work], results: Path, folder: Path) -> list[Kind]:
    """Return pieces of work with what decides their time.

    Args:
        works: of a plan.
        results: where prepared recipes lie.
        folder: for files that are needed meanwhile.
    """
    sketches: dict[tuple[str, str], tuple[Sketch | None, models.DataSpec | None]] = {}
    found = []
    for work in works:
        name = (work.study.name, work.recipe)
        if name not in sketches:
            sketch = sketch_of(work, results)
            place = folder / "-".join(name)
            spec = task_of(work.study.settings["implementation"], sketch.statistics, place).data if sketch else None
            sketches[name] = sketch, spec
        sketch, spec = sketches[name]
        prepared = (results / work.study.name / work.recipe / "stats.json").is_file()
        found.append(Kind(work, key_of(work.run.settings, spec) if spec else None, sketch, prepared))
    return found


def speeds_for(kinds: Sequence[Kind], folders: Iterable[Path], seconds: float) -> dict[Key, Speed]:
    """Return the speed of each kind of run: recorded, else probed while there is time, else guessed from its like.

    Args:
        kinds: of the plan.
        folders: of results with records.
        seconds: for probes in all; 0: none.
    """
    known = recorded(folders)
    wanted: dict[Key, tuple[Mapping[str, Any], Sketch]] = {}
    for kind in sorted(kinds, key=_weight, reverse=True):
        if kind.key is not None and kind.sketch is not None and kind.key not in known:
            wanted.setdefault(kind.key, (kind.work.run.settings, kind.sketch))
    if seconds > 0:
        known |= dict(probe_all(wanted, seconds))
    for key in wanted.keys() - known.keys():
        alike = [s for other, s in known.items() if other[:2] == key[:2] and math.isfinite(s.train)]
        if not alike and model_traits(key[1]).kind != "network":
            known[key] = Speed(0.0, 0.0, 0, "guessed", SOLVED)
        elif alike:
            slowest = max(alike, key=lambda speed: speed.train)
            known[key] = slowest._replace(source="guessed", memory=max(speed.memory for speed in alike))
    return known


def _weight(kind: Kind) -> float:
    return kind.work.runs * _amounts(kind.work, kind.sketch)[0] if kind.sketch else 0.0


def _amounts(work: Work, sketch: Sketch) -> tuple[float, float, int]:
    """Return of one run the items that are trained on, the items that are scored, and the number of rounds."""
    config, items = work.run.settings, sketch.items
    curves = [split if split in items else "validation" for split in config["curves"]]
    scored = items["validation"] + sum(items["validation" if split == "train" else split] for split in curves)
    if model_traits(work.run.model).kind != "network":
        counted = sketch.counted or items["train"]
        return counted, counted + scored, 1
    batch = config["training"].get("batch_size", TrainingSettings().batch_size)
    ends = Budget.of(config["budget"]).ends(math.ceil(items["train"] / batch))
    passed = min(1.0, items["train"] / batch / math.ceil(items["train"] / batch))
    return ends[-1] * batch * passed, len(ends) * scored, len(ends)


def forecast(
    kinds: Sequence[Kind],
    speeds: Mapping[Key, Speed],
    jobs: Sequence[Jobs],
    per_job: Mapping[str, tuple[float, float]],
    cores: int,
) -> Forecast:
    """Return what a plan takes.

    Args:
        kinds: its training runs.
        speeds: by what decides them.
        jobs: by stage.
        per_job: seconds a job by stage, least and most, without what training and scoring add (:func:`seconds_a_job`).
        cores: jobs at a time.
    """
    low, high = {job.stage: 0.0 for job in jobs}, {job.stage: 0.0 for job in jobs}
    left = {job.stage: job.jobs - job.done for job in jobs}
    for stage, number in left.items():
        low[stage], high[stage] = (number * seconds for seconds in per_job[stage])
    sources = dict.fromkeys(("recorded", "probed", "guessed", "unknown"), 0)
    longest, memory, disk, largest, too_large = 0.0, 0, 0.0, 0, set()
    prepared: set[tuple[str, str]] = set()
    for kind in kinds:
        work, remaining = kind.work, kind.work.runs - kind.work.done
        speed = speeds.get(kind.key) if kind.key else None
        parameters = _parameters(kind)
        largest = max(largest, parameters)
        tested = min(work.tested, remaining)
        disk += remaining * (8 * parameters + OF_RUN) + tested * PREDICTIONS
        if kind.sketch and (work.study.name, work.recipe) not in prepared:
            prepared.add((work.study.name, work.recipe))
            disk += 0 if kind.prepared else kind.sketch.bytes
        if not remaining:
            continue
        if speed is None or kind.sketch is None or not math.isfinite(speed.train):
            sources["unknown"] += remaining
            too_large |= {work.run.model} if speed is not None else set()
            continue
        sources[speed.source] += remaining
        trained, scored, rounds = _amounts(work, kind.sketch)
        seconds = speed.fixed + trained * speed.train + scored * speed.score
        less, more = (factor * seconds for factor in RANGE[speed.source])
        share = PATIENT if work.run.settings["training"].get("patience") else 1.0
        if work.first_rounds:
            share *= work.first_rounds / rounds + SEARCHED
        low["train"] += remaining * less * min(1.0, share)
        high["train"] += remaining * more
        tests = (
            speed.score * (kind.sketch.items["validation"] + kind.sketch.items["test"]) * len(work.run.tested_weights)
        )
        if "evaluate" in low:
            low["evaluate"], high["evaluate"] = low["evaluate"] + tested * tests, high["evaluate"] + 3 * tested * tests
        longest = max(longest, more)
        memory = max(memory, speed.memory + (kind.sketch.bytes if speed.source == "probed" else 0))
    disk += cores * 16 * largest  # checkpoints of runs that are under way: weights, the best of them, two moments
    stages = [Expected(job.stage, left[job.stage], low[job.stage], high[job.stage]) for job in jobs]
    abreast = 1 if torch.cuda.is_available() else cores  # runs that share a GPU slow one another
    at_most = sum(e.high / (abreast if e.stage in ("train", "pilot") else cores) for e in stages) + longest
    at_least = max(sum(low.values()) / cores, longest * RANGE["recorded"][0] / 4)
    return Forecast(
        stages, min(at_least, at_most), at_most, longest, memory, largest, disk, sources, sorted(too_large)
    )  # fmt: skip


def _parameters(kind: Kind) -> int:
    """Return how many parameters a model has; it is built without its numbers. 0 where that cannot be done."""
    if kind.key is None or kind.sketch is None:
        return 0
    if kind.key not in _COUNTED:
        import tempfile  # noqa: PLC0415

        run = kind.work.run
        with tempfile.TemporaryDirectory() as folder:
            spec = task_of(kind.work.study.settings["implementation"], kind.sketch.statistics, Path(folder)).data
        try:
            with torch.device("meta"):
                model = models.build(run.model, spec, run.settings["hyperparameters"])
            _COUNTED[kind.key] = sum(weight.numel() for weight in model.parameters())
        except (ReplisomeError, RuntimeError, NotImplementedError):
            _COUNTED[kind.key] = 0
    return _COUNTED[kind.key]


_COUNTED: dict[Key, int] = {}


def seconds_a_job(folders: Iterable[Path]) -> dict[str, tuple[float, float]]:
    """Return the seconds that a job of each stage takes, least and most, apart from training and scoring.

    Args:
        folders: of results, whose benchmarks are of this machine or one like it; where there are none, of a laptop.
    """
    found: dict[str, list[float]] = {}
    for folder in folders:
        for file in folder.glob("benchmarks/*/**/*.tsv"):
            stage = file.relative_to(folder / "benchmarks").parts[0]
            if (seconds := seconds_in(file)) is not None:
                found.setdefault(stage, []).append(seconds)
    per_job = {stage: (float(low), float(high)) for stage, (low, high) in SECONDS.items()}
    for stage, took in found.items():
        if stage not in ("train", "pilot", "evaluate"):  # those depend on what is trained
            mean = sum(took) / len(took)
            per_job[stage] = (0.5 * mean, max(2 * mean, SECONDS.get(stage, (0, 0))[1] / 2))
    return per_job

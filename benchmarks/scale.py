"""How long plans of 5,000 and 23,424 runs take beside a bare workflow of as many jobs, and what comes after the runs.

    python -m benchmarks.scale 52     # proteins: 4,992 runs; 244 proteins are 23,424

A run is stood in for by files (:mod:`benchmarks.stand_ins`): what is measured is the planning, and the stages that
gather what all runs left. Seconds of processor time are printed beside those of the clock, which depend on who else
uses the machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.calls import BARE, measured, snakemake, write
from benchmarks.stand_ins import ask, plan_of, prepare_and_train
from replisome.tracking.record import processor

MODELS, SEEDS = ("bilstm", "cnn1d"), 3
GRID: dict[str, list[float]] = {"lr": [0.001, 0.0005], "dropout": [0.0, 0.25], "width": [64, 128], "depth": [1, 2]}
RESULTS = Path("results/demo")
BARE_WORKFLOW = """
STUDY = "results/demo/{study}/{recipe}"
RUN = STUDY + "/runs/{model}/{slug}/seed={seed}"
LOG = "train/{study}/{recipe}/{model}/{slug}/{seed}"


rule all:
    input:
        open("targets.txt").read().split(),


rule prepare:
    output:
        [f"{STUDY}/{name}" for name in ("train.parquet", "validation.parquet", "test.parquet", "stats.json")],
    shell:
        "touch {output}"


rule train:
    input:
        data=[STUDY + "/train.parquet", STUDY + "/validation.parquet"],
        stats=STUDY + "/stats.json",
    output:
        config=RUN + "/config.json",
        best=RUN + "/best.safetensors",
        last=RUN + "/last.safetensors",
        history=RUN + "/history.parquet",
        validation=RUN + "/validation.json",
        provenance=RUN + "/provenance.json",
    log:
        f"results/demo/logs/{LOG}.log",
    benchmark:
        f"results/demo/benchmarks/{LOG}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    shell:
        "touch {output}"
"""


def configuration(proteins: int, seeds: int = SEEDS, grid: Mapping[str, list[float]] = GRID) -> dict[str, Any]:
    """Return what is laid over demo.yaml: a grid for so many proteins."""
    control = {"source": {"control": "probes", "options": {"train": 600}}, "split": "course-deduplicated"}
    control |= {"encoding": "onehot", "normalisation": "training", "protocol": "sound"}
    recipes = [f"protein{number:03d}" for number in range(proteins)]
    experiment = {
        "recipes": recipes,
        "models": {model: {"grid": dict(grid)} for model in MODELS},
        "seeds": seeds,
        "budget": {"epochs": 2},
        "search": None,
    }
    others = ("attention", "encodings_sound", "proteins", "baselines")
    experiments = {"architectures": experiment, **dict.fromkeys(others)}
    changes = {"recipes": dict.fromkeys(recipes, control), "experiments": experiments}
    return {"studies": ["rnacompete"], "overrides": {"rnacompete": changes}}


PLAN = ("--dry-run", "--quiet", "rules", "progress")
NO_BUNDLES, BUNDLES = {"bundle": 0, "precision": "fp32"}, {"bundle": 50, "precision": "fp32"}


def compared(folder: Path, proteins: int, what: str, grid: Mapping[str, list[float]] = GRID) -> Iterator[str]:
    """Yield what a plan takes, with and without bundles, beside the bare workflow's."""
    content = configuration(proteins, grid=grid)
    write(folder, content, **NO_BUNDLES)
    bare = measured(snakemake(folder, *PLAN, ours=False))
    yield f"{what}, bare workflow: {bare}"
    for name, more in (("a job a run", NO_BUNDLES), ("bundles of 50", BUNDLES)):
        write(folder, content, **more)
        own = measured(snakemake(folder, *PLAN))
        ratio = f"{own.clock / bare.clock:.2f} times the clock, {own.processor / bare.processor:.2f} the processor"
        yield f"{what}, {name}: {own}; {ratio}"


def targets(folder: Path, proteins: int, *names: str, grid: Mapping[str, list[float]] = GRID) -> None:
    """Write what the bare workflow is asked for: these files of every run, those of other values among them."""
    slugs = [
        f"depth={depth}+dropout={dropout}+lr={lr}+width={width}"
        for depth in grid["depth"]
        for dropout in grid["dropout"]
        for lr in grid["lr"]
        for width in grid["width"]
    ]
    files = [
        f"{RESULTS}/rnacompete/protein{number:03d}/runs/{model}/{slug}/seed={seed}/{name}"
        for number in range(proteins)
        for model in MODELS
        for slug in slugs
        for seed in range(SEEDS)
        for name in names
    ]
    (folder / "targets.txt").write_text("\n".join(files), encoding="utf-8")


def stand_in(folder: Path, proteins: int) -> None:
    """Fill the results folder as if all runs had been trained, selected and asked."""
    small = folder / "small"
    small.mkdir()
    one = configuration(1, 1, {name: values[:1] for name, values in GRID.items()})
    write(small, one, **NO_BUNDLES)
    measured(snakemake(small, "summarise_rnacompete"))
    write(folder, configuration(proteins), **NO_BUNDLES)
    first, plan = (plan_of({**own, **NO_BUNDLES}, RESULTS) for own in (one, configuration(proteins)))
    prepare_and_train(first, plan, small / RESULTS, folder / RESULTS)
    measured(snakemake(folder, f"{RESULTS}/rnacompete/selection/architectures/selection.json"))
    ask(first, plan, small / RESULTS, folder / RESULTS)


def plans() -> Iterator[str]:
    """Time plans of a sweep that is not begun, beside the bare workflow's: 960 runs."""
    proteins = 10
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder, proteins)
        yield from compared(folder, proteins, f"plan of {proteins * 96} runs")


def begin(folder: Path, proteins: int) -> None:
    """Write the bare workflow and what it is asked for, the last file of each run."""
    (folder / BARE).write_text(BARE_WORKFLOW, encoding="utf-8")
    targets(folder, proteins, "validation.json")


def lines(folder: Path, proteins: int) -> Iterator[str]:
    """Yield a line a measurement."""
    begin(folder, proteins)
    yield from compared(folder, proteins, "fresh folder")
    began = time.perf_counter()
    stand_in(folder, proteins)
    yield f"(files that stand in for the runs: {time.perf_counter() - began:.0f} s)"
    for stage in ("summarise_rnacompete", "figures_rnacompete", "judge_rnacompete", "claims", "report"):
        yield f"{stage}: {measured(snakemake(folder, stage))}"
    targets(folder, proteins, "config.json", "history.parquet", "validation.json", "provenance.json")
    yield from compared(folder, proteins, "finished folder")
    changed = {**GRID, "lr": [0.001, 0.0007]}
    targets(folder, proteins, "validation.json", grid=changed)
    yield from compared(folder, proteins, "one value of the grid changed", changed)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proteins", type=int, nargs="?", default=52, help="96 runs each")
    parser.add_argument(
        "--folder", type=Path, help="an empty folder to work in, which is kept; otherwise a temporary one"
    )
    asked = parser.parse_args()
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    print(f"{date.today()}  {processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, n=1, {load}")
    print(f"{asked.proteins * 96:,} runs: {asked.proteins} proteins, {len(MODELS)} models, 16 points, {SEEDS} seeds")
    with tempfile.TemporaryDirectory() as name:
        folder = (asked.folder or Path(name)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for line in lines(folder, asked.proteins):
            print(line, flush=True)


if __name__ == "__main__":
    main()

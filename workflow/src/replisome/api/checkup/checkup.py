"""All that the doctor looks at, one after the other; each look that fails says so and stops none of the others."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from replisome.api.checkup import cluster, machine, places, sources, workload
from replisome.api.checkup.finding import Finding, size
from replisome.api.checkup.settings import read_configuration
from replisome.api.wording import duration
from replisome.config import loader
from replisome.config.plan import Plan
from replisome.data.new_source import counted
from replisome.errors import ReplisomeError

PROBE = 20.0  # seconds


class Asked(NamedTuple):
    """What the doctor is asked.

    Attributes:
        files: of the configuration, as for ``snakemake --configfile``.
        values: ``key=value``, as for ``snakemake --config``.
        probe: seconds in which to train a few steps of runs whose speed no record tells; 0: not at all.
        cores: jobs at a time, as for ``snakemake --cores``; None: all cores that there are.
        network: whether to ask addresses of files that must be fetched.
    """

    files: Sequence[Path] = ()
    values: Sequence[str] = ()
    probe: float = PROBE
    cores: int | None = None
    network: bool = True


def look(asked: Asked, here: Path) -> Iterator[tuple[str, Finding]]:
    """Yield what is found, each with the section that it belongs to.

    Args:
        asked: what to look at.
        here: the working directory, where Snakemake would be called.
    """
    copy = machine.copy_in_use(here)
    yield "Machine", copy
    root = machine.clone_of(here.resolve())
    for found in machine.packages(root or here) if root else ():
        yield "Machine", found
    for found in machine.devices():
        yield "Machine", found
    for found in cluster.slurm():
        yield "Machine", found
    if root is None or copy.state == "wrong":
        return
    yield "Machine", places.version_control(root)
    try:
        config = read_configuration(root, asked.files, asked.values)
        plan = loader.load(config, root)
    except ReplisomeError as error:
        yield (
            "Configuration",
            Finding("configuration", "wrong", str(error), "correct it; the rest cannot be told before"),
        )
        return
    yield "Configuration", _what(plan, config)
    yield from _of_configuration(plan, config, root, asked)


def _what(plan: Plan, config: Mapping[str, Any]) -> Finding:
    runs = sum(len(study.runs) for study in plan.studies.values())
    text = f"preset {config['preset']}: {', '.join(plan.studies)}; {counted(runs, 'run')} into {config['results_dir']}"
    return Finding("configuration", "ok", text + "".join(f"; {line}" for line in plan.left_out))


def _of_configuration(plan: Plan, config: Mapping[str, Any], root: Path, asked: Asked) -> Iterator[tuple[str, Finding]]:
    results, mirror = Path(config["results_dir"]), Path(config["mirror"]) if config["mirror"] else None
    for found in places.writable(config):
        yield "Places", found
    for found in places.occupied(root, results):
        yield "Places", found
    files = sources.needed(plan, config)
    for found in sources.at_hand(files, mirror):
        yield "Data", found
    if not files:
        yield "Data", Finding("raw files", "ok", "none are needed: all data are simulated")
    fetched = sources.to_fetch(files, mirror)
    if asked.network and fetched:
        for found in sources.reachable(fetched):
            yield "Data", found
    for found in _forecast(plan, results, len(files), asked):
        yield "What it takes", found


def _forecast(plan: Plan, results: Path, downloads: int, asked: Asked) -> Iterator[Finding]:
    from replisome.api.checkup import forecast as f  # noqa: PLC0415 -- torch

    cores = asked.cores or machine.cores()
    jobs = workload.jobs(plan, results, downloads)
    stages = ", ".join(f"{one.stage} {one.jobs:,}" + (f" ({one.done:,} done)" if one.done else "") for one in jobs)
    yield Finding("jobs", "ok", f"{sum(one.jobs for one in jobs):,} at most: {stages}")
    folders = sorted({path for path in (results, *results.parent.glob("*")) if (path / "benchmarks").is_dir()})
    with tempfile.TemporaryDirectory(prefix="replisome-doctor-") as folder:
        kinds = f.kinds_of(workload.work(plan, results), results, Path(folder))
        speeds = f.speeds_for(kinds, folders, asked.probe)
        found = f.forecast(kinds, speeds, jobs, f.seconds_a_job(folders), cores)
    yield from _in_words(found, cores, asked.probe)
    yield places.space(results, found.disk, "results (without downloads)")


def _in_words(found: Any, cores: int, probed: float) -> Iterator[Finding]:
    """Say a forecast: time, by stage too, and memory."""
    how = ", ".join(f"{number:,} {source}" for source, number in found.sources.items() if number) or "none left"
    text = f"{duration(found.low)} to {duration(found.high)} with --cores {cores} (times of training runs: {how})"
    if not sum(stage.left for stage in found.stages):
        yield Finding("time", "ok", "all results are there; whether they are up to date: snakemake --dry-run")
        return
    unknown, runs = found.sources["unknown"], sum(found.sources.values())
    if unknown:
        more = f"give probes more time (--probe-seconds {6 * probed:.0f})" if probed else "let it probe (--probe)"
        remedy = f"{more}, or ask again when some runs are finished"
        yield Finding("time", "warning", f"{text}; not counted: {unknown:,} of {runs:,} runs", remedy)
    else:
        yield Finding("time", "ok", text)
    largest = sorted(found.stages, key=lambda stage: -stage.high)[:4]
    parts = "; ".join(f"{e.stage} {duration(e.low)} to {duration(e.high)}" for e in largest if e.left)
    if parts:
        yield Finding(
            "where it goes", "ok", f"{parts}; on one core. The longest run takes up to {duration(found.longest)}"
        )
    total, _ = machine.memory()
    text = f"up to about {size(found.memory)} a training job; the largest model has {found.parameters:,} parameters"
    if found.too_large:
        remedy = "set training.micro_batch, or use a larger machine"
        yield Finding("memory", "warning", f"too little to train {', '.join(found.too_large)}", remedy)
    elif found.memory * cores > total:
        fit = max(1, int(total // found.memory))
        text += f", of which {cores} at a time do not fit in {size(total)}"
        yield Finding("memory", "warning", text, f"snakemake --cores {fit}")
    elif found.memory:
        yield Finding("memory", "ok", text)

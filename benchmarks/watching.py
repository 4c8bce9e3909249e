"""How much of a core `replisome watch` takes to show a sweep of a thousand runs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from replisome.api.sweeps.sweep import Sweep
from replisome.commands.watch import follow
from replisome.tracking.sweep_plan import PlannedJob, SweepPlan

RUNS, DONE, RUNNING = 1_000, 300, 100
SECONDS, INTERVAL = 10.0, 2.0
LINE = (
    "epoch {}/100  step 1,000  loss 0.7063  validation accuracy 0.8413 (best 0.8500 at 1)  1,229 items/s  2.0 min left"
)
# The runs that train write a line every other second, as jobs do: in a process of its own.
WRITER = """
import sys, time
for epoch in range(1000):
    for name in sys.argv[2:]:
        with open(name, "a") as log:
            log.write(sys.argv[1].format(epoch) + "\\n")
    time.sleep(2)
"""


def share_of_a_core() -> Iterator[str]:
    """Time what the command uses of a core while a hundred of a thousand runs train, and the first look."""
    with tempfile.TemporaryDirectory() as name, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        running = _stubs(Path(name))
        writer = subprocess.Popen([sys.executable, "-c", WRITER, LINE, *map(str, running)])
        try:
            console = Console(file=nowhere, force_terminal=True, width=120, height=50)
            began = time.process_time()
            sweep = Sweep(Path(name))
            sweep.look()
            first = time.process_time() - began
            began = time.process_time()
            follow(sweep, console, INTERVAL, SECONDS)
            share = (time.process_time() - began) / SECONDS
        finally:
            writer.kill()
            writer.wait()
    yield (
        f"watch, {RUNS:,} runs, {RUNNING} of them training: {share:.1%} of a core at a look every {INTERVAL:.0f} s "
        f"(bar 5 %), {first:.2f} s for the first look"
    )


def _stubs(results: Path) -> list[Path]:
    """Write a sweep as it lies in a results folder; return the logs of the runs that train."""
    names = [f"train/study/recipe/model/lr={run % 100}/{run // 100}" for run in range(RUNS)]
    jobs = {name: PlannedJob(f"{name}/provenance.json", True) for name in names}
    SweepPlan(0.0, ("study",), jobs).write(results)
    for number, name in enumerate(names[: DONE + RUNNING]):
        log = results / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("model on cpu, 32-true, 960 items\n" + LINE.format(1) + "\n", encoding="utf-8")
        if number < DONE:
            for file, text in ((f"{name}/provenance.json", "{}"), (f"benchmarks/{name}.tsv", "s\n60.0\n")):
                path = results / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    return [results / "logs" / f"{name}.log" for name in names[DONE : DONE + RUNNING]]

"""What a machine with a GPU is asked once: speeds against a plain loop, and what recorded steps change (nothing).

    python -m benchmarks.devices --out FOLDER

prints tables and writes devices.json. Where there is no GPU it times the CPU alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.cases import BATCH, CASES, Case
from benchmarks.steps import best, plain_at_its_best, resident_loop
from benchmarks.sweeps import NAMES, Row, precisions
from replisome.io import write_json
from replisome.tracking.record import processor
from replisome.training import seeds
from replisome.training.bf16_speed import clearly_faster, measure
from replisome.training.optim import TrainingSettings, make_optimiser, make_schedule
from replisome.training.precision import Arithmetic, Precision, forbid_tf32, has_bf16
from replisome.training.predict import to_device
from replisome.training.steps import make_step

STEPS = 40  # that weights are compared after, a partial batch in every pass among them
SHORT = 0.7  # seconds of a figure: a machine with a GPU is lent for minutes
ON_TWO_CORES = """
from benchmarks.sweeps import on_cpu
for row in on_cpu({!r}, 2, 1.0):
    print(*row, sep="|", flush=True)
"""


def on_gpu(name: str) -> Iterator[Row]:
    """Yield a case's steps in each precision, as they are and recorded."""
    case = CASES[name]()
    plain = plain_at_its_best(case, 2, SHORT)
    for precision in precisions():
        for graphs in (False, True):
            how = f"a step in {NAMES[precision]}{', recorded' if graphs else ''}"
            items = best(lambda p=precision, g=graphs: resident_loop(case, p, graphs=g, seconds=SHORT), 2)  # type: ignore[misc]
            yield Row(case.name, case.unit, how, items, plain)


def weights(case: Case, precision: Precision, graphs: bool) -> dict[str, Tensor]:
    """Return a network's weights after some steps with a schedule, clipping, and partial batches among them."""
    forbid_tf32()
    torch.set_num_threads(1)
    arithmetic = Arithmetic.here(precision)
    settings = TrainingSettings(batch_size=BATCH, schedule="one_cycle", clip_norm=1.0, graphs=graphs)
    with tempfile.TemporaryDirectory() as folder:
        task = case.task(Path(folder))
        model = to_device(case.network(task), arithmetic.device, task.memory_format).train()
    seeds.start(0)
    split, optimiser = case.split(arithmetic.device), make_optimiser(model.parameters(), settings)
    schedule = make_schedule(optimiser, settings, STEPS)
    take = make_step(model, task, optimiser, settings, arithmetic)
    items = torch.arange(5 * BATCH + BATCH // 2, device=arithmetic.device)
    passes = [part for _ in range(STEPS) for part in torch.split(items, BATCH)]
    for part in passes[:STEPS]:
        take(*split.batch(part))
        schedule.step()
    return {key: value.detach().cpu() for key, value in model.state_dict().items()}


def apart(first: dict[str, Tensor], second: dict[str, Tensor]) -> float:
    """Return the largest difference of any weight."""
    return max(float((first[key].double() - second[key].double()).abs().max()) for key in first)


def differences(name: str) -> dict[str, float]:
    """Return how far a case's weights are apart: the same twice, recorded or not, and in the other precision."""
    case, found = CASES[name](), {}
    plain: dict[Precision, dict[str, Tensor]] = {}
    for precision in precisions():
        plain[precision] = weights(case, precision, graphs=False)
        found[f"{NAMES[precision]}, twice"] = apart(plain[precision], weights(case, precision, graphs=False))
        found[f"{NAMES[precision]}, recorded"] = apart(plain[precision], weights(case, precision, graphs=True))
    if len(plain) > 1:
        found["bf16 and fp32"] = apart(plain["32-true"], plain["bf16-mixed"])
    return found


def sweep_on_two_cores(name: str) -> list[Row]:
    """Return a case's figures on two cores, with no GPU to be seen, in a process of its own."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("OMP_NUM_THREADS", None)
    taskset = ["taskset", "-c", "0,1"] if sys.platform == "linux" and (os.cpu_count() or 1) > 2 else []
    command = [*taskset, sys.executable, "-c", ON_TWO_CORES.format(name)]
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    parts = [line.split("|") for line in done.stdout.splitlines()]
    return [Row(case, unit, how, float(items), float(plain)) for case, unit, how, items, plain in parts]


def main() -> None:
    """Measure in the order of what matters most, print as it comes, and keep all that there is after each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=400, help="begin nothing new after so long")
    options = parser.parse_args()
    began = time.monotonic()
    cuda = torch.cuda.is_available()
    device = Arithmetic.here("32-true").device
    name = torch.cuda.get_device_name() if cuda else "no GPU"
    found: dict[str, Any] = {
        **{"device": name, "processor": processor(), "torch": torch.__version__, "python": platform.python_version()},
        **{"bf16_on_the_device": has_bf16(device), "bf16_on_the_cpu": has_bf16(torch.device("cpu"))},
        **{"probe": {}, "rows": [], "differences": {}, "sweeps": [], "failed": {}},
    }
    print(*(f"{key}: {value}" for key, value in list(found.items())[:6]), sep="\n", flush=True)

    def attempt(what: str, part: Callable[[], None]) -> None:
        if time.monotonic() - began > options.seconds:
            found["failed"][what] = "no time was left"
        else:
            try:
                part()
            except Exception:  # one part less is better than none
                found["failed"][what] = traceback.format_exc()
                print(f"{what} failed:\n{found['failed'][what]}", flush=True)
        write_json(options.out / "devices.json", found)

    def probe() -> None:
        torch.set_num_threads(1)
        for kind in ["cuda", "cpu"] if cuda else ["cpu"]:
            if has_bf16(torch.device(kind)):
                seconds = measure(torch.device(kind))
                found["probe"][kind] = {
                    "seconds_a_step": seconds,
                    "bf16": {name: clearly_faster(one) for name, one in seconds.items()},
                }
                print(f"probe {kind}: {found['probe'][kind]}", flush=True)

    def rows(case: str) -> None:
        for row in on_gpu(case):
            found["rows"].append({**row._asdict(), "ratio": row.ratio})
            print(row, flush=True)

    def compared(case: str) -> None:
        found["differences"][case] = differences(case)
        print(f"{case}, largest difference of a weight after {STEPS} steps: {found['differences'][case]}", flush=True)

    def swept(case: str) -> None:
        for row in sweep_on_two_cores(case):
            found["sweeps"].append({**row._asdict(), "ratio": row.ratio})
            print(f"two cores: {row}", flush=True)

    attempt("probe", probe)
    for case in CASES if cuda else ():
        attempt(f"differences of {case}", lambda c=case: compared(c))  # type: ignore[misc]
        attempt(f"steps of {case}", lambda c=case: rows(c))  # type: ignore[misc]
    for case in CASES:
        attempt(f"sweep of {case}", lambda c=case: swept(c))  # type: ignore[misc]
    print(f"{time.monotonic() - began:.0f} s; failed: {list(found['failed']) or 'nothing'}", flush=True)


if __name__ == "__main__":
    main()

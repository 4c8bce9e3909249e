"""Say once for a results folder in which numbers its runs train, where their settings leave it open.

The answer is a file of its own with nothing but the answer in it: it goes into the record of every run that it decides,
and a second look at the clock, which would say something else, changes none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from replisome.io import read_json, write_json
from replisome.tracking.record import Record
from replisome.training import seeds
from replisome.training.bf16_speed import CLEARLY, clearly_faster, measure
from replisome.training.precision import LAYERS, forbid_tf32, has_bf16, job_device


def run(settings: Path, out: Path, threads: int) -> None:
    """Write the answer beside ``out``, called like it: fp32 or bf16 by kind of layer; in ``out`` timings and a record.

    It is bf16 only where this device has it in hardware, and steps of that kind are clearly faster with it.

    Args:
        settings: ``kind``, for which jobs is asked: ``gpu`` for those that ask for one, ``cpu`` for the others.
        out: the folder of timings, such as ``precision/cpu``; the answer is ``precision/cpu.json``.
        threads: of torch.

    Raises:
        ReplisomeError: this job has a GPU that does not work.
    """
    identity: dict[str, Any] = read_json(settings)
    record = Record("probe", identity)
    torch.set_num_threads(threads)
    seeds.start(0)
    forbid_tf32()
    device = job_device()
    able = has_bf16(device)
    seconds = measure(device) if able else {}  # where it is emulated nothing needs to be measured
    answer = {kind: "bf16" if able and clearly_faster(seconds[kind]) else "fp32" for kind in LAYERS}
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    about = {"device": name, "in_hardware": able, "clearly": CLEARLY, "seconds_a_step": seconds}
    write_json(out / "timings.json", about)
    write_json(out.with_suffix(".json"), answer)
    record.write(out / "provenance.json", also=[out.with_suffix(".json")], device=name, threads=threads)
    for kind, one in seconds.items():
        print(f"{kind}: bf16 takes {one['bf16'] * 1e3:.2f} ms a step, fp32 {one['fp32'] * 1e3:.2f}", flush=True)
    has = "has bf16" if able else "has no bf16 of its own"
    chosen = ", ".join(f"{kind} {precision}" for kind, precision in answer.items())
    print(f"{name} {has}; runs whose precision is auto train in: {chosen}", flush=True)

"""The machine: which copy of replisome runs, with which packages, on what it computes, in which numbers."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from replisome import __version__
from replisome.api.checkup.finding import Finding, size
from replisome.tracking.introspect import ROOT as PACKAGE
from replisome.tracking.record import processor

PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;#]+)")


def clone_of(folder: Path) -> Path | None:
    """Return the clone of the workflow that a folder lies in; None where it lies in none."""
    for place in (folder, *folder.parents):
        if (place / "Snakefile").is_file() and (place / "workflow" / "src" / "replisome").is_dir():
            return place
    return None


def copy_in_use(here: Path, package: Path = PACKAGE) -> Finding:
    """Say whether this command is of the clone that it is called in, whose source the workflow's rules use.

    Args:
        here: the working directory.
        package: the folder of the package that runs.
    """
    about = "copy of replisome"
    clone, own = clone_of(here.resolve()), clone_of(package.resolve())
    if clone is None:
        where = f"; cd {own}" if own else ""
        return Finding(
            about, "warning", f"version {__version__} of {package}; {here} is in no clone of the workflow",
            f"call it where you call snakemake{where}",
        )  # fmt: skip
    if own != clone:
        return Finding(
            about, "wrong",
            f"this command is {package}, but rules of the workflow here run {clone / 'workflow/src/replisome'}",
            f"call the copy of this clone: `make setup` in {clone}, then its .venv/bin/replisome; or "
            f"PYTHONPATH={clone / 'workflow/src'} python -m replisome doctor",
        )  # fmt: skip
    return Finding(about, "ok", f"version {__version__} of {clone}, whose rules use the same source")


def packages(root: Path) -> Iterator[Finding]:
    """Compare Python and the packages here with the pins of a clone's ``envs``."""
    yield Finding("Python", "ok", f"{platform.python_version()} in {sys.prefix}")
    missing, other, same = [], [], 0
    for name, pinned in _pins(root / "envs" / "requirements.txt"):
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(f"{name} {pinned}")
            continue
        same += installed.partition("+")[0] == pinned
        if installed.partition("+")[0] != pinned:
            other.append(f"{name} {installed} (pinned: {pinned})")
    if missing:
        yield Finding("packages", "wrong", f"not installed: {', '.join(missing)}", "make setup")
    if other:
        yield Finding(
            "packages", "warning", f"other versions than tested: {', '.join(other)}", "make setup installs the pins"
        )
    if not missing and not other:
        yield Finding("packages", "ok", f"{same} packages are those of envs/requirements.txt, torch among them")


def _pins(file: Path) -> Iterator[tuple[str, str]]:
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            if found := PIN.match(line):
                yield found[1], found[2]


def cores() -> int:
    """Return how many cores this process may use, as far as the system says."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def memory() -> tuple[int, int]:
    """Return the machine's memory and what of it is free, in bytes; free is all where the system does not say."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        free = total
    return total, free


def devices() -> Iterator[Finding]:
    """Say on what and in which numbers networks are trained here."""
    import torch  # noqa: PLC0415 -- slow, and not every check needs it

    from replisome.training.precision import Arithmetic, forbid_tf32, has_bf16, tf32_allowed  # noqa: PLC0415

    total, free = memory()
    yield Finding(
        "CPU",
        "ok",
        f"{cores()} cores of {processor()} ({platform.machine()}), {size(total)} of memory, {size(free)} free",
    )
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for number in range(gpus):
        name = torch.cuda.get_device_name(number)
        left, whole = torch.cuda.mem_get_info(number)
        state = "ok" if left > whole / 2 else "warning"
        yield Finding(
            f"GPU {number}", "ok" if state == "ok" else "warning",
            f"{name}, {size(whole)} of memory, {size(left)} free",
            "" if state == "ok" else "another program holds most of it: nvidia-smi",
        )  # fmt: skip
    if not gpus:
        built = torch.version.cuda
        yield Finding(
            "GPU",
            "ok",
            f"none that torch {torch.__version__} sees"
            + (f" (built for CUDA {built})" if built else " (a build for CPUs)"),
        )
    forbid_tf32()
    able = has_bf16(Arithmetic.here("32-true").device)
    auto = "bf16 if a probe finds it faster, once a results folder" if able else "fp32: bf16 would be emulated here"
    yield Finding("precision", "ok", f"protocol reported: fp32; auto: {auto}; scores and tests always fp32")
    yield Finding(
        "TF32", "ok" if not tf32_allowed() else "warning", "off: fp32 is fp32" if not tf32_allowed() else "is on"
    )

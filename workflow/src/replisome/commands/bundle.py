"""Work through a bundle: calls of stages one after the other in one process, as jobs of their own would make them.

Libraries are imported once, and data that several runs share are loaded once. Each call keeps its own folder, log,
checkpoint, record and key. What is finished is passed over, so that a bundle that was cut off goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType

from replisome.commands import stage
from replisome.errors import ReplisomeError
from replisome.io import write_json, write_text
from replisome.tracking import lease
from replisome.tracking.bundles import Bundle, is_finished, read_bundle
from replisome.tracking.digests import Digests
from replisome.tracking.record import forget_peak_memory, peak_memory
from replisome.training.gpu_share import gpu_for_all

TOLD_TO_STOP = 128 + signal.SIGTERM
NUMBER = struct.Struct("<i")  # how a member's number goes through a pipe
BENCHMARK = ("s", "h:m:s", "max_rss", "max_vms", "max_uss", "max_pss", "io_in", "io_out", "mean_load", "cpu_time")


def main(arguments: Sequence[str]) -> int:
    """Read the command line, as the workflow's rule writes it, and work through the bundle; returns the exit code."""
    parser = argparse.ArgumentParser(prog="replisome bundle", description=__doc__)
    parser.add_argument("--members", required=True, type=Path, help="the bundle's file, which the workflow writes")
    parser.add_argument("--done", required=True, type=Path, help="written once all members are finished")
    parser.add_argument("--turns", type=int, metavar="PIPE", help="call the members whose numbers come out of a pipe")
    options = parser.parse_args(arguments)
    try:
        if options.turns is not None:
            return take_turns(options.members, options.turns)
        return work_through(options.members, options.done)
    except ReplisomeError as error:
        print(f"replisome bundle: error: {error}", file=sys.stderr)
        return error.exit_code


def work_through(path: Path, done: Path) -> int:
    """Call all members of a bundle and write ``done`` once all are finished.

    Args:
        path: of the bundle.
        done: is written at the end, unless a member failed.

    Returns:
        0: all are finished. 1: some failed. 143: told to stop; what was under way is saved, and goes on next time.
    """
    bundle = read_bundle(path)
    with gpu_for_all(waits=bundle.resources.get("gpu", 0) > 0):  # one for all members: torch looks for it once
        return _work_through(bundle, path, done)


def _work_through(bundle: Bundle, path: Path, done: Path) -> int:
    began = time.monotonic()
    order = _order(bundle, path)
    parallel = min(bundle.parallel, len(order))
    outcomes = _side_by_side(path, done, order, parallel) if parallel > 1 else None
    if outcomes is None:
        outcomes = {}
        for number in order:
            outcomes[number] = _call(bundle, number, path)
            if outcomes[number] == TOLD_TO_STOP:
                break
    if TOLD_TO_STOP in outcomes.values():
        print(f"told to stop (SIGTERM): {sum(code == 0 for code in outcomes.values())} of {len(order)} are finished; "
              "the same command goes on from there.", flush=True)  # fmt: skip
        return TOLD_TO_STOP
    failed = [bundle.members[number] for number in order if outcomes.get(number, 1) != 0]
    for member in failed:
        print(f"replisome bundle: error: {member.folder}: failed; its log is {member.log}", file=sys.stderr)
    if failed:
        print(f"{len(failed)} of {len(order)} failed; the others are finished and are kept.", file=sys.stderr)
        return 1
    write_json(done, {"members": len(order), "seconds": round(time.monotonic() - began, 3)})
    return 0


def take_turns(path: Path, pipe: int) -> int:
    """Call the members of a bundle whose numbers come out of a pipe, which other processes read from too.

    Args:
        path: of the bundle.
        pipe: a file descriptor.

    Returns:
        As :func:`work_through`.
    """
    bundle = read_bundle(path)
    worst = 0
    while len(found := os.read(pipe, NUMBER.size)) == NUMBER.size:
        (number,) = NUMBER.unpack(found)
        code = _call(bundle, number, path)
        print(f"{number} {code}", flush=True)
        if code == TOLD_TO_STOP:
            return code
        worst = max(worst, code)
    return worst


def _side_by_side(path: Path, done: Path, order: list[int], parallel: int) -> dict[int, int]:
    """Call members in several processes that take the next one each from one pipe; return by number how each ended."""
    reads, writes = os.pipe()
    command = [sys.executable, "-m", "replisome", "bundle", "--members", str(path), "--done", str(done)]
    workers = [
        subprocess.Popen([*command, "--turns", str(reads)], pass_fds=[reads], stdout=subprocess.PIPE, text=True)
        for _ in range(parallel)
    ]

    def pass_on(number: int, frame: FrameType | None) -> None:
        for worker in workers:
            worker.send_signal(number)

    before = signal.signal(signal.SIGTERM, pass_on)
    os.close(reads)
    with suppress(BrokenPipeError):  # all of them have died
        for number in order:  # a pipe holds 64 KiB; who writes more waits until some are taken
            os.write(writes, NUMBER.pack(number))
    os.close(writes)
    outcomes: dict[int, int] = {}
    for worker in workers:
        said, _ = worker.communicate()
        outcomes |= {int(number): int(code) for number, code in (line.split() for line in said.splitlines())}
        if worker.returncode in (TOLD_TO_STOP, -signal.SIGTERM):
            outcomes.setdefault(-1, TOLD_TO_STOP)
    signal.signal(signal.SIGTERM, before)
    return outcomes


def _order(bundle: Bundle, path: Path) -> list[int]:
    """Return the members' numbers, those last that were under way when an earlier attempt died: they may kill again."""
    fatal = {int(mark.suffix[1:]) for mark in path.parent.glob(f"{path.stem}.now.*")}
    return sorted(range(len(bundle.members)), key=lambda number: number in fatal)


def _call(bundle: Bundle, number: int, path: Path) -> int:
    """Call one member, unless it is finished, and return how it ended."""
    member = bundle.members[number]
    if is_finished(member, _DIGESTS.of_input, path.stat().st_mtime if bundle.redo else 0.0):
        print(f"{member.folder}: is finished", file=sys.stderr, flush=True)
        return 0
    mark = path.with_name(f"{path.stem}.now.{number}")
    mark.touch()
    forget_peak_memory()
    began, used = time.monotonic(), time.process_time()
    with _said_in(Path(member.log), anew=not lease.found(Path(member.folder))[1]):
        for file, text in member.writes.items():
            write_text(Path(file), text)
        code = _guarded([member.stage, *member.arguments])
    seconds = time.monotonic() - began
    mark.unlink(missing_ok=True)
    print(f"{member.folder}: {'done' if code == 0 else 'failed'} in {seconds:.1f} s", file=sys.stderr, flush=True)
    if code == 0:
        load = 100 * (time.process_time() - used) / max(seconds, 1e-9)
        _write_benchmark(Path(member.benchmark), seconds, load, time.process_time() - used)
    return code


_DIGESTS = Digests(Path(os.devnull))  # of this process; what runs share is hashed once


def _guarded(words: list[str]) -> int:
    """Call a stage; an error that is a mistake of ours ends this member and no other."""
    try:
        return stage.main(words)
    except SystemExit as told:  # by SIGTERM, while nothing was there to be saved
        return int(told.code) if isinstance(told.code, int) else 1
    except Exception:
        sys.excepthook(*sys.exc_info())
        return 1


@contextmanager
def _said_in(log: Path, anew: bool) -> Iterator[None]:
    """Let all that is said, by libraries in C too, go to a log, which is not begun anew while another has it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = os.dup(1), os.dup(2)
    if anew:
        log.unlink(missing_ok=True)
    with log.open("a", encoding="utf-8", buffering=1) as handle:
        for number in (1, 2):
            os.dup2(handle.fileno(), number)
        try:
            with redirect_stdout(handle), redirect_stderr(handle):
                yield
        finally:
            for number, before in enumerate(kept, start=1):
                os.dup2(before, number)
                os.close(before)


def _write_benchmark(path: Path, seconds: float, load: float, used: float) -> None:
    """Write what Snakemake's ``benchmark`` would, as far as a process can tell of itself."""
    values = {
        "s": f"{seconds:.4f}",
        "h:m:s": str(timedelta(seconds=round(seconds))),
        "max_rss": f"{peak_memory() / 2**20:.2f}",
        "mean_load": f"{load:.2f}",
        "cpu_time": f"{used:.2f}",
    }
    write_text(path, "\t".join(BENCHMARK) + "\n" + "\t".join(values.get(name, "NA") for name in BENCHMARK) + "\n")

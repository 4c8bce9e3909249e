"""Jobs that are started twice, killed, or side by side on a machine with several GPUs."""

import copy
import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tiny_workflow import TINY, Workflow

from replisome.tracking.lease import FILE

RUNS = "results/demo/bloodmnist/control/runs/cnn"
SLUGS = ("head=logits+lr=0.003+pool=max", "head=softmax+lr=0.003+pool=max")
PATIENCE = 120  # seconds; what is waited for takes a few
LONG = copy.deepcopy(TINY)
LONG["bloodmnist"]["experiments"]["variants"]["budget"] = {"epochs": 10}
LAST_EPOCH = "epoch 10/10"


def record_of(slug: str) -> str:
    return f"{RUNS}/{slug}/seed=0/provenance.json"


def log_of(workflow: Workflow, slug: str) -> str:
    path = workflow.root / f"results/demo/logs/train/bloodmnist/control/cnn/{slug}/0.log"
    return path.read_text() if path.exists() else ""


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@contextmanager
def paused(lease: Path) -> Iterator[int]:
    """Stop the process that takes a lease as soon as it has, until the end of the context; gives its number."""
    wait_for(lease.exists)
    pid = int(json.loads(lease.read_text())["pid"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def call(workflow) -> Iterator[Callable]:
    """Start snakemake on the copy; what still runs at the end is killed."""
    calls = []

    def start(*arguments: str):
        calls.append(workflow.start(*arguments, overrides=LONG))
        return calls[-1]

    yield start
    for one in calls:
        with suppress(ProcessLookupError):  # jobs outlive a controller that was killed
            os.killpg(one.pid, signal.SIGKILL)
        one.wait()
        one.stdout.close()


def test_a_run_that_goes_on_after_its_controller_was_killed_is_waited_for_and_kept(workflow, call, tmp_path):
    record = workflow.root / record_of(SLUGS[0])
    locks, marks = workflow.root / ".snakemake" / "locks", workflow.root / ".snakemake" / "incomplete"
    first = call(record_of(SLUGS[0]))
    with paused(record.with_name(FILE)):
        first.kill()
        first.wait()
        shutil.rmtree(locks)  # as --unlock does
        shutil.copytree(marks, tmp_path / "marks")
        second = call(record_of(SLUGS[0]))
        wait_for(lambda: "another process writes to this folder" in log_of(workflow, SLUGS[0]))
    said, _ = second.communicate()
    assert second.returncode == 0, said
    log = log_of(workflow, SLUGS[0])
    assert log.count(LAST_EPOCH) == 1
    assert "finished by another process from the same settings, code and inputs; kept." in log
    # As where the run had ended before the second call began: marked as half done, and whole by its own record.
    shutil.copytree(tmp_path / "marks", marks, dirs_exist_ok=True)
    assert list(marks.iterdir())
    assert workflow.pending(record_of(SLUGS[0]), overrides=LONG) == {}


def test_jobs_side_by_side_have_a_gpu_each_and_one_that_is_killed_names_the_keys(workflow, call, monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("REPLISOME_GPUS", "GPU-a,GPU-b")
    monkeypatch.setenv("REPLISOME_GPU_LOCKS", str(tmp_path / "locks"))
    leases = [workflow.root / record_of(slug).replace("provenance.json", FILE) for slug in SLUGS]
    both = call(*map(record_of, SLUGS), "--keep-going")
    with paused(leases[0]), paused(leases[1]) as pid:
        pass  # both hold their folders at the same time
    wait_for(lambda: all("one of 2" in log_of(workflow, slug) for slug in SLUGS))
    os.kill(pid, signal.SIGKILL)
    said, _ = both.communicate()
    assert both.returncode == 1
    taken = [re.search(r"^GPU (GPU-.), one of 2$", log_of(workflow, slug), re.MULTILINE)[1] for slug in SLUGS]
    assert sorted(taken) == ["GPU-a", "GPU-b"]
    for text in (said, log_of(workflow, SLUGS[1])):
        assert f"process {pid}, since" in text
        assert "killed from outside, or crashed. Most likely memory ran out" in text
        assert "--set-resources train:mem_mb=N" in text
    assert leases[0].with_name("provenance.json").exists()
    assert not leases[1].with_name("best.safetensors").exists()

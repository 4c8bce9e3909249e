"""Which GPU a job takes: told from lists, with locks of real processes and no GPU at all."""

import os
import subprocess
import sys
from contextlib import ExitStack

import pytest

from replisome.errors import ReplisomeError
from replisome.training import gpu_share
from replisome.training.gpu_share import LISTED, LOCKS, SHARE, VISIBLE, Gpu, gpus_to_share, own_gpu, parse_list, visible

HOLDS = """
import os, sys, time
from replisome.training.gpu_share import own_gpu
with own_gpu():
    print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    time.sleep(600)
"""


@pytest.fixture
def two(monkeypatch, tmp_path):
    """A machine with two GPUs, and locks of this test's own."""
    for name in (VISIBLE, SHARE, "SLURM_JOB_ID", "SLURM_STEP_GPUS", "SLURM_JOB_GPUS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(LISTED, "GPU-a,GPU-b")
    monkeypatch.setenv(LOCKS, str(tmp_path))
    monkeypatch.setattr(gpu_share, "_nvidia_smi", lambda *arguments: "")
    return monkeypatch


def test_jobs_spread_over_the_gpus_and_leave_the_environment_as_it_was(two):
    with ExitStack() as jobs:
        taken = []
        for _ in range(4):
            taken.append(jobs.enter_context(own_gpu()))
            assert os.environ.pop(VISIBLE) == taken[-1]  # the next job is another process
    assert sorted(taken[:2]) == sorted(taken[2:]) == ["GPU-a", "GPU-b"]
    assert VISIBLE not in os.environ


def test_who_is_killed_leaves_its_gpu_to_others(two):
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True) as job:
        said, name = job.stdout.readline(), job.stdout.readline().strip()
        assert said == f"GPU {name}, one of 2\n"
        with own_gpu() as other:
            assert {name, other} == {"GPU-a", "GPU-b"}
        job.kill()
        job.wait(10)
        with own_gpu() as first:
            assert first == "GPU-a"


def test_a_job_that_asks_for_a_gpu_waits_for_its_share_and_one_that_does_not_goes_on(two, capsys):
    two.setenv(LISTED, "GPU-a")
    two.setenv(SHARE, "1")
    first = ExitStack()
    assert first.enter_context(own_gpu(waits=True)) == "GPU-a"
    del os.environ[VISIBLE]
    with own_gpu() as unasked:
        assert unasked == "GPU-a"
    two.setattr(gpu_share.time, "sleep", lambda seconds: first.close())
    with own_gpu(waits=True) as second:
        assert second == "GPU-a"
    assert "all 1 GPUs have 1 jobs (jobs_per_gpu); waiting" in capsys.readouterr().err


def test_of_gpus_with_equally_many_jobs_the_one_that_other_users_leave_alone_is_taken(two):
    two.setattr(gpu_share, "_nvidia_smi", lambda *arguments: "GPU-a\nGPU-a\n")
    with own_gpu() as name:
        assert name == "GPU-b"


@pytest.mark.parametrize(
    ("variable", "names"),
    [
        (None, ["GPU-a", "GPU-b"]),
        ("1", ["1"]),
        ("0,1", ["0", "1"]),
        ("GPU-b", ["GPU-b"]),
        ("MIG-1,MIG-2", ["MIG-1", "MIG-2"]),
        ("-1", []),
        ("NoDevFiles", []),
        ("1,-1,0", ["1"]),
    ],
)
def test_of_the_gpus_that_the_user_names_one_is_taken_under_that_name(variable, names):
    assert [gpu.entry for gpu in visible(variable, ["GPU-a", "GPU-b"])] == names


def test_two_names_of_one_gpu_are_one(two):
    assert visible("1", ["GPU-aa", "GPU-bb"]) == [Gpu("1", "GPU-bb")]
    assert visible("GPU-b", ["GPU-aa", "GPU-bb"]) == [Gpu("GPU-b", "GPU-bb")]


@pytest.mark.parametrize(
    ("environment", "taken"),
    [
        ({VISIBLE: ""}, None),
        ({VISIBLE: "1", "SLURM_JOB_GPUS": "3"}, None),
        ({VISIBLE: "0,1", "SLURM_JOB_GPUS": "2,3"}, "0"),
        ({VISIBLE: "1"}, "1"),
        ({LISTED: "", VISIBLE: "-1"}, None),
        ({LISTED: ""}, None),
    ],
)
def test_what_slurm_or_the_user_has_settled_stays(two, environment, taken):
    for name, value in environment.items():
        two.setenv(name, value)
    before = os.environ.get(VISIBLE)
    with own_gpu() as name:
        assert name == taken
        assert os.environ.get(VISIBLE) == (taken or before)
    assert os.environ.get(VISIBLE) == before


def test_a_job_of_slurms_without_a_gpu_sees_none_and_one_with_a_gpu_its_own(two):
    two.setenv("SLURM_JOB_ID", "17")
    with own_gpu() as name:
        assert name is None
        assert os.environ[VISIBLE] == ""
    assert VISIBLE not in os.environ
    two.setenv("SLURM_JOB_GPUS", "1")
    two.setenv(VISIBLE, "1")
    with own_gpu(waits=True) as name:
        assert name is None
        assert os.environ[VISIBLE] == "1"


def test_parts_of_a_gpu_are_taken_in_its_place():
    text = (
        "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-1)\n"
        "  MIG 3g.20gb     Device  0: (UUID: MIG-11)\n"
        "  MIG 3g.20gb     Device  1: (UUID: MIG-12)\n"
        "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-2)\n"
    )
    assert parse_list(text) == ["MIG-11", "MIG-12", "GPU-2"]
    assert parse_list("No devices found.\n") == []


def test_a_share_that_is_no_number_is_refused(two):
    two.setenv(SHARE, "none")
    with pytest.raises(ReplisomeError, match=f"{SHARE} is 'none'; give the number of jobs"), own_gpu():
        pass


def test_without_gpus_there_is_nothing_to_share(two):
    two.setenv(LISTED, "")
    assert gpus_to_share() == []

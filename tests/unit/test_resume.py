"""``replisome resume``: what still runs for a killed call is waited for, then the same command is called again."""

import json
import os
import platform
import signal
import subprocess
import sys
import time

import pytest

from replisome.__main__ import main
from replisome.api import resume
from replisome.errors import ReplisomeError
from replisome.tracking import last_call, slurm_queue
from replisome.tracking.in_use import Use
from replisome.tracking.slurm_queue import FIELDS, LOGS, Queued

JOB = Queued("12", "RUNNING", "train-blood-cnn")


@pytest.fixture
def results(tmp_path):
    """A results folder whose last call is an interpreter that writes its arguments down."""
    folder = tmp_path / "results"
    folder.mkdir()
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nshift 2\necho "$PWD $SNAKEMAKE_PROFILE $*" >> {tmp_path}/called\n')
    python.chmod(0o755)
    called = {"python": str(python), "arguments": ["--cores", "2", "all"], "folder": str(tmp_path)}
    content = {**called, "environment": {"SNAKEMAKE_PROFILE": "slurm"}, "executor": "slurm"}
    (folder / last_call.FILE).write_text(json.dumps(content))
    return folder


@pytest.fixture
def squeue(tmp_path, monkeypatch):
    """SLURM's commands, which print what a test puts into a file."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    told = tmp_path / "squeue.txt"
    told.write_text("")
    for name in ("squeue", "scancel"):
        tool = tmp_path / name
        tool.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/asked\ncat {told}\n')
        tool.chmod(0o755)
    return told


def line(job, log):
    return "".join(f"{value:<{width}}" for value, width in zip([*job, str(log)], FIELDS.values(), strict=True)) + "\n"


def queue(monkeypatch, *looks):
    """Have SLURM's queue hold these jobs, look by look."""
    left = list(looks)
    monkeypatch.setattr(slurm_queue, "is_here", lambda: True)
    monkeypatch.setattr(slurm_queue, "jobs_of", lambda _results: left.pop(0) if left else [])


def test_the_jobs_of_a_results_folder_are_those_whose_logs_lie_there(squeue, results, tmp_path):
    other = line(JOB._replace(number="13"), tmp_path / "results-2" / LOGS / "13.log")
    squeue.write_text(line(JOB, results / LOGS / "rule_train" / "%j.log") + other)
    assert slurm_queue.jobs_of(results) == [JOB]


def test_a_queue_that_cannot_be_asked_is_a_message(squeue, results, tmp_path):
    (tmp_path / "squeue").write_text("#!/bin/sh\necho 'Unable to contact slurm controller' >&2\nexit 1\n")
    with pytest.raises(ReplisomeError, match=r"Unable to contact slurm controller\. Try again"):
        slurm_queue.jobs_of(results)


def test_what_still_runs_is_waited_for_and_said_when_it_changes(monkeypatch, results):
    queue(monkeypatch, [JOB, Queued("14", "PENDING", "train-b")], [JOB], [JOB], [])
    said = []
    resume.await_end(results, last_call.read(results), cancel=False, say=said.append, look=0.01)
    first = "waiting for 2 jobs: 12 train-blood-cnn (running), 14 train-b (pending)"
    assert said == [first, "waiting for 1 jobs: 12 train-blood-cnn (running)"]


def test_a_process_that_holds_the_folder_of_a_run_is_waited_for_or_ended(results, monkeypatch):
    queue(monkeypatch)
    folder = results / "blood" / "control" / "runs" / "cnn" / "lr=0.1" / "seed=0"
    code = (
        f"import time, pathlib; from replisome.tracking.lease import Lease; Lease(pathlib.Path({str(folder)!r})).take()"
    )
    process = subprocess.Popen([sys.executable, "-c", f"{code}; time.sleep(3600)"])
    try:
        last = last_call.read(results)
        while not (at_work := resume.still_at_work(results, last)):
            time.sleep(0.05)
        assert at_work == [
            Queued(f"process {process.pid} on {platform.node()}", "RUNNING", "blood/control/runs/cnn/lr=0.1/seed=0")
        ]
        resume.await_end(results, last, cancel=True, say=lambda _: None, look=0.01)
        assert process.wait() == -signal.SIGTERM
    finally:
        process.kill()


def test_jobs_are_cancelled_once_where_that_is_asked_for(squeue, monkeypatch, results, tmp_path):
    queue(monkeypatch, [JOB], [JOB], [])
    resume.await_end(results, last_call.read(results), cancel=True, say=lambda _: None, look=0.01)
    assert (tmp_path / "asked").read_text() == "scancel 12\n"


def test_the_same_command_is_called_in_its_folder_after_the_lock_is_taken_away(monkeypatch, results, tmp_path):
    queue(monkeypatch)
    assert main(["resume", str(results)]) == 0
    called = f"{tmp_path} slurm --cores 2 all"
    assert (tmp_path / "called").read_text() == f"{tmp_path} slurm --unlock --cores 2 all\n{called}\n"


def test_a_dry_run_says_what_it_would_do_and_does_nothing(monkeypatch, results, tmp_path, capsys):
    queue(monkeypatch, [JOB])
    assert main(["resume", str(results), "--dry-run"]) == 0
    assert capsys.readouterr().out == f"running: 12 train-blood-cnn\nin {tmp_path}: snakemake --cores 2 all\n"
    assert not (tmp_path / "called").exists()


def test_a_call_that_runs_is_left_alone(results, tmp_path, capsys):
    use = Use(results)
    use.take()
    try:
        assert main(["resume", str(results)]) == 1
    finally:
        use.release()
    assert "the call still runs: host" in capsys.readouterr().err
    assert not (tmp_path / "called").exists()


def test_without_word_of_a_call_there_is_a_message(tmp_path, capsys):
    assert main(["resume", str(tmp_path)]) == 1
    assert f"{tmp_path}: no call of the workflow has left word here" in capsys.readouterr().err


def test_where_jobs_went_to_slurm_and_it_cannot_be_asked_nothing_is_called(monkeypatch, results, tmp_path, capsys):
    monkeypatch.setattr(slurm_queue, "is_here", lambda: False)
    assert main(["resume", str(results)]) == 1
    assert "there is no squeue here" in capsys.readouterr().err
    assert not (tmp_path / "called").exists()


def test_a_call_from_a_folder_that_is_gone_is_told_with_its_command(monkeypatch, results, capsys):
    queue(monkeypatch)
    path = results / last_call.FILE
    path.write_text(
        path.read_text().replace(str(results.parent), "/nowhere", 1).replace('"folder": "', '"folder": "/no')
    )
    assert main(["resume", str(results)]) == 1
    assert "type the command again yourself: snakemake --cores 2 all" in capsys.readouterr().err


def test_a_call_is_written_down_with_what_says_where_and_how_its_jobs_run(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(last_call.OF_THE_CALL)]:
        monkeypatch.delenv(name)
    given = {"SNAKEMAKE_PROFILE": "slurm", "REPLISOME_SITE": "site.yaml", "SBATCH_ACCOUNT": "me"}
    given |= {"SLURM_CONF": "/etc/slurm.conf", "CUDA_VISIBLE_DEVICES": "1"}
    for name, value in {**given, "API_TOKEN": "secret"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["snakemake", "--cores", "2", "decide"])
    last_call.keep(tmp_path, "local")
    found = last_call.read(tmp_path)
    assert found.command("--unlock") == [sys.executable, "-m", "snakemake", "--unlock", "--cores", "2", "decide"]
    assert found.environment == given
    assert found.executor == "local"


@pytest.mark.parametrize("content", ["", "[]", '{"python": 1}'])
def test_a_damaged_word_of_a_call_is_none(tmp_path, content):
    (tmp_path / last_call.FILE).write_text(content)
    assert last_call.read(tmp_path) is None

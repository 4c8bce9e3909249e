"""A run's folder while a stage writes there: what is finished stays, what is old goes, and how a job died is said."""

import json
import os
import stat
import subprocess
import sys

import pytest

from replisome.io import file_hash, write_json
from replisome.tracking import slurm_job
from replisome.tracking.lease import FILE, Lease
from replisome.tracking.record import Record
from replisome.tracking.run_folder import how_it_ended, is_finished, is_whole, writing
from replisome.tracking.stage_key import stage_key

IDENTITY = {"studies": [], "begun": []}
STAGE = "rounds"  # any whose code is known without a study


@pytest.fixture
def run(tmp_path):
    """A finished result with one input and one output."""
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "input.txt").write_text("read")
    (folder / "config.json").write_text("{}")
    (folder / "out.txt").write_text("written")
    Record(STAGE, IDENTITY).write(folder / "provenance.json", [tmp_path / "input.txt"])
    return folder


@pytest.fixture
def called(tmp_path, run):
    """What a call of the workflow leaves when it begins; the result is newer."""
    mark = tmp_path / ".called"
    mark.touch()
    os.utime(mark, ns=(0, (run / "provenance.json").stat().st_mtime_ns - 1))
    return mark


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_was_finished_since_this_call_began_is_kept(run, called, capsys):
    with writing(STAGE, run, IDENTITY, called) as anew:
        assert not anew
    assert names(run) == ["config.json", "out.txt", "provenance.json"]
    assert "finished by another process from the same settings" in capsys.readouterr().out


def test_what_is_older_than_this_call_somebody_wants_anew(run, called):
    os.utime(called, ns=(0, (run / "provenance.json").stat().st_mtime_ns + 1))
    for mark in (called, None):
        Record(STAGE, IDENTITY).write(run / "provenance.json", [run.parent / "input.txt"])
        os.utime(run / "provenance.json", ns=(0, 1))
        with writing(STAGE, run, IDENTITY, mark) as anew:
            assert anew
            assert names(run) == [FILE, "config.json"]


@pytest.mark.parametrize("change", ["settings", "input", "output", "missing", "record"])
def test_what_differs_in_anything_is_made_anew(run, called, change):
    identity = {**IDENTITY, "begun": [1]} if change == "settings" else IDENTITY
    if change == "input":
        (run.parent / "input.txt").write_text("other")
    if change == "output":
        (run / "out.txt").write_text("other")
    if change == "missing":
        (run / "out.txt").unlink()
    if change == "record":
        record = json.loads((run / "provenance.json").read_text())
        write_json(run / "provenance.json", {**record, "seconds": -1})
    assert not is_finished(STAGE, run, identity)
    with writing(STAGE, run, identity, called) as anew:
        assert anew


def test_what_was_waited_for_is_kept_whenever_it_was_finished(run, monkeypatch):
    first = Lease(run)
    assert first.try_take()
    monkeypatch.setattr("replisome.tracking.lease.time.sleep", lambda seconds: first.release())
    with writing(STAGE, run, IDENTITY) as anew:
        assert not anew


def test_files_that_no_record_names_stay(run):
    (run / "checkpoint.pt").write_text("half a run")
    with writing(STAGE, run, IDENTITY) as anew:
        assert anew
        assert names(run) == [FILE, "checkpoint.pt", "config.json"]
    assert not is_whole(run)


def test_what_is_taken_as_it_is_counts_as_finished(run):
    record = json.loads((run / "provenance.json").read_text())
    other = {**IDENTITY, "begun": [1]}
    note = {"record": file_hash(run / "provenance.json"), "key": stage_key(STAGE, other), "inputs": record["inputs"]}
    assert not is_finished(STAGE, run, other)
    write_json(run / "accepted.json", note)
    assert is_finished(STAGE, run, other)


def test_who_was_killed_is_named_with_the_keys_that_give_more(run, capsys):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    lease = Lease(run)
    assert lease.try_take()
    (run / FILE).write_text(json.dumps({**json.loads((run / FILE).read_text()), "pid": process.pid}))
    with writing("train", run, IDENTITY) as anew:
        assert anew
    said = capsys.readouterr().err
    assert f"process {process.pid}, since" in said
    assert "killed from outside, or crashed. Most likely memory ran out" in said
    assert "--set-resources train:mem_mb=N" in said
    assert "--set-resources train:runtime=MINUTES" in said
    lease.release()


@pytest.fixture
def scontrol(tmp_path, monkeypatch):
    """Let SLURM say of any job what state it is in."""
    monkeypatch.setattr(slurm_job, "_ANSWERS", {})
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)

    def say(state: str) -> None:
        tool = tmp_path / "bin" / "scontrol"
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f'#!/bin/sh\necho "JobId=$5 JobName=a JobState={state} Reason=None"\n')
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tool.parent), prepend=os.pathsep)

    return say


@pytest.mark.parametrize(
    ("state", "told", "not_told"),
    [
        ("OUT_OF_MEMORY", "SLURM says that memory ran out. Give the job more: mem_mb", "runtime"),
        ("TIMEOUT", "SLURM says that its time was up. Give the job more: runtime", "mem_mb"),
        ("NODE_FAIL", "SLURM says that its node failed", "mem_mb"),
        ("RUNNING", "killed from outside", "SLURM says"),
    ],
)
def test_slurm_is_asked_how_a_job_ended(scontrol, state, told, not_told):
    scontrol(state)
    said = how_it_ended("train", {"host": "node1", "pid": 7, "slurm_job": "12"})
    assert told in said
    assert not_told not in said


def test_a_job_that_slurm_has_ended_on_another_machine_is_not_waited_for(run, scontrol):
    lease = Lease(run)
    assert lease.try_take()
    who = {**json.loads((run / FILE).read_text()), "machine": "another", "pid": 1, "slurm_job": "12"}
    (run / FILE).write_text(json.dumps(who))
    scontrol("RUNNING")
    assert not Lease(run).try_take()
    slurm_job._ANSWERS.clear()
    scontrol("NODE_FAIL")
    second = Lease(run)
    assert second.try_take()
    second.release()
    lease.release()


def test_a_job_that_slurm_hands_in_again_does_not_wait_for_itself(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "12")
    before = slurm_job.own()
    assert not slurm_job.has_ended(before)
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert slurm_job.has_ended(before)

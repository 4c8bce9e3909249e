"""Bundles: how runs are packed, what a job of several runs does, and what is left when it is cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from replisome.commands import bundle as command
from replisome.commands import stage
from replisome.config.bundling import Bundling
from replisome.config.loader import with_numbers
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.tracking.bundles import Bundle, Member, is_finished, read_bundle
from replisome.tracking.durations import Durations
from replisome.tracking.record import Record

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"studies": ["one"], "preset": "demo"}  # of the stage ``claims``, which needs no torch


@pytest.mark.parametrize("value", [0, None])
def test_zero_and_nothing_mean_a_job_for_every_run(value):
    assert Bundling.of(value) is None


def test_what_the_command_line_nests_is_read_as_numbers():
    given = {"bundle": {"minutes": "1.5", "parallel": "4", "runs": "many"}}
    assert with_numbers(given) == {"bundle": {"minutes": 1.5, "parallel": 4, "runs": "many"}}
    assert with_numbers({"bundle": 3}) == {"bundle": 3}


def test_bundles_have_at_most_so_many_runs():
    assert Bundling.of(3).pack("abcdefg", lambda _: None) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]


def test_bundles_are_filled_by_minutes_and_a_longer_run_has_its_own():
    takes = {"a": 20.0, "b": 20.0, "c": 30.0, "d": 500.0, "e": 1.0}
    assert Bundling.of({"minutes": 1}).pack("abcde", takes.get) == [["a", "b"], ["c"], ["d"], ["e"]]
    assert Bundling.of({"minutes": 1, "parallel": 2}).pack("abcde", takes.get) == [["a", "b", "c"], ["d"], ["e"]]


def test_runs_of_unknown_length_are_taken_for_a_tenth_of_a_bundle():
    assert [len(found) for found in Bundling.of({"minutes": 5}).pack(range(25), lambda _: None)] == [10, 10, 5]


def test_both_limits_hold():
    packing = Bundling.of({"minutes": 1, "runs": 2})
    assert [len(found) for found in packing.pack(range(5), lambda _: 1.0)] == [2, 2, 1]


def test_times_are_those_of_the_same_recipe_and_else_of_the_study(tmp_path):
    for recipe, seconds in (("one", 3), ("two", 5)):
        file = tmp_path / "train" / "study" / recipe / "net" / "slug" / "0.tsv"
        file.parent.mkdir(parents=True)
        file.write_text(f"s\th:m:s\n{seconds}\t0:00:0{seconds}\n")
    times = Durations(tmp_path)
    assert times.seconds(f"{tmp_path}/train/study/one/net/other/1.tsv") == 3
    assert times.seconds(f"{tmp_path}/train/study/three/net/other/1.tsv") == 4
    assert times.seconds(f"{tmp_path}/train/study/one/other/other/1.tsv") is None


@pytest.fixture
def packed(tmp_path):
    """Write a bundle of some members, whose stage is a stand-in that writes a record or does as it is told."""

    def pack(*names: str, parallel: int = 1, redo: bool = False) -> Path:
        members = []
        for name in names:
            folder = tmp_path / name
            folder.mkdir()
            members.append(
                Member(
                    stage="claims",
                    arguments=[name],
                    folder=str(folder),
                    identity=SETTINGS,
                    inputs=[],
                    writes={f"{folder}/settings.json": json.dumps(SETTINGS)},
                    log=f"{tmp_path}/logs/{name}.log",
                    benchmark=f"{tmp_path}/benchmarks/{name}.tsv",
                )
            )
        bundle = Bundle(members, parallel, [], {"gpu": 0}, redo)
        path = tmp_path / f"{bundle.name('train', 'some')}.json"
        bundle.write(path)
        return path

    return pack


@pytest.fixture
def called(monkeypatch, tmp_path):
    """Put a stand-in in the place of stages; returns the names of those that were called, and what each is to do."""
    calls, codes = [], {}

    def stand_in(words):
        name = words[1]
        calls.append(name)
        print(f"this is {name}", flush=True)
        os.system("echo and this is a library in C")
        if isinstance(codes.get(name), Exception):
            raise codes[name]
        if codes.get(name, 0) == 0:
            write_json(tmp_path / name / "verdicts.json", {})
            Record("claims", SETTINGS).write(tmp_path / name / "provenance.json")
        return codes.get(name, 0)

    monkeypatch.setattr(stage, "main", stand_in)
    return calls, codes


def test_each_member_has_its_settings_log_benchmark_and_record(packed, called, tmp_path):
    path, done = packed("a", "b"), tmp_path / "done"
    assert command.work_through(path, done) == 0
    for name in "ab":
        assert json.loads((tmp_path / name / "settings.json").read_text()) == SETTINGS
        assert (tmp_path / "logs" / f"{name}.log").read_text().splitlines() == [
            f"this is {name}",
            "and this is a library in C",
        ]
        assert float((tmp_path / "benchmarks" / f"{name}.tsv").read_text().splitlines()[1].split("\t")[0]) >= 0
    assert json.loads(done.read_text())["members"] == 2


def test_what_is_finished_is_not_called_again(packed, called, tmp_path):
    path = packed("a", "b")
    command.work_through(path, tmp_path / "done")
    (tmp_path / "b" / "verdicts.json").unlink()  # a result with a part missing is not finished
    calls, _ = called
    calls.clear()
    assert command.work_through(path, tmp_path / "done") == 0
    assert calls == ["b"]


def test_a_bundle_that_was_asked_to_calls_finished_members_once_more(packed, called, tmp_path):
    command.work_through(packed("a"), tmp_path / "done")
    os.utime(tmp_path / "a" / "provenance.json", (1e9, 1e9))  # of before
    member = read_bundle(next(tmp_path.glob("train.*.json"))).members[0]
    again = Bundle([member], 1, [], {}, redo=True)
    again.write(tmp_path / "again.json")
    assert command.work_through(tmp_path / "again.json", tmp_path / "done") == 0
    assert command.work_through(tmp_path / "again.json", tmp_path / "done") == 0
    assert called[0] == ["a", "a"]


def test_the_file_of_a_bundle_that_failed_does_not_speak_for_one_that_is_done_in_another_way(packed):
    member = read_bundle(packed("a")).members[0]
    ways = [
        Bundle([member], 4, [], {"gpu": 0}),
        Bundle([member], 1, [], {"gpu": 0}),
        Bundle([member], 1, [], {"gpu": 1}),
    ]
    names = {way.name("train", "some") for way in [*ways, Bundle([member], 1, [], {"gpu": 0}, redo=True)]}
    assert len(names) == 4


def test_members_are_called_once_more_each_time_that_is_asked(packed, called, tmp_path):
    path = packed("a", redo=True)
    command.work_through(path, tmp_path / "done")
    os.utime(tmp_path / "a" / "provenance.json", (1e9, 1e9))  # of a call before
    os.utime(path, (1e9 - 1, 1e9 - 1))
    read_bundle(path).write(path)
    command.work_through(path, tmp_path / "done")
    assert called[0] == ["a", "a"]


def test_a_member_that_fails_does_not_stop_the_others(packed, called, tmp_path, capfd):
    calls, codes = called
    codes |= {"a": 1, "b": ValueError("a mistake of ours")}
    assert command.work_through(packed("a", "b", "c"), tmp_path / "done") == 1
    assert calls == ["a", "b", "c"]
    assert not (tmp_path / "done").exists()
    said = capfd.readouterr().err
    assert f"{tmp_path / 'a'}: failed; its log is {tmp_path / 'logs' / 'a.log'}" in said
    assert "2 of 3 failed; the others are finished and are kept." in said
    assert "a mistake of ours" in (tmp_path / "logs" / "b.log").read_text()


def test_who_is_told_to_stop_calls_nobody_else(packed, called, tmp_path):
    calls, codes = called
    codes["b"] = command.TOLD_TO_STOP
    assert command.work_through(packed("a", "b", "c"), tmp_path / "done") == command.TOLD_TO_STOP
    assert calls == ["a", "b"]
    assert not (tmp_path / "done").exists()


def test_a_member_that_killed_an_attempt_comes_last_in_the_next(packed, called, tmp_path):
    path = packed("a", "b", "c")
    path.with_name(f"{path.stem}.now.0").touch()  # a killed process leaves the mark of the member that was under way
    assert command.work_through(path, tmp_path / "done") == 0
    assert called[0] == ["b", "c", "a"]
    assert not list(tmp_path.glob("*.now.*"))


def test_a_result_of_other_inputs_is_not_finished(packed, called, tmp_path):
    command.work_through(packed("a"), tmp_path / "done")
    member = read_bundle(next(tmp_path.glob("train.*.json"))).members[0]
    assert is_finished(member, lambda _: None)
    changed = Member(**{**vars(member), "identity": {**SETTINGS, "preset": "quick"}})
    assert not is_finished(changed, lambda _: None)


def test_a_bundle_that_is_gone_or_damaged_is_a_message(tmp_path, capsys):
    assert command.main(["--members", str(tmp_path / "none.json"), "--done", str(tmp_path / "done")]) == 1
    assert "the call of the workflow that planned this bundle is over" in capsys.readouterr().err
    (tmp_path / "bad.json").write_text('{"members": [{"what": 1}]}')
    with pytest.raises(ReplisomeError, match="is not a bundle of runs"):
        read_bundle(tmp_path / "bad.json")


SLEEPER = """
import sys, time
from pathlib import Path
from replisome import __main__
from replisome.commands import stage
from replisome.tracking.record import Record
def stand_in(words):
    folder = Path(sys.argv[1]) / words[1]
    (folder / "begun").touch()
    while not all((folder.parent / other / "begun").exists() for other in sys.argv[2].split(",")):
        time.sleep(0.01)
    Record("claims", {"studies": ["one"], "preset": "demo"}).write(folder / "provenance.json")
    return 0
stage.main = stand_in
sys.exit(__main__.main(sys.argv[3:]))
"""


def test_members_side_by_side_run_at_the_same_time(packed, tmp_path, monkeypatch):
    path = packed("a", "b", "c", parallel=3)
    starter = tmp_path / "starter.py"
    starter.write_text(SLEEPER)
    shell = tmp_path / "python"  # in the place of the interpreter that workers are started with
    shell.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{starter}" "{tmp_path}" a,b,c "$@"\n')
    shell.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(shell))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "workflow" / "src"))
    assert command.work_through(path, tmp_path / "done") == 0  # each waits for the two others
    assert json.loads((tmp_path / "done").read_text())["members"] == 3


def test_workers_are_told_to_stop_with_their_bundle(packed, tmp_path):
    path = packed("a", "b", parallel=2)
    starter = tmp_path / "starter.py"
    starter.write_text(SLEEPER)
    shell = tmp_path / "python"
    shell.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{starter}" "{tmp_path}" a,b,never "$@"\n')
    shell.chmod(0o755)
    begin = (
        f"import sys; from replisome.commands import bundle; from pathlib import Path; sys.executable = {str(shell)!r}"
    )
    call = f"sys.exit(bundle.work_through(Path({str(path)!r}), Path({str(tmp_path / 'done')!r})))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "src")}
    with subprocess.Popen([sys.executable, "-c", f"{begin}\n{call}"], env=environment) as running:
        until = time.monotonic() + 60
        while not all((tmp_path / name / "begun").exists() for name in "ab") and time.monotonic() < until:
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == command.TOLD_TO_STOP
    assert not (tmp_path / "done").exists()

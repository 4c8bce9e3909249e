"""replisome watch: what is seen of a sweep in a results folder."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
import torch
from rich.console import Console
from test_training import train

from replisome import __main__, processes
from replisome.api.sweeps.run_log import RunLog, parse_lines, read_log
from replisome.api.sweeps.sweep import Sweep, newest_results
from replisome.api.wording import duration
from replisome.commands.sweep_view import view
from replisome.config.budget import Budget
from replisome.errors import ReplisomeError
from replisome.tracking import in_use
from replisome.tracking.sweep_plan import PlannedJob, SweepPlan
from replisome.training import loop

torch.set_num_threads(1)

ROUND = "  ".join(
    (
        *("epoch {at}/10", "step {step}", "loss 0.7063", "validation accuracy 0.8413 (best 0.8500 at 1)"),
        *("1,229 items/s", "2.0 min left"),
    )
)


class Folder:
    """A results folder with the plan of a call: four runs of which two are trained and one trains, and what follows."""

    def __init__(self, root: Path) -> None:
        self.root = root / "results" / "full"
        self.root.mkdir(parents=True)
        self.now = time.time()
        self.runs = [f"train/blood/control/cnn/lr=0.1/{seed}" for seed in range(4)]
        jobs = [*self.runs, "select/blood/all", "report"]
        self.plan({name: PlannedJob(f"{name}/provenance.json", True) for name in jobs})
        self.use(os.getpid())

    def plan(self, jobs, **more):
        SweepPlan(self.now - 1000, ("blood",), jobs, **more).write(self.root)

    def use(self, pid, released=False):
        who = {"host": "here", "machine": processes.machine(), "pid": pid, "since": "today", "released": released}
        who["folder"] = self.root.stat().st_ino
        self.write(in_use.FILE, json.dumps(who), 0)

    def write(self, name, text, age):
        """Write a file as if it were so many seconds old."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (self.now - age, self.now - age))
        return path

    def begins(self, name, *lines, age=5.0):
        return self.write(f"logs/{name}.log", "\n".join(["cnn on cuda:0, bf16-mixed, 960 items", *lines]) + "\n", age)

    def ends(self, name, seconds=60, age=2.0):
        self.begins(name, ROUND.format(at=10, step=100), age=age)
        self.write(f"{name}/provenance.json", "{}", age)
        self.write(f"benchmarks/{name}.tsv", f"s\th:m:s\n{seconds}\t0\n", age)

    def seen(self):
        sweep = Sweep(self.root)
        sweep.look()
        return sweep


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


def states(sweep):
    return {name: job.state for name, job in sweep.jobs.items()}


def shown(sweep, width=130, height=None):
    console = Console(width=width, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    with console.file:
        console.print(view(sweep, width, height))
        return console.export_text()


def test_what_waits_runs_and_is_done_is_told_apart(folder):
    folder.ends(folder.runs[0])
    folder.ends(folder.runs[1])
    folder.begins(folder.runs[2], ROUND.format(at=3, step=30))
    sweep = folder.seen()
    assert list(states(sweep).values()).count("done") == 2
    assert states(sweep)[folder.runs[2]] == "running"
    assert states(sweep)[folder.runs[3]] == states(sweep)["report"] == "waiting"
    text = " ".join(shown(sweep).split())
    assert "2 of 6 jobs done, 1 running, 3 waiting and what selections add" in text
    assert "train 2/4 1 running" in text
    assert "train blood control cnn lr=0.1 seed 2 3/10 30 0.7063 accuracy 0.8413 (0.85) 1,229 2 min cuda:0" in text


def test_results_of_before_the_call_are_not_of_it_unless_they_were_current(folder):
    folder.plan({folder.runs[0]: PlannedJob("a.json", True), folder.runs[1]: PlannedJob("b.json", False)})
    for name in ("a.json", "b.json"):
        folder.write(name, "{}", 5000)
    folder.begins(folder.runs[0], ROUND.format(at=10, step=100), age=5001)
    assert list(states(folder.seen()).values()) == ["waiting", "done"]


def test_in_a_copy_every_result_counts_whatever_its_time(folder):
    folder.ends(folder.runs[0], age=10**9)
    assert states(folder.seen())[folder.runs[0]] == "waiting"
    copy = folder.root.with_name("copy")
    shutil.copytree(folder.root, copy)
    sweep = Sweep(copy)
    sweep.look()
    assert states(sweep)[folder.runs[0]] == "done"
    assert "no call of the workflow has worked here" in shown(sweep)
    shutil.rmtree(copy)
    with pytest.raises(ReplisomeError, match="is no longer there"):
        sweep.look()


def test_a_look_sees_what_is_new_and_jobs_that_were_added(folder):
    sweep = folder.seen()
    folder.begins(folder.runs[0])
    sweep.look()
    assert states(sweep)[folder.runs[0]] == "running"
    folder.ends(folder.runs[0])
    added = {name: PlannedJob(f"{name}/provenance.json", True) for name in [*sweep.jobs, "evaluate/blood/x/cnn/d/0"]}
    folder.plan(added)
    sweep.look()
    assert states(sweep)[folder.runs[0]] == "done"
    assert states(sweep)["evaluate/blood/x/cnn/d/0"] == "waiting"
    assert not sweep.over()


def test_the_time_left_is_that_of_jobs_of_the_same_kind_as_many_at_once_as_run(folder):
    assert folder.seen().seconds_left() is None
    folder.plan({name: PlannedJob(f"{name}/provenance.json", True) for name in folder.runs})
    folder.ends(folder.runs[0], seconds=600)
    folder.begins(folder.runs[1], ROUND.format(at=3, step=30))  # says 2 min left, 5 s ago
    folder.begins(folder.runs[2], age=100)  # has said nothing, so 600 - 100 s
    assert folder.seen().seconds_left() == pytest.approx((600 + 115 + 500) / 2, abs=5)


def test_a_failed_job_is_told_until_another_try_begins(folder):
    log = folder.begins(folder.runs[0], "replisome train: error: the disk is full")
    planned = {name: PlannedJob(f"{name}/provenance.json", True) for name in folder.runs}
    folder.plan(planned, failed={folder.runs[0]: log.stat().st_mtime})
    sweep = folder.seen()
    assert states(sweep)[folder.runs[0]] == "failed"
    assert "1 failed" in shown(sweep)
    assert "train blood control cnn lr=0.1 seed 0: replisome train: error: the disk is full" in shown(sweep)
    folder.begins(folder.runs[0], age=1)
    sweep.look()
    assert states(sweep)[folder.runs[0]] == "running"


def test_what_was_cut_off_with_its_call_is_stopped_and_what_still_writes_runs(folder):
    folder.use(os.getpid(), released=True)
    folder.begins(folder.runs[0], age=500)
    folder.begins(folder.runs[1], age=20)
    folder.begins(folder.runs[2], "replisome train: error: told to stop (SIGTERM) in epoch 2, at step 9", age=20)
    sweep = folder.seen()
    assert [states(sweep)[name] for name in folder.runs[:3]] == ["stopped", "running", "stopped"]
    assert "no call of the workflow works here now" in shown(sweep)


def test_training_that_says_nothing_for_long_is_remarked(folder):
    folder.begins(folder.runs[0], ROUND.format(at=3, step=30), age=600)
    assert "silent 10 min" in shown(folder.seen())


def test_a_folder_without_a_plan_shows_what_left_logs(folder):
    (folder.root / ".sweep.json").unlink()
    (folder.root / "blood/selection").mkdir(parents=True)
    folder.ends(folder.runs[0])
    folder.begins(folder.runs[1], ROUND.format(at=1, step=10))
    text = " ".join(shown(folder.seen()).split())
    assert "1 jobs done, 1 begun (no plan of this folder, so what waits is not known)" in text
    assert "train 1/2 1 running" in text


def test_a_small_terminal_shows_as_many_runs_as_it_has_lines_for(folder):
    runs = [f"train/blood/control/cnn/lr=0.1/{seed}" for seed in range(60)]
    folder.plan({name: PlannedJob(f"{name}/provenance.json", True) for name in runs})
    for name in runs:
        folder.begins(name, ROUND.format(at=1, step=10))
    text = shown(folder.seen(), width=80, height=24)
    assert len(text.splitlines()) <= 24
    assert "more that run" in text


def test_the_command_shows_the_newest_folder_once_where_there_is_no_terminal(folder, capsys):
    folder.ends(folder.runs[0])
    before = sorted(folder.root.rglob("*"))
    assert __main__.main(["watch"]) == 0
    out = capsys.readouterr().out
    assert "results/full  host here" in out
    assert "1 of 6 jobs done" in out
    assert "\033" not in out
    assert sorted(folder.root.rglob("*")) == before  # nothing was written
    assert __main__.main(["watch", "results/none"]) == 1
    assert "results/none: no such folder; give a results folder" in capsys.readouterr().err


def test_without_any_results_the_command_says_what_to_give(tmp_path):
    with pytest.raises(ReplisomeError, match="holds no folder of results that the workflow works on"):
        newest_results(tmp_path)


def test_what_training_writes_is_what_is_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(loop, "HEARTBEAT", -1.0)  # a line a step
    train(tmp_path / "one", epochs=3)
    lines = capsys.readouterr().out.splitlines()
    whole = parse_lines(lines)
    assert (whole.unit, whole.round, whole.rounds, whole.step, whole.metric) == ("epoch", 3.0, 3, 21, "accuracy")
    assert whole.message is None  # every line was understood
    assert None not in (whole.loss, whole.score, whole.best, whole.speed, whole.seconds_left)
    within = parse_lines(lines[: next(i for i, line in enumerate(lines) if "epoch 2: step 10/14" in line) + 1])
    assert within.round == pytest.approx(1 + 3 / 7)
    assert within.step == 10
    train(tmp_path / "two", budget=Budget(4, every=3))
    assert parse_lines(capsys.readouterr().out.splitlines())[1:4] == ("round", 2.0, 2)


def test_long_logs_are_read_at_their_ends_and_messages_are_kept(tmp_path):
    log = tmp_path / "0.log"
    lines = ["cnn on cpu, 32-true, 96 items", *(ROUND.format(at=1, step=n) for n in range(5000))]
    log.write_text("\n".join([*lines, "checkpoint x was made with other data; starting from the first epoch"]) + "\n")
    found = read_log(log)
    assert (found.device, found.step, found.round) == ("cpu", 4999, 1.0)
    assert found.message == "checkpoint x was made with other data; starting from the first epoch"
    assert read_log(tmp_path / "none.log") == RunLog()


@pytest.mark.parametrize(("seconds", "words"), [(8, "8 s"), (115, "2 min"), (6300, "1 h 45 min"), (200_000, "2 d 7 h")])
def test_long_durations_are_said_in_days(seconds, words):
    assert duration(seconds) == words

"""What the workflow says on the terminal: the logger plugin, told what Snakemake tells it."""

import io
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
from conftest import ROOT
from snakemake.logging import logger as snakemakes
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from snakemake_logger_plugin_replisome import LogHandler
from snakemake_logger_plugin_replisome.handler import take_terminal
from snakemake_logger_plugin_replisome.times import Kind, Times, spoken

RUN = {"study": "blood", "recipe": "control", "model": "cnn", "slug": "lr=0.1", "seed": "3"}


def settings(**changes):
    own = {"dryrun": False, "verbose": False, "debug_dag": False, "printshellcmds": False, "nocolor": False}
    own |= {"quiet": None, "show_failed_logs": True, "stdout": False, "log_handler_settings": {}}
    return SimpleNamespace(**(own | changes))


class Told:
    """A handler, what it is told, and what it says."""

    def __init__(self, monkeypatch, terminal=False, **changes):
        self.stream = io.StringIO()
        self.stream.isatty = lambda: terminal
        monkeypatch.setattr(sys, "stderr", self.stream)
        self.handler = LogHandler(settings(**changes), None)

    def tell(self, event=None, message=None, level=logging.INFO, at=0.0, **more):
        record = logging.LogRecord("snakemake.logging", level, "", 0, message, (), None)
        record.created = at
        record.__dict__.update(more, **({"event": event} if event else {}))
        self.handler.handle(record)

    def job(self, number=1, rule="train", wildcards=RUN, **more):
        more = {"benchmark": None, "shellcmd": "train it", "log": [], "resources": {}, **more}
        self.tell(LogEvent.JOB_INFO, jobid=number, rule_name=rule, wildcards=wildcards, **more)

    def ends(self, number=1, at=30.0, done=1, total=4):
        self.tell(LogEvent.JOB_FINISHED, at=at, job_id=number)
        self.tell(LogEvent.PROGRESS, at=at, done=done, total=total)

    @property
    def said(self):
        return self.stream.getvalue()


@pytest.fixture
def told(monkeypatch):
    return Told(monkeypatch)


def test_a_finished_job_is_one_line_with_the_running_total_and_the_time_left(told):
    told.tell(LogEvent.RUN_INFO, stats={"train": 2, "judge_a": 1, "judge_b": 1, "total": 4})
    told.job()
    told.tell(LogEvent.JOB_STARTED, at=10.0, jobs=[1])
    told.ends()
    assert told.said.splitlines()[0] == "4 jobs: 2 train, 2 judge"
    line = " ".join(told.said.splitlines()[1].split())
    assert line == "[1/4] train blood control cnn lr=0.1 seed 3 20 s about 60 s left"
    assert "\033" not in told.said


def test_on_a_cluster_the_time_is_that_of_the_benchmark_and_not_of_the_queue(told, tmp_path):
    (tmp_path / "b.tsv").write_text("s\th:m:s\n7.5\t0:00:07\n")
    told.job(benchmark=str(tmp_path / "b.tsv"))
    told.tell(LogEvent.JOB_STARTED, at=0.0, jobs=[1])
    told.ends(at=900.0, total=1)
    assert " 7.5 s" in told.said


def test_a_failed_job_is_named_with_the_end_of_its_log_and_once_more_at_the_end(told, tmp_path):
    log = tmp_path / "0.log"
    log.write_text("".join(f"line {number}\n" for number in range(50)) + "replisome train: error: the disk is full\n")
    told.job()
    told.tell(LogEvent.JOB_ERROR, level=logging.ERROR, jobid=1, rule_name="train", rule_msg=None, log=[str(log)])
    told.tell(message="Exiting because a job execution failed.", level=logging.ERROR)
    assert "Failed: train     blood control cnn lr=0.1 seed 3" in told.said
    assert "line 49\n  | replisome train: error: the disk is full" in told.said
    assert "line 30" not in told.said
    told.handler.close()
    last = told.said.splitlines()[-2:]
    assert last[0] == "1 job failed:"
    assert last[1].endswith(f"seed 3: replisome train: error: the disk is full (log: {log})")


def test_a_job_that_another_try_ends_well_is_not_told_as_failed_at_the_end(told):
    told.job()
    told.tell(LogEvent.JOB_ERROR, level=logging.ERROR, jobid=1, rule_name="train", rule_msg=None, log=[])
    told.job()
    told.ends()
    told.handler.close()
    assert "failed:" not in told.said


def test_warnings_are_said_at_once_and_last(told):
    told.tell(message="the clock is wrong", level=logging.WARNING)
    told.job()
    told.ends()
    told.handler.close()
    assert told.said.startswith("the clock is wrong\n")
    assert told.said.endswith("1 warning:\n  the clock is wrong\n")


def test_errors_of_the_workflow_are_said_and_the_noise_of_each_call_is_not(told):
    told.tell(LogEvent.WORKFLOW_STARTED, "Workflow has started!")
    told.tell(LogEvent.RESOURCES_INFO, "Provided cores: 2")
    told.tell(LogEvent.SHELLCMD, "Shell command: ls", shellcmd="ls")
    told.tell(message="Building DAG of jobs...")
    told.tell(message="Job 5 has been submitted with SLURM jobid 7 (log: x).")
    command = "RuleException:\nCalledProcessError in file 'train.smk'"
    told.tell(LogEvent.ERROR, command, level=logging.ERROR, exception="RuleException")
    assert told.said == ""
    told.tell(LogEvent.ERROR, "WorkflowError:\nno such key", level=logging.ERROR, exception="WorkflowError")
    told.tell(message="Nothing to be done")
    assert told.said == "WorkflowError:\nno such key\nNothing to be done\n"


def test_quiet_holds_as_in_snakemake(monkeypatch):
    for quiet, lines in ((None, 2), ({Quietness.RULES}, 2), ({Quietness.PROGRESS}, 0), ({Quietness.ALL}, 0)):
        told = Told(monkeypatch, quiet=quiet)
        told.tell(LogEvent.RUN_INFO, stats={"train": 1, "total": 1})
        told.job()
        told.ends(total=1)
        assert len(told.said.splitlines()) == lines, quiet


def test_there_are_colours_on_a_terminal_only_and_not_where_they_are_refused(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def coloured(**more):
        told = Told(monkeypatch, **more)
        told.job()
        told.ends()
        return "\033[32m[1/4]" in told.said

    assert coloured(terminal=True)
    assert not coloured(terminal=False)
    assert not coloured(terminal=True, nocolor=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(terminal=True)


@pytest.mark.parametrize("asked", ["dryrun", "verbose", "printshellcmds"])
def test_who_asks_for_more_gets_snakemakes_own_output(monkeypatch, asked):
    told = Told(monkeypatch, **{asked: True})
    told.tell(LogEvent.RUN_INFO, "Job stats:\njob  count", stats={"train": 1, "total": 1})
    more = {
        "rule_msg": None,
        "reason": "it is missing",
        "local": True,
        "is_checkpoint": False,
        "input": [],
        "output": [],
    }
    told.job(priority=0, threads=1, **more)
    assert "Job stats:" in told.said
    assert "reason: it is missing" in told.said


def test_it_takes_the_place_of_the_default_and_of_no_logger_that_was_asked_for(monkeypatch):
    ours, theirs = logging.Logger("ours"), logging.Logger("theirs")
    default, chosen = logging.NullHandler(), logging.NullHandler()
    default.name = "DefaultStreamHandler"
    ours.addHandler(default)
    theirs.addHandler(chosen)
    for one in (ours, theirs):
        take_terminal(one, settings())
    assert [type(handler) for handler in ours.handlers] == [LogHandler]
    assert theirs.handlers == [chosen]
    ours.handlers = [default]
    take_terminal(ours, settings(dryrun=True))
    assert ours.handlers == [default]
    assert snakemakes.name == "snakemake.logging"  # where the plan's keeper listens


def test_snakemake_finds_the_plugin_and_it_imports_nothing_of_replisome():
    assert LoggerPluginRegistry().is_installed("replisome")
    code = "import sys, snakemake_logger_plugin_replisome; print('replisome' in sys.modules)"
    path = {"PYTHONPATH": str(ROOT / "workflow" / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_time_left_counts_jobs_by_their_rule_and_study():
    times = Times()
    assert times.left({Kind("train", "a"): 4}, 1) is None
    times.ends(Kind("train", "a"), 60.0, 60.0)
    times.ends(Kind("train", "b"), 20.0, 20.0)
    times.ends(Kind("report"), 1.0, 1.0)
    assert times.left({Kind("train", "a"): 2}, 2) == 60.0
    assert times.left({Kind("train", "b"): 1, Kind("train", "c"): 1}, 1) == 20.0 + 40.0
    assert times.left({Kind("judge"): 1}, 1) == 27.0  # of which nothing is known


def test_of_the_jobs_in_a_queue_as_many_count_as_run():
    times = Times()
    times.ends(Kind("train"), 60.0, 600.0)
    assert times.left({Kind("train"): 100}, 50) == pytest.approx(100 * 60 / 5)


def test_jobs_that_were_added_count_where_the_workflow_tells_of_them(told):
    told.handler.survey = lambda: {Kind("train", "blood"): 5}
    told.tell(LogEvent.RUN_INFO, stats={"train": 2, "total": 2})
    told.job()
    told.tell(LogEvent.JOB_STARTED, at=10.0, jobs=[1])
    told.ends(total=6)
    assert "about 2 min left" in told.said  # five times 20 seconds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.42, "0.4 s"), (42, "42 s"), (99.4, "99 s"), (99.6, "2 min"), (5940, "99 min"), (6300, "1 h 45 min")],
)
def test_durations_are_said_as_people_say_them(seconds, words):
    assert spoken(seconds) == words

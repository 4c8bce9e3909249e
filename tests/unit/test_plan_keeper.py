"""The plan of a call beside its results."""

import logging
from types import SimpleNamespace

import pytest

from replisome.errors import ReplisomeError
from replisome.tracking import sweep_plan
from replisome.tracking.plan_keeper import PlanKeeper
from replisome.tracking.sweep_plan import PlannedJob, read_plan


class Graph:
    """Stands for Snakemake's graph of jobs."""

    def __init__(self, results):
        self.results, self.jobs, self.wanted = results, [], set()

    def add(self, name, *outputs, wanted=True):
        log = [self.results / "logs" / f"{name}.log"] if name else []
        self.jobs.append(SimpleNamespace(log=log, output=[self.results / output for output in outputs]))
        if wanted:
            self.wanted.add(len(self.jobs) - 1)

    def needrun(self, job):
        return self.jobs.index(job) in self.wanted


@pytest.fixture
def graph(tmp_path):
    graph = Graph(tmp_path)
    graph.add("train/blood/control/cnn/lr=0.1/0", "run/config.json", "run/provenance.json", "run/last.safetensors")
    graph.add("prepare/blood/control", "card.json", "provenance.json", wanted=False)
    graph.add(None, "report.html")  # a target, which does nothing
    return graph


def event(name, **more):
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, None, (), None)
    record.__dict__.update(event=name, **more)
    return record


def test_each_job_with_a_log_is_planned_by_its_record(graph, tmp_path):
    PlanKeeper(graph, tmp_path, 12.5, ["blood"], list)
    plan = read_plan(tmp_path)
    assert (plan.since, plan.studies, plan.failed) == (12.5, ("blood",), {})
    assert plan.jobs == {
        "train/blood/control/cnn/lr=0.1/0": PlannedJob("run/provenance.json", True),
        "prepare/blood/control": PlannedJob("provenance.json", False),
    }


def test_jobs_that_a_checkpoint_adds_are_added_and_finished_ones_stay(graph, tmp_path):
    keeper = PlanKeeper(graph, tmp_path, 0.0, ["blood"], list)
    graph.wanted.clear()  # what has ended is no longer among what is to do
    keeper.handle(event("progress", done=1, total=4))
    graph.add("evaluate/blood/control/cnn/lr=0.1/0", "run/test/metrics.json")
    keeper.handle(event("progress", done=1, total=5))
    jobs = read_plan(tmp_path).jobs
    assert jobs["train/blood/control/cnn/lr=0.1/0"].to_do
    assert jobs["evaluate/blood/control/cnn/lr=0.1/0"] == PlannedJob("run/test/metrics.json", True)


def test_a_failure_is_written_down_with_the_time_of_its_log(graph, tmp_path):
    keeper = PlanKeeper(graph, tmp_path, 0.0, ["blood"], list)
    log = tmp_path / "logs/train/blood/control/cnn/lr=0.1/0.log"
    keeper.handle(event("job_error", log=[str(log)]))  # it left none
    assert read_plan(tmp_path).failed == {}
    log.parent.mkdir(parents=True)
    log.write_text("killed\n")
    keeper.handle(event("job_error", log=[str(log), "/somewhere/else.log"]))
    assert read_plan(tmp_path).failed == {"train/blood/control/cnn/lr=0.1/0": log.stat().st_mtime}


def test_a_plan_that_cannot_be_written_stops_no_workflow(graph, tmp_path, monkeypatch, capsys):
    def full(*_):
        raise ReplisomeError("the disk is full")

    monkeypatch.setattr(sweep_plan, "write_text", full)
    PlanKeeper(graph, tmp_path, 0.0, ["blood"], list)
    assert "replisome watch will not be up to date: the disk is full" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"jobs": {"a": 1}}', "null"])
def test_a_plan_that_is_none_is_none(tmp_path, text):
    (tmp_path / sweep_plan.FILE).write_text(text)
    assert read_plan(tmp_path) is None

"""No job is forgotten while SLURM's controller is away, and each is called by what it does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from replisome.tracking.slurm_guard import LONGEST, accounts_of, forgets_no_job, job_name, waits_for_controller

JOBS = [SimpleNamespace(external_jobid=str(number)) for number in range(3)]
AWAY = "SLURM sbatch failed. The error message was 'sbatch: error: Unable to contact slurm controller'."


class Plugin:
    """What the guard needs of the plugin's executor, version 2.8: its check yields nothing where it could not ask."""

    def __init__(self, answers):
        self.answers, self.succeeded, self.failed, self.submitted = list(answers), [], [], []
        self._job_submission_executor = ThreadPoolExecutor(1)
        self.next_seconds_between_status_checks = 180

    def report_job_success(self, job_info):
        self.succeeded.append(job_info)

    def report_job_error(self, job_info, msg=None, aux_logs=None):
        self.failed.append(job_info)

    def _report_job_error_threadsafe(self, job_info, msg):
        self.failed.append(msg)

    def run_job(self, job):
        self.submitted.append(job)

    def cancel(self):
        pass

    def shutdown(self):
        pass

    async def check_active_jobs(self, active_jobs):
        states = self.answers.pop(0)
        for job_info in active_jobs if states is not None else ():
            match states[int(job_info.external_jobid)]:
                case "COMPLETED":
                    self.report_job_success(job_info)
                case "FAILED":
                    self.report_job_error(job_info, msg="it failed", aux_logs=[])
                case _:
                    yield job_info


def looks(plugin, jobs, remembered=None):
    """Look at jobs as often as there are answers, as Snakemake does; returns those that are looked at no more."""
    plugin.check_active_jobs = forgets_no_job(plugin, remembered)

    async def look(active):
        return [job_info async for job_info in plugin.check_active_jobs(active)]

    while plugin.answers:
        jobs = asyncio.run(look(jobs))
    return jobs


def test_jobs_whose_state_could_not_be_asked_for_are_looked_at_again(capsys):
    running = ["RUNNING"] * 3
    plugin = Plugin([running, None, None, ["COMPLETED", "FAILED", "RUNNING"]])
    assert looks(plugin, JOBS) == [JOBS[2]]
    assert plugin.succeeded == [JOBS[0]]
    assert plugin.failed == [JOBS[1]]
    assert capsys.readouterr().err == (
        "SLURM does not say how 3 jobs are; it is asked again until it does.\nSLURM answers again.\n"
    )


def test_jobs_that_all_ended_are_not_taken_for_lost(capsys):
    assert looks(Plugin([["COMPLETED", "COMPLETED", "FAILED"]]), JOBS) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "told",
    [AWAY, "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
     "sbatch: error: QOSMaxSubmitJobPerUserLimit", "sbatch: error: AssocMaxSubmitJobLimit",
     "Batch job submission failed: Resource temporarily unavailable"],
)  # fmt: skip
def test_a_job_that_slurm_may_take_later_is_submitted_again(told):
    plugin = Plugin([])
    report = waits_for_controller(plugin, again=0.01)
    report(SimpleNamespace(job="a job"), told)
    plugin._job_submission_executor.shutdown()
    assert plugin.submitted == ["a job"]
    assert plugin.failed == []


@pytest.mark.parametrize("end", ["cancel", "shutdown"])
def test_a_call_that_ends_waits_for_no_controller(end):
    plugin = Plugin([])
    report = waits_for_controller(plugin, again=3600)
    getattr(plugin, end)()
    report(SimpleNamespace(job="a job"), AWAY)
    assert plugin.submitted == []
    assert plugin.failed == [AWAY]


def test_a_job_that_slurm_refuses_is_told_at_once():
    plugin = Plugin([])
    waits_for_controller(plugin, again=3600)(SimpleNamespace(job="a job"), "sbatch: error: invalid partition")
    assert plugin.failed == ["sbatch: error: invalid partition"]


def job(name, **wildcards):
    rule = SimpleNamespace(name=name)
    return SimpleNamespace(name=name, rule=rule, wildcards_dict=wildcards, is_group=lambda: False)


def test_a_job_is_called_by_its_rule_study_model_and_slug():
    named = job("train", study="bloodmnist", recipe="control", model="cnn", slug="head=logits+lr=0.003", seed="0")
    assert job_name(named) == "train-bloodmnist-control-cnn-head=logits+lr=0.003-0"


def test_a_name_has_no_sign_that_a_shell_or_slurm_takes_for_its_own_and_is_not_too_long():
    assert job_name(job("train", slug="a b,c;$(d)")) == "train-a_b_c___d_"
    assert len(job_name(job("train", slug="x" * 999))) == LONGEST


def test_a_group_is_called_by_its_own_name():
    assert job_name(SimpleNamespace(name="some", is_group=lambda: True)) == "some"


def test_the_report_of_efficiency_is_of_the_jobs_of_this_call(tmp_path, monkeypatch):
    lines = ["17|train|c|1", "17.batch|batch||1", "18|another call's|c|1", "170|train|c|1", "19_2|train|c|1"]
    (tmp_path / "sacct").write_text(f"#!/bin/sh\necho $* > {tmp_path}/asked\ncat {tmp_path}/told\n")
    (tmp_path / "sacct").chmod(0o755)
    (tmp_path / "told").write_text("\n".join(lines))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    numbers = set()
    ask = accounts_of("me", "2026-11-27T08:00:00", numbers)
    assert ask("a-call", None) is None
    numbers |= {"17", "19"}
    assert ask("a-call", None) == [lines[0], lines[1], lines[4]]
    assert "--user me --starttime 2026-11-27T08:00:00" in (tmp_path / "asked").read_text()


def test_without_accounts_there_is_a_message_and_no_report(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = []
    assert accounts_of("me", "now", {"17"})("a-call", SimpleNamespace(error=said.append)) is None
    assert "no efficiency report" in said[0]


@pytest.mark.parametrize(("remembered", "pause"), [(None, 15), (300, 15), (20, 10)])
def test_looks_are_never_rarer_than_the_longest_pause_nor_than_slurm_remembers_jobs(remembered, pause):
    plugin = Plugin([["RUNNING"] * 3])
    assert looks(plugin, JOBS, remembered) == JOBS
    assert plugin.next_seconds_between_status_checks == pause

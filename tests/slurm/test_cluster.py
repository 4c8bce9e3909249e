"""A small study through the profile, and what goes wrong on a cluster: nothing finished is lost, nothing is done twice.

All in one file, so that one worker has the cluster to itself.
"""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml
from tests.slurm import cluster
from tiny_workflow import TINY

SELECTION = "results/demo/bloodmnist/selection/variants/selection.json"
SITE = {"partitions": {"cpu": {"max_runtime": "2h"}, "gpu": {"max_runtime": "2h", "max_gpu": 2}}, "extra": "--nice=1"}
ROUNDS, MORE_ROUNDS = 400, 2_400  # some 15 and 90 seconds


def one_run(rounds, **more):
    """Return what leaves of the demo one run of so many rounds; ``more`` is of its experiment."""
    tiny = TINY["bloodmnist"]
    variants = {
        **tiny["experiments"]["variants"],
        "models": {"cnn": {"fixed": {"hidden": 8}, "grid": {"head": ["logits"], "lr": [0.003]}}},
        "budget": {"epochs": rounds},
        **more,
    }
    return {"bloodmnist": {**tiny, "experiments": {**tiny["experiments"], "variants": variants}}}


LONGER = one_run(ROUNDS)


class Watched:
    """A call of the workflow whose output can be asked for while it runs."""

    def __init__(self, workflow, log, overrides=LONGER):
        quickly = ("--slurm-init-seconds-before-status-checks", "1", "--slurm-status-attempts", "1")
        self.command = workflow.command("--profile", "slurm", *quickly, SELECTION, overrides=overrides)
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(
                self.command, cwd=workflow.root, stdout=out, stderr=out, start_new_session=True
            )

    def says(self, text):
        ended = self.process.poll()
        assert ended is None or text in self.log.read_text(), self.log.read_text()
        return text in self.log.read_text()


def log_in(results):
    """Return what the log of the run says so far."""
    logs = list((results / "logs" / "train").rglob("head=logits*/0.log"))
    return logs[0].read_text() if logs else ""


def resumed_after(log):
    """Return after which round the run went on."""
    return int(log.rpartition("resuming after epoch ")[2].partition(",")[0])


@pytest.fixture
def node():
    """The cluster's node, which takes jobs again after the test."""
    name = os.uname().nodename.partition(".")[0]
    yield name
    cluster.ask("scontrol", "update", f"NodeName={name}", "State=resume")


def test_a_small_study_runs_through_the_profile_in_bundles(slurm, fresh, tmp_path, monkeypatch):
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(SITE))
    monkeypatch.setenv("REPLISOME_SITE", str(tmp_path / "site.yaml"))
    before = cluster.newest()
    began = time.monotonic()
    quickly = ("--set-resources", "bundle:gpu=1", "--slurm-init-seconds-before-status-checks", "1")
    done = fresh.run("--profile", "slurm", *quickly, SELECTION, bundle="4")
    assert done.returncode == 0, done.stdout
    assert (fresh.root / SELECTION).exists()
    jobs = cluster.jobs(after=before)
    print(f"{len(jobs)} submissions, {time.monotonic() - began:.0f} s")
    assert [job["JobName"].partition("control")[0] for job in jobs] == [
        "prepare-bloodmnist-",
        "bundle-bloodmnist-train.variants.",
    ]
    assert [job["Partition"] for job in jobs] == ["cpu", "gpu"]
    assert [job.get("TresPerJob") for job in jobs] == [None, "gres:gpu:1"]
    assert {job["Nice"] for job in jobs} == {"1"}
    assert {job["Requeue"] for job in jobs} == {"1"}
    # What is gone with a job that went well, and said on the terminal of each, is of no use.
    assert not list((fresh.root / "results/demo/logs/slurm").rglob("*.log"))
    assert "guess" not in done.stdout
    assert len(done.stdout.splitlines()) < 20, done.stdout


def test_a_drained_node_a_controller_away_a_stop_and_a_kill_cost_nothing_that_was_finished(
    slurm, fresh, node, tmp_path
):
    prepared = fresh.run("results/demo/bloodmnist/control/stats.json", overrides=LONGER)
    assert prepared.returncode == 0, prepared.stdout
    before = cluster.newest()
    results = fresh.root / "results" / "demo"
    cluster.ask("scontrol", "update", f"NodeName={node}", "State=drain", "Reason=test")
    call = Watched(fresh, tmp_path / "call.log")

    def ours():
        return cluster.jobs(after=before)

    # The node takes no jobs: they wait. Then nobody can say how they are: they are not forgotten.
    cluster.wait_until(lambda: call.says("jobs:") and [job["JobState"] for job in ours()] == ["PENDING"])
    cluster.stop("slurmctld")
    cluster.wait_until(lambda: call.says("SLURM does not say how 1 jobs are"))
    cluster.start("slurmctld")
    cluster.wait_until(lambda: call.says("SLURM answers again"))
    cluster.ask("scontrol", "update", f"NodeName={node}", "State=resume")

    # The run is told to stop, as before its time limit: it saves its state, and the next attempt has more time.
    cluster.wait_until(lambda: f"2/{ROUNDS}" in log_in(results))
    cluster.ask("scancel", "--signal=TERM", ours()[0]["JobId"])
    cluster.wait_until(lambda: call.says("told to stop (SIGTERM) in epoch"))
    cluster.wait_until(lambda: "resuming after epoch" in log_in(results))

    # Snakemake is killed. The same command is refused while its job runs; `replisome resume` waits, and goes on.
    os.killpg(call.process.pid, signal.SIGKILL)
    call.process.wait()
    refused = fresh.run("--profile", "slurm", "--nolock", SELECTION, overrides=LONGER)
    assert refused.returncode == 1
    assert f"SLURM still has 1 jobs of an earlier call ({ours()[1]['JobId']})" in refused.stdout
    resume = [sys.executable, "-m", "replisome", "resume", str(results)]
    environment = os.environ | {"PYTHONPATH": str(fresh.root / "workflow" / "src")}
    done = subprocess.run(resume, cwd=fresh.root, env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"waiting for 1 jobs: {ours()[1]['JobId']} train-bloodmnist-control-cnn" in done.stdout
    assert len(ours()) == 2
    assert [job["TimeLimit"] for job in ours()] == ["00:20:00", "00:40:00"]
    first, second = (int(job["MinMemoryNode"].removesuffix("M")) for job in ours())
    assert second == 2 * first
    (record,) = [path for path in results.rglob("provenance.json") if path.parent.name == "seed=0"]
    assert json.loads(record.read_text())["stage"] == "train"
    assert (fresh.root / SELECTION).exists()


def test_at_its_time_limit_a_run_saves_its_state_and_when_its_node_is_lost_slurm_starts_it_again(
    slurm, fresh, tmp_path, monkeypatch
):
    longest = one_run(MORE_ROUNDS, resources={"runtime": 2})
    # Told 70 to 100 seconds before its time is up: SLURM looks every half minute, and is early rather than late.
    (tmp_path / "site.yaml").write_text(yaml.safe_dump({"extra": "--signal=TERM@70"}))
    monkeypatch.setenv("REPLISOME_SITE", str(tmp_path / "site.yaml"))
    assert fresh.run("results/demo/bloodmnist/control/stats.json", overrides=longest).returncode == 0
    before, results = cluster.newest(), fresh.root / "results" / "demo"
    call = Watched(fresh, tmp_path / "call.log", longest)

    # SLURM tells it; the next attempt has more time and goes on.
    cluster.wait_until(lambda: call.says("told to stop (SIGTERM) in epoch"))
    cluster.wait_until(lambda: "resuming after epoch" in log_in(results))
    first, second = cluster.jobs(after=before)
    assert [job["TimeLimit"] for job in (first, second)] == ["00:02:00", "00:04:00"]

    # What SLURM does when a node fails or a job is preempted: two minutes later it starts the job again, as the same.
    saved, number = resumed_after(log_in(results)), second["JobId"]
    cluster.wait_until(lambda: f"epoch {saved + 100}/" in log_in(results))
    cluster.ask("scontrol", "requeue", number)
    cluster.wait_until(lambda: cluster.jobs(after=before)[1]["JobState"] == "PENDING")
    cluster.ask("scontrol", "update", f"JobId={number}", "StartTime=now")
    assert call.process.wait(2 * cluster.PATIENCE) == 0, call.log.read_text()
    assert [job["Restarts"] for job in cluster.jobs(after=before)][:2] == ["0", "1"]
    assert saved <= resumed_after(log_in(results)) < MORE_ROUNDS
    assert (results / "bloodmnist" / "selection" / "variants" / "selection.json").exists()

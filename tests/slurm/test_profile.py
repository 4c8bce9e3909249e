"""A small study through the profile, on a SLURM cluster of one node."""

import time

import yaml
from tests.slurm import cluster

SELECTION = "results/demo/bloodmnist/selection/variants/selection.json"
SITE = {"partitions": {"cpu": {"max_runtime": "2h"}, "gpu": {"max_runtime": "2h", "max_gpu": 2}}, "extra": "--nice=1"}


def test_a_small_study_runs_through_the_profile_in_bundles(slurm, fresh, tmp_path, monkeypatch):
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(SITE))
    monkeypatch.setenv("REPLISOME_SITE", str(tmp_path / "site.yaml"))
    before = len(cluster.jobs())
    began = time.monotonic()
    quickly = ("--set-resources", "bundle:gpu=1", "--slurm-init-seconds-before-status-checks", "1")
    done = fresh.run("--profile", "slurm", *quickly, SELECTION, bundle="4")
    assert done.returncode == 0, done.stdout
    assert (fresh.root / SELECTION).exists()
    jobs = cluster.jobs()[before:]
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

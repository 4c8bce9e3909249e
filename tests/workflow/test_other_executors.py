"""The profiles for PBS, LSF and Kubernetes: they plan, and ask for what jobs need, in each one's own words."""

import os
import signal
import subprocess
import sys

import pytest
import yaml
import yte
from conftest import ROOT

PROFILES = ROOT / "workflow" / "profiles"
# Each command is written down and answers with a job's number as the real one does.
ANSWERS = {"pbs": ("qsub", "17.server"), "lsf": ("bsub", "Job <17> is submitted to queue <gpu>."),
           "kubernetes": ("kubectl", "job.batch/replisome-train-x1")}  # fmt: skip
ASKED = {
    "pbs": ["select=1:ncpus=2:mem=4000mb:ngpus=1", "walltime=3600", "-q gpu -A me", "script.sh"],
    "lsf": ["-n 2", "rusage[mem=4000MB]", "-M 4000MB", "-W 60", "-gpu num=1", "-wa TERM", "-q gpu -A me", "script.sh"],
    "kubernetes": [],
}
NUMBERS = {"pbs": "17.server", "lsf": "17", "kubernetes": "job.batch/replisome-train-x1"}
STATES = {
    "pbs": ("qstat", {"job_state = R": "running", "job_state = F\n    Exit_status = 0": "success",
                      "job_state = F\n    Exit_status = 271": "failed", "": "running"}),
    "lsf": ("bjobs", {"PEND": "running", "RUN": "running", "DONE": "success", "EXIT": "failed", "": "running"}),
    "kubernetes": ("kubectl", {"": "running", "Complete": "success", "FailureTarget Failed": "failed"}),
}  # fmt: skip


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Put a command on the PATH that writes down how it is called, with what it reads, and prints an answer."""

    def put(name, answer):
        tool = tmp_path / name
        tool.write_text(
            f"#!/bin/sh\necho \"$*\" > {tmp_path}/asked\ncat >> {tmp_path}/asked\ncat <<'END'\n{answer}\nEND\n"
        )
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
        return tmp_path / "asked"

    return put


def call(profile, script, *arguments, **environment):
    command = [str(PROFILES / profile / script), *arguments]
    environment = os.environ | environment
    done = subprocess.run(
        command, env=environment, text=True, capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    return done.stdout.strip()


@pytest.mark.parametrize("profile", ["slurm", *ANSWERS])
def test_a_profile_plans_the_tiny_study(fresh, profile):
    pending = fresh.pending("--profile", f"workflow/profiles/{profile}")
    assert pending["train"] == 2
    assert pending["prepare"] == 1


@pytest.mark.parametrize("accounting", [True, False])
def test_a_site_with_or_without_slurmdbd_plans_the_tiny_study(fresh, tmp_path, monkeypatch, accounting):
    site = yaml.safe_load((PROFILES / "slurm" / "site.example.yaml").read_text())
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(site | {"accounting": accounting}))
    monkeypatch.setenv("REPLISOME_SITE", str(tmp_path / "site.yaml"))
    assert fresh.pending("--profile", "slurm")["train"] == 2


def resolved(monkeypatch, site=None):
    """Return the profile as Snakemake reads it, with a site's file or without."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("REPLISOME_SITE", raising=False)
    if site is not None:
        monkeypatch.setenv("REPLISOME_SITE", str(site))
    with (PROFILES / "slurm" / "config.yaml").open() as profile:
        return yte.process_yaml(profile, require_use_yte=True)


def test_the_example_of_a_site_says_account_partitions_and_accounting(monkeypatch):
    example = PROFILES / "slurm" / "site.example.yaml"
    found = resolved(monkeypatch, example)
    assert found["slurm-status-command"] == "sacct"
    assert found["slurm-efficiency-report"] is True
    assert found["slurm-partition-config"] == str(example)
    assert found["default-resources"]["slurm_account"] == "'ACCOUNT'"


def test_without_a_site_jobs_are_told_before_their_limit_handed_in_again_and_looked_at_after_ten_seconds(monkeypatch):
    found = resolved(monkeypatch)
    assert "--signal=TERM@60" in found["default-resources"]["slurm_extra"]
    assert (found["slurm-requeue"], found["retries"]) == (True, 3)
    assert found["slurm-init-seconds-before-status-checks"] == 10
    assert found["slurm-status-command"] == "squeue"
    assert "slurm-efficiency-report" not in found


def test_a_site_file_with_an_unknown_key_is_a_message(fresh, tmp_path, monkeypatch):
    (tmp_path / "site.yaml").write_text("partition: me\n")
    monkeypatch.setenv("REPLISOME_SITE", str(tmp_path / "site.yaml"))
    done = fresh.run("--dry-run", "--profile", "slurm")
    assert done.returncode != 0
    assert "unknown key 'partition'; known: account, accounting" in done.stdout


@pytest.mark.parametrize("profile", ANSWERS)
def test_a_job_is_submitted_with_what_it_asks_for(stand_in, profile):
    asked = stand_in(*ANSWERS[profile])
    more = {"REPLISOME_SUBMIT": "-q gpu -A me", "REPLISOME_IMAGE": "image:1", "REPLISOME_CLAIM": "data"}
    number = call(profile, "submit.sh", "train", "2", "4000", "1", "60", "script.sh", REPLISOME_MOUNT="/data", **more)
    assert number == NUMBERS[profile]
    for part in ASKED[profile]:
        assert part in asked.read_text()


def test_kubernetes_gets_a_job_that_mounts_the_volume_and_is_not_tried_again_by_itself(stand_in):
    asked = stand_in(*ANSWERS["kubernetes"])
    more = {"REPLISOME_IMAGE": "image:1", "REPLISOME_CLAIM": "data", "REPLISOME_MOUNT": "/data"}
    call("kubernetes", "submit.sh", "summarise_genome", "2", "4000", "1", "60", "script.sh", **more)
    job = yaml.safe_load(asked.read_text().partition("\n")[2])
    assert job["metadata"]["generateName"] == "replisome-summarise-genome-"
    assert (job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == (0, 3600)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "4000M", "nvidia.com/gpu": 1}
    assert container["volumeMounts"][0]["mountPath"] == "/data"


@pytest.mark.parametrize(("script", "told", "code"), [("exit 3", False, 3), ("true", False, 0), (None, True, 143)])
def test_a_pod_passes_the_word_to_stop_on_and_waits_until_the_run_has_saved_its_state(
    stand_in, tmp_path, script, told, code
):
    asked = stand_in(*ANSWERS["kubernetes"])
    more = {"REPLISOME_IMAGE": "image:1", "REPLISOME_CLAIM": "data", "REPLISOME_MOUNT": "/data"}
    run = "import signal, sys, time; signal.signal(15, lambda *_: (time.sleep(0.5), print('saved'), sys.exit(143)))"
    run += "; print('begun', flush=True); time.sleep(60)"
    (tmp_path / "script.sh").write_text(script or f'/usr/bin/env {sys.executable} -c "{run}"\n')
    call("kubernetes", "submit.sh", "train", "2", "4000", "0", "60", str(tmp_path / "script.sh"), **more)
    (container,) = yaml.safe_load(asked.read_text().partition("\n")[2])["spec"]["template"]["spec"]["containers"]
    pod = subprocess.Popen(container["command"], stdout=subprocess.PIPE, text=True)
    if told:
        assert pod.stdout.readline() == "begun\n"
        pod.send_signal(signal.SIGTERM)
    said, _ = pod.communicate(timeout=60)
    assert pod.returncode == code
    assert ("saved" in said) == told


@pytest.mark.parametrize(("profile", "told"), [(name, told) for name, (_, states) in STATES.items() for told in states])
def test_how_a_job_is_comes_back_in_snakemakes_words(stand_in, profile, told):
    tool, states = STATES[profile]
    stand_in(tool, told)
    assert call(profile, "status.sh", "17") == states[told]


@pytest.mark.parametrize("profile", STATES)
def test_while_nobody_knows_how_a_job_is_it_runs(stand_in, tmp_path, profile):
    stand_in(STATES[profile][0], "")
    (tmp_path / STATES[profile][0]).write_text("#!/bin/sh\nexit 255\n")
    assert call(profile, "status.sh", "17") == "running"

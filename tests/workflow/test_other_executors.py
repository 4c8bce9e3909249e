"""The profiles for PBS, LSF and Kubernetes: they plan, and ask for what jobs need, in each one's own words."""

import os
import subprocess

import pytest
import yaml
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


@pytest.mark.parametrize("site", ["with slurmdbd", "without"])
def test_a_site_with_or_without_slurmdbd_plans_the_tiny_study(fresh, tmp_path, monkeypatch, site):
    example = PROFILES / "slurm" / "site.example.yaml"
    monkeypatch.setenv("REPLISOME_SITE", str(tmp_path / "site.yaml"))
    accounting = {"account": "me", "accounting": True} if site == "with slurmdbd" else {}
    partitions = {"partitions": yaml.safe_load(example.read_text())["partitions"]}
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(accounting | partitions))
    assert fresh.pending("--profile", "slurm")["train"] == 2


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
    assert container["command"] == ["bash", "script.sh"]
    assert container["volumeMounts"][0]["mountPath"] == "/data"


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

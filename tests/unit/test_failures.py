"""Why a job failed, and whether another attempt can help."""

import pytest

from replisome.tracking.failures import Failures, why

BAD = "replisome train: error: config.json: unknown model 'cnnn'; did you mean 'cnn'?"


@pytest.mark.parametrize(
    ("told", "log", "reason"),
    [
        ("SLURM-job '5' failed, SLURM status is: 'FAILED'.", BAD, ""),
        ("", "ModuleNotFoundError: No module named 'torch'", "'torch' is not installed where the job ran"),
        ("", "/usr/bin/python: No module named snakemake", "'snakemake' is not installed where the job ran"),
        ("SLURM sbatch failed. The error message was 'Invalid account'", "", "SLURM refused the job"),
    ],
)
def test_what_fails_in_the_same_way_each_time_is_tried_once(told, log, reason):
    found = why("train", told, [log])
    assert found.hopeless
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("told", "log", "reason"),
    [
        ("SLURM-job '5' failed, SLURM status is: 'TIMEOUT'.", "epoch 3", "its time was up: runtime says"),
        ("", "slurmstepd: error: *** JOB 5 ON n CANCELLED AT 12:00 DUE TO TIME LIMIT ***", "its time was up: runtime"),
        ("SLURM-job '5' failed, SLURM status is: 'OUT_OF_MEMORY'.", "", "memory ran out: mem_mb says"),
        ("", "slurmstepd: error: Detected 1 oom_kill event in StepId=5.0", "memory ran out: mem_mb says"),
        ("", "/usr/bin/bash: line 1:  4242 Killed                  python -m replisome", "memory ran out: mem_mb says"),
        ("", "replisome train: error: memory ran out while 'cnn' trained on batches of 64.", "memory ran out: mem_mb"),
        ("", "replisome train: error: told to stop (SIGTERM) in epoch 3, at step 4; it is saved", ""),
        ("", "replisome train: error: results/x: another process took this folder", ""),
        ("", "Traceback (most recent call last):\nRuntimeError: CUDA error: an illegal memory access", ""),
    ],
)
def test_what_another_attempt_may_not_meet_is_tried_again_and_the_key_is_named(told, log, reason):
    found = why("train", told, [log])
    assert not found.hopeless
    assert found.reason.startswith(reason)
    assert bool(found.reason) == bool(reason)
    assert "--set-resources train:" in found.reason or not reason


def event(log, created=1.0, told=None):
    return {"jobid": 7, "created": created, "rule_name": "train", "rule_msg": told, "log": [str(log)]}


def test_a_job_killed_without_a_word_is_told_in_its_log_and_read_once(tmp_path):
    log = tmp_path / "0.log"
    failures = Failures()
    failures.begins(event(log))
    log.touch()
    reason = failures.read(event(log)).reason
    assert reason.startswith("killed without a word, most often since memory ran out: mem_mb")
    assert failures.read(event(log)).reason == reason
    assert log.read_text() == f"replisome: {reason}\n"
    assert not failures.hopeless(7)


def test_the_log_of_an_earlier_attempt_does_not_speak_for_this_one(tmp_path):
    log = tmp_path / "0.log"
    log.write_text(BAD)
    failures = Failures()
    failures.begins(event(log))
    assert not failures.read(event(log, told="SLURM-job '5' failed, SLURM status is: 'NODE_FAIL'.")).hopeless
    assert not failures.hopeless(7)
    log.write_text(f"once more\n{BAD}")
    assert failures.read(event(log, created=2.0)).hopeless
    assert failures.hopeless(7)


def test_a_job_of_which_nothing_is_known_is_not_hopeless(tmp_path):
    failures = Failures()
    assert not failures.hopeless(7)
    assert failures.read(event(tmp_path / "missing.log")).reason.startswith("killed without a word")


@pytest.mark.parametrize(
    ("second", "hopeless", "reason"),
    [
        (BAD, True, ""),
        ("Killed by a bit that flipped", False, ""),
        ("x: error: memory ran out", False, "memory ran out"),
    ],
)
def test_a_bundle_is_tried_again_if_that_may_help_one_of_its_runs(tmp_path, second, hopeless, reason):
    logs = [tmp_path / "0.log", tmp_path / "1.log"]
    for log, text in zip(logs, (BAD, second), strict=True):
        log.write_text(text)
    bundle = tmp_path / "bundle.log"
    bundle.write_text("".join(f"replisome bundle: error: runs/{log.stem}: failed; its log is {log}\n" for log in logs))
    found = Failures().read(event(bundle))
    assert found.hopeless == hopeless
    assert found.reason.startswith(reason)
    assert bool(found.reason) == bool(reason)

"""Which jobs are tried again, on this machine as on a cluster."""

RUN = "results/demo/bloodmnist/control/runs/cnn/head=logits+lr=0.003+pool=max/seed=0"


def test_a_package_that_is_missing_is_named_and_not_tried_again(fresh):
    fresh.edit("workflow/src/replisome/models/cnn.py", "\nfrom torch import", "\nimport torch_extra\nfrom torch import")
    done = fresh.run("--retries", "3", f"{RUN}/validation.json")
    assert done.returncode == 1
    assert "'torch_extra' is not installed where the job ran" in done.stdout
    assert "Trying to restart" not in done.stdout
    (log,) = (fresh.root / "results/demo/logs/train").rglob("head=logits*/0.log")
    assert log.read_text().splitlines()[-1].startswith("replisome: 'torch_extra' is not installed")


def test_an_error_that_may_pass_is_tried_again(fresh):
    """The first attempt leaves a file, and the second finds it."""
    again = "\nimport pathlib\n\nif not pathlib.Path('tried').exists():\n"
    again += "    pathlib.Path('tried').touch()\n    raise OSError('Stale file handle')\n"
    fresh.edit("workflow/src/replisome/models/cnn.py", "\nfrom torch import", f"{again}\nfrom torch import")
    done = fresh.run("--retries", "1", f"{RUN}/validation.json")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Trying to restart") == 1
    assert "failed:" not in done.stdout

"""The patch that is ready for SLURM's plugin: it applies to the version that is pinned, and its own test needs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import snakemake_executor_plugin_slurm
from conftest import ROOT

PATCH = ROOT / "docs" / "patches" / "slurm-plugin-outage.patch"


@pytest.fixture
def clone(tmp_path):
    """The plugin as it is installed, in a folder as its repository has it, with the patch."""
    package = Path(snakemake_executor_plugin_slurm.__file__).parent
    shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", str(PATCH)], cwd=tmp_path, check=True)
    return tmp_path


def tried(clone):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "tests"]
    environment = {"PYTHONPATH": str(clone), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=clone, env=environment, text=True, capture_output=True, check=False).stdout


@pytest.mark.slow
def test_the_patch_passes_its_own_test_and_the_plugin_without_it_does_not(clone):
    assert "2 passed" in tried(clone)
    package = Path(snakemake_executor_plugin_slurm.__file__).parent
    shutil.copytree(package, clone / package.name, dirs_exist_ok=True)
    assert "2 failed" in tried(clone)

"""The test cluster, started once for all workers and stopped when the last test has ended."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from filelock import FileLock
from tests.slurm import cluster
from tiny_workflow import Workflow

STARTED = cluster.FOLDER.with_suffix(".started")  # there while the cluster is one that tests have started


@pytest.fixture(scope="session")
def running_cluster() -> None:
    """A SLURM cluster of one node; a test that asks for it is skipped where none can be started."""
    if (reason := cluster.missing()) is not None:
        pytest.skip(f"no SLURM: {reason}")
    with FileLock(f"{cluster.FOLDER}.lock"):
        if not cluster.ask("sinfo"):
            STARTED.touch()
        cluster.up()


@pytest.fixture
def slurm(running_cluster, monkeypatch) -> Iterator[None]:
    """The environment in which SLURM's commands find the test cluster; no job is left in it after the test."""
    for name in [name for name in os.environ if name.startswith(("SLURM", "SNAKEMAKE", "REPLISOME"))]:
        monkeypatch.delenv(name)
    yield
    cluster.start("slurmctld")  # a test may have stopped it
    cluster.ask("scancel", "--user=root")
    cluster.wait_until(lambda: not cluster.ask("squeue", "--noheader"))


@pytest.fixture
def small(slurm, fresh) -> Workflow:
    """A workflow that has not run yet, whose jobs go to the test cluster."""
    return fresh


def pytest_sessionfinish(session) -> None:
    """Stop the cluster where tests have started it, once all workers are done."""
    if "PYTEST_XDIST_WORKER" not in os.environ and STARTED.exists():
        cluster.down()
        STARTED.unlink()

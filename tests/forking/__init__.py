"""Commands of tests in processes that are forked from one in which libraries are loaded already.

A tiny workflow is a hundred calls of `python -m replisome` and `python -m snakemake`, and most of the time of each goes
into the import of PyTorch, pandas and Snakemake. :mod:`.server` imports the libraries once and forks for each call. The
package itself is imported by each call, from the source that it is pointed to, so that copies with edits are what they
say. Whatever kills processes or limits them does without: only whom :func:`environment` is given to is served.
"""

from __future__ import annotations

import atexit
import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HOOK = Path(__file__).parent / "hook"  # with sitecustomize.py, which Python imports as it starts
SOCKET = "REPLISOME_FORKING_SOCKET"


def environment(source: Path | None = None) -> dict[str, str]:
    """Return an environment in which ``python -m replisome`` and ``python -m snakemake`` are served by a fork.

    Args:
        source: the folder to import the package from; without it, whatever the command itself finds.
    """
    path = [str(HOOK), *([str(source)] if source else [])]
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    if hasattr(os, "pidfd_open"):  # Linux; elsewhere commands are what they are without
        found[SOCKET] = _server()
    return found


@functools.cache
def _server() -> str:
    """Start this process's server, which ends with it, and return its address."""
    folder = tempfile.TemporaryDirectory(prefix="forking-")
    address = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server.py")), address],
        stdin=subprocess.PIPE,  # its end is the server's
        stdout=subprocess.PIPE,
        env={**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    return address

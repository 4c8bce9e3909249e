"""How the last call of the workflow in a results folder was made, so that it can be made again."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from replisome.io import write_json

FILE = ".call.json"
# How settings begin that Snakemake, this workflow, SLURM and CUDA take from the environment.
OF_THE_CALL = ("SNAKEMAKE_", "REPLISOME_", "SBATCH_", "SLURM_CONF", "CUDA_VISIBLE_DEVICES")


@dataclass(frozen=True)
class LastCall:
    """A call of Snakemake.

    Attributes:
        python: the interpreter.
        arguments: of snakemake.
        folder: where it was called.
        environment: what of its environment says where and how jobs run.
        executor: what ran its jobs: local, slurm, ...
    """

    python: str
    arguments: tuple[str, ...]
    folder: str
    environment: dict[str, str]
    executor: str

    def command(self, *more: str) -> list[str]:
        """Return the words of the same call, with further options before those that there were."""
        return [self.python, "-m", "snakemake", *more, *self.arguments]


def keep(results: Path, executor: str, arguments: Sequence[str] | None = None) -> None:
    """Write down how this process was called."""
    words = tuple(sys.argv[1:] if arguments is None else arguments)
    environment = {name: value for name, value in os.environ.items() if name.startswith(OF_THE_CALL)}
    write_json(results / FILE, asdict(LastCall(sys.executable, words, os.getcwd(), environment, executor)))


def read(results: Path) -> LastCall | None:
    """Return how the last call was made; None where no call has left word."""
    try:
        found = json.loads((results / FILE).read_text(encoding="utf-8"))
        return LastCall(**{**found, "arguments": tuple(found["arguments"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None

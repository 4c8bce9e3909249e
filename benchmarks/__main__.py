"""Run every benchmark and print one table: ours, the reference, their ratio, and on what machine."""

from __future__ import annotations

import os
import platform
from datetime import date

import torch

from benchmarks import (
    bloodmnist,
    bundles,
    claims,
    genome,
    pages,
    proteinnet,
    rnacompete,
    scale,
    sweeps,
    watching,
)
from replisome.tracking.record import processor


def main() -> None:
    """Print the table."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else processor()
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    print(f"{date.today()}  {device}, {os.cpu_count()} cores, {versions}")
    for benchmark in (
        *(sweeps.training, bloodmnist.two_at_once),
        *(rnacompete.encoding, rnacompete.full_table),
        *(proteinnet.reading, proteinnet.accumulation),
        *(genome.encoding, genome.windows_at_once, scale.plans, bundles.sweep),
        *(claims.reading, claims.judging, pages.opening, watching.share_of_a_core),
    ):
        for line in benchmark():
            print(line, flush=True)


if __name__ == "__main__":
    main()

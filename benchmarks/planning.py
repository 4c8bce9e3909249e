"""How long Snakemake and our plan take to work out what to do for a grid of a thousand runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (1, 250)  # times four variants


def dry_run() -> Iterator[str]:
    """Time a dry run of 1,000 runs beside one of 4: the difference is what runs cost."""
    seconds = []
    for seeds in SEEDS:
        with tempfile.TemporaryDirectory() as name:
            own = Path(name) / "overrides.yaml"
            grid = {"pool": ["none", "max"], "head": ["logits", "softmax"]}
            variants = {"models": {"cnn": {"grid": grid}}, "seeds": seeds}
            own.write_text(
                yaml.safe_dump(
                    {
                        "studies": ["bloodmnist"],
                        "overrides": {"bloodmnist": {"experiments": {"variants": variants, "softmax": None}}},
                    }
                )
            )
            command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", "--cores", "2"]
            command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", name]
            command += ["--configfile", str(ROOT / "config" / "demo.yaml"), str(own)]
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - began)
    yield f"dry run: {seconds[1]:.1f} s for {4 * SEEDS[1]:,} runs; {seconds[0]:.1f} s for {4 * SEEDS[0]} (n=1)"

"""How much of a sweep's time is training, with a job for every run and with bundles."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[1]
CORES = 2
RUNS = 24
EPOCHS = 12  # of 400 images, which takes about three seconds on a thread


def sweep(runs: int = RUNS, bundles: tuple[int, ...] = (0, 12), command: tuple[str, ...] = ()) -> Iterator[str]:
    """Time the training of a sweep up to its selection, beside the pure training time that its runs report.

    Args:
        runs: of the sweep.
        bundles: sizes to try; 0 is a job for every run.
        command: further arguments of snakemake, such as a profile.
    """
    for bundle in bundles:
        with tempfile.TemporaryDirectory() as name:
            _call(Path(name), runs, bundle, "control/stats.json", command)  # prepared before the clock starts
            began = time.perf_counter()
            _call(Path(name), runs, bundle, "selection/variants/selection.json", command)
            seconds = time.perf_counter() - began
            pure, count = _pure(Path(name))
            wanted = max(pure / CORES, 1e-9)
            yield (
                f"sweep of {count} runs, bundle={bundle}: {seconds:.0f} s on {CORES} cores; pure training "
                f"{wanted:.0f} s ({pure / count:.1f} s a run); ratio {seconds / wanted:.2f} (n=1)"
            )


def _call(folder: Path, runs: int, bundle: int, target: str, more: tuple[str, ...]) -> None:
    own = folder / "own.yaml"
    changes = {
        "recipes": {"control": {"source": {"options": {"side": 28, "train": 400, "validation": 100, "test": 100}}}},
        "experiments": {
            "variants": {
                "models": {"cnn": {"grid": {"head": ["logits", "softmax"], "lr": [0.001]}}},
                "budget": {"epochs": EPOCHS},
                "seeds": runs // 2,
            },
            "softmax": None,
        },
    }
    own.write_text(yaml.safe_dump({"studies": ["bloodmnist"], "bundle": bundle, "overrides": {"bloodmnist": changes}}))
    command = [sys.executable, "-m", "snakemake", "--cores", str(CORES), "--quiet", "all", *more]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--configfile", str(ROOT / "config" / "demo.yaml"), str(own)]
    subprocess.run(
        [*command, "--", f"results/demo/bloodmnist/{target}"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _pure(folder: Path) -> tuple[float, int]:
    """Return the seconds that rounds took in all runs together, and the number of runs."""
    histories = [pd.read_parquet(path) for path in folder.rglob("history.parquet")]
    return sum(float((h["seconds_training"] + h["seconds_evaluation"]).sum()) for h in histories), len(histories)


if __name__ == "__main__":
    for line in sweep(int(sys.argv[1]) if sys.argv[1:] else RUNS):
        print(line, flush=True)

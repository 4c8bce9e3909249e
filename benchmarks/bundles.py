"""How much of a sweep's time is training, with a job for every run and with bundles.

Of 500 runs in bundles of 50: ``python -m benchmarks.bundles 500 --bundles 50``; on a cluster, arguments of snakemake
follow: ``-- --profile slurm --jobs 2``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from benchmarks.calls import CORES, Cost, measured, snakemake, write

RUNS = 24
EPOCHS = 6  # of 400 images, which takes about three seconds on a thread


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
            seconds = _call(Path(name), runs, bundle, "selection/variants/selection.json", command).clock
            pure, count = _pure(Path(name))
            wanted = max(pure / CORES, 1e-9)
            yield (
                f"sweep of {count} runs, bundle={bundle}: {seconds:.0f} s on {CORES} cores; pure training "
                f"{wanted:.0f} s ({pure / count:.1f} s a run); ratio {seconds / wanted:.2f} (n=1)"
            )


def _call(folder: Path, runs: int, bundle: int, target: str, more: tuple[str, ...]) -> Cost:
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
    write(folder, {"studies": ["bloodmnist"], "overrides": {"bloodmnist": changes}}, bundle=bundle)
    return measured(snakemake(folder, "--quiet", "all", *more, "--", f"results/demo/bloodmnist/{target}"))


def _pure(folder: Path) -> tuple[float, int]:
    """Return the seconds that rounds took in all runs together, and the number of runs."""
    histories = [pd.read_parquet(path) for path in folder.rglob("history.parquet")]
    return sum(float((h["seconds_training"] + h["seconds_evaluation"]).sum()) for h in histories), len(histories)


def main(words: Sequence[str]) -> None:
    """Read the command line and print a line for each size of bundles."""
    end = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=int, nargs="?", default=RUNS)
    parser.add_argument("--bundles", type=int, nargs="+", default=[0, 12], help="0 is a job for every run")
    asked = parser.parse_args(words[:end])
    for line in sweep(asked.runs, tuple(asked.bundles), tuple(words[end + 1 :])):
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

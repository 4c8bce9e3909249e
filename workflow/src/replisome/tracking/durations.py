"""How long jobs took, by the benchmarks that Snakemake writes beside the results."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

SAMPLE = 5  # benchmarks that are read of one kind of jobs


def seconds_in(benchmark: Path) -> float | None:
    """Return the seconds in a benchmark; None where there is none that can be read."""
    try:
        return float(benchmark.read_text(encoding="utf-8").splitlines()[1].split("\t")[0])
    except (OSError, ValueError, IndexError):
        return None


class Durations:
    """Mean seconds of the runs of a model in a stage, on the same recipe or else on any of the study."""

    def __init__(self, folder: Path) -> None:
        """Look at the benchmarks in ``folder``, once and when first asked."""
        self._folder = folder

    @cached_property
    def _means(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], list[float]] = {}
        for file in sorted(self._folder.glob("*/*/*/*/*/*.tsv")):
            stage, study, recipe, model, *_ = file.relative_to(self._folder).parts
            for kind in ((stage, study, recipe, model), (stage, study, model)):
                if len(found.setdefault(kind, [])) < SAMPLE and (seconds := seconds_in(file)) is not None:
                    found[kind].append(seconds)
        return {kind: sum(seconds) / len(seconds) for kind, seconds in found.items() if seconds}

    def seconds(self, benchmark: str) -> float | None:
        """Return how long the job takes that leaves this benchmark; None where no such job has ended."""
        stage, study, recipe, model, *_ = Path(benchmark).relative_to(self._folder).parts
        return self._means.get((stage, study, recipe, model), self._means.get((stage, study, model)))

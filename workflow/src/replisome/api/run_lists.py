"""Several runs, to pick from by what they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from replisome.api.runs import Run
from replisome.errors import ReplisomeError, did_you_mean

FILTERS = ("study", "recipe", "protocol", "model", "slug", "seed", "experiment")


class Runs(Sequence[Run]):
    """Runs in the order of their paths, to pick from: ``results.runs.where(recipe="control", seed=0)``."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = list(runs)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> Run | Runs:
        """Return a run, or those of a slice."""
        return Runs(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def where(self, **values: Any) -> Runs:
        """Return the runs that have all these values.

        Args:
            **values: ``study``, ``recipe``, ``protocol``, ``model``, ``slug``, ``seed``, ``experiment`` (one of those
                that it is part of), ``finished``, or any hyperparameter or training setting, such as ``lr=0.01``.

        Returns:
            Those that match; none is an answer too.

        Raises:
            ReplisomeError: no run has such a setting.
        """
        known = {*FILTERS, "finished", *(key for run in self for key in run.settings)}
        for name in values.keys() - known if self._runs else ():
            raise ReplisomeError(f"runs have no '{name}'{did_you_mean(name, known)}")
        return Runs([run for run in self if all(_has(run, name, value) for name, value in values.items())])

    def one(self, **values: Any) -> Run:
        """Return the only run that has all these values (:meth:`where`).

        Args:
            **values: as for :meth:`where`.

        Returns:
            The run.

        Raises:
            ReplisomeError: none has them, or several do, which are named.
        """
        found = self.where(**values)
        if len(found) != 1:
            names = "".join(f"\n  {run.name}" for run in found[:5]) + ("\n  ..." if len(found) > 5 else "")
            asked = ", ".join(f"{name}={value!r}" for name, value in values.items())
            raise ReplisomeError(f"{len(found)} runs have {asked or 'what was asked'}, not one.{names}")
        return found[0]

    def __repr__(self) -> str:
        return f"<{len(self)} runs>"


def _has(run: Run, name: str, value: Any) -> bool:
    if name == "experiment":
        return value in run.experiments
    if name in FILTERS or name == "finished":
        return bool(getattr(run, name) == value)
    return name in run.settings and bool(run.settings[name] == value)

"""How long a run trains: so many epochs, or so many optimiser steps whatever the size of the data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from replisome.errors import ReplisomeError

KEYS = frozenset({"epochs", "steps", "every"})  # of a budget; they may also stand in a model's fixed values or grid


@dataclass(frozen=True)
class Budget:
    """``amount`` epochs or, where ``every`` is given, that many steps.

    Splits are scored after each round: an epoch, or ``every`` steps, of which the last round may have fewer.
    """

    amount: int
    every: int | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Budget:
        """Read ``{epochs: n}`` or ``{steps: n, every: m}``.

        Raises:
            ReplisomeError: neither, both, or not whole numbers above 0.
        """
        given = {key: value for key, value in settings.items() if value is not None}
        if given.keys() not in ({"epochs"}, {"steps", "every"}):
            raise ReplisomeError(
                "budget: give either 'epochs', or 'steps' and 'every' (after how many steps validation is scored), not "
                f"{', '.join(sorted(given)) or 'nothing'}."
            )
        for key, value in given.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ReplisomeError(f"budget: '{key}' is a whole number above 0, not {value!r}.")
        return cls(given["epochs"]) if "epochs" in given else cls(given["steps"], given["every"])

    @property
    def round_name(self) -> str:
        """Return what a round is called."""
        return "epoch" if self.every is None else "round"

    def ends(self, batches: int) -> list[int]:
        """Return after how many steps in all each round ends, given the number of ``batches`` in an epoch."""
        if self.every is None:
            return [batches * epoch for epoch in range(1, self.amount + 1)]
        rounds = math.ceil(self.amount / self.every)
        return [min(self.amount, self.every * number) for number in range(1, rounds + 1)]

    def less_than(self, other: Budget) -> bool:
        """Say whether this is less than another; what cannot be compared counts as less."""
        return (self.every is None) != (other.every is None) or self.amount < other.amount

    def capped(self, epochs: int | None, steps: int | None) -> dict[str, int]:
        """Return it as settings, with no more than so many rounds and so many steps."""
        if self.every is None:
            return {"epochs": self.amount if epochs is None else min(self.amount, epochs)}
        limits = [self.amount]
        limits += [] if epochs is None else [epochs * self.every]
        limits += [] if steps is None else [steps]
        return {"steps": min(limits), "every": min(self.every, *limits)}

    @staticmethod
    def largest(budgets: Iterable[Budget]) -> Budget:
        """Return the one with the largest amount."""
        return max(budgets, key=lambda budget: budget.amount)

    def __str__(self) -> str:
        """Return it as tables show it."""
        unit = "epoch" if self.every is None else "step"
        return f"{self.amount:,} {unit}{'' if self.amount == 1 else 's'}"

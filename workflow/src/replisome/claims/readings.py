"""How a curve over rounds becomes one number: the closed list of readings that claims may ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Better = Literal["max", "min"]


@dataclass(frozen=True)
class Curve:
    """What was scored in the rounds of one run.

    Attributes:
        steps: optimiser steps at which each value was taken (rounds,).
        values: the score, in its stored unit (rounds,).
        better: whether the larger or the smaller value is better.
    """

    steps: np.ndarray
    values: np.ndarray
    better: Better

    @property
    def gains(self) -> np.ndarray:
        """The values with their sign turned where smaller is better: larger gains are better."""
        return self.values if self.better == "max" else -self.values


def read(curve: Curve, how: str | Mapping[str, Any], printed: Sequence[Sequence[float]] = ()) -> float:
    """Return the number that a claim reads from a curve.

    Args:
        curve: of one run, all rounds that it trained.
        how: a reading by its name, or with its argument, as in ``{"at_epoch": 25}``.
        printed: steps and values of the paper's curve, for ``distance_to_printed``.

    Returns:
        The number; NaN where the curve has no rounds, a value it needs is none, or it ended before that round.
    """
    if not len(curve.values):
        return float("nan")
    if isinstance(how, str):
        return float(WORDS[how](curve))
    ((name, argument),) = how.items()
    if name == "distance_to_printed":
        return distance_to_printed(curve, printed)
    return float(WITH[name](curve, argument))


# ---- readings without an argument


def last(curve: Curve) -> float:
    """Return the value after the last round."""
    return float(curve.values[-1])


def lowest(curve: Curve) -> float:
    """Return the smallest value of all rounds."""
    return float(curve.values.min())


def highest(curve: Curve) -> float:
    """Return the largest value of all rounds."""
    return float(curve.values.max())


def best_round(curve: Curve) -> float:
    """Return the number of the round (1, 2, ...) with the best value, the first of equals."""
    return float("nan") if np.isnan(curve.values).any() else float(np.argmax(curve.gains) + 1)


def largest_drop(curve: Curve) -> float:
    """Return by how much the score got worse from one round to the next, at most; below 0 where it never did."""
    return float(-np.diff(curve.gains).min()) if len(curve.values) > 1 else float("nan")


def rise_since_best(curve: Curve) -> float:
    """Return by how much the last round is worse than the best one; 0 where the last is the best."""
    return float(curve.gains.max() - curve.gains[-1])


def fall_from_first(curve: Curve) -> float:
    """Return by how much the last round is better than the first one."""
    return float(curve.gains[-1] - curve.gains[0])


# ---- readings with an argument


def at_epoch(curve: Curve, epoch: int) -> float:
    """Return the value after that epoch."""
    return float(curve.values[epoch - 1]) if len(curve.values) >= epoch else float("nan")


def at_step(curve: Curve, step: int) -> float:
    """Return the value that was taken at that step."""
    found = curve.values[curve.steps == step]
    return float(found[0]) if len(found) else float("nan")


def mean_of_last(curve: Curve, rounds: int) -> float:
    """Return the mean of the last rounds."""
    return float(curve.values[-rounds:].mean()) if len(curve.values) >= rounds else float("nan")


def slope_of_last(curve: Curve, share: float) -> float:
    """Return the least-squares slope, a round, over the last share of the rounds; at least two of them."""
    values = curve.values[-_rounds_of(curve, share) :]
    if len(values) < 2 or np.isnan(values).any():
        return float("nan")
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def relative_fall_of_last(curve: Curve, share: float) -> float:
    """Return by which share of its size the value fell over the last share of the rounds."""
    values = curve.values[-_rounds_of(curve, share) :]
    return float((values[0] - values[-1]) / abs(values[0])) if values[0] else float("nan")


def rounds_to(curve: Curve, share: float) -> float:
    """Return the first round that has this share of the run's own gain from its first round to its best."""
    gains = curve.gains
    if np.isnan(gains).any():
        return float("nan")
    wanted = gains[0] + share * (gains.max() - gains[0])
    return float(np.argmax(gains >= wanted) + 1)


def change_between(curve: Curve, epochs: Sequence[int]) -> float:
    """Return the value after the second of two epochs less that after the first."""
    return at_epoch(curve, epochs[1]) - at_epoch(curve, epochs[0])


def distance_to_printed(curve: Curve, printed: Sequence[Sequence[float]]) -> float:
    """Return the root mean square distance from a printed curve, at the printed steps that the run has values of.

    Args:
        curve: of one run.
        printed: steps and values of the paper's curve (points, 2).

    Returns:
        The distance in the score's unit; NaN where the run has fewer than half of the printed steps.
    """
    apart = np.array([at_step(curve, int(step)) - value for step, value in printed], dtype=float)
    known = apart[~np.isnan(apart)]
    return float(np.sqrt(np.mean(known**2))) if len(known) * 2 >= len(apart) > 0 else float("nan")


def _rounds_of(curve: Curve, share: float) -> int:
    return max(2, round(share * len(curve.values)))


WORDS: Mapping[str, Callable[[Curve], float]] = {
    function.__name__: function
    for function in (last, lowest, highest, best_round, largest_drop, rise_since_best, fall_from_first)
}
WITH: Mapping[str, Callable[[Curve, Any], float]] = {
    function.__name__: function
    for function in (
        *(at_epoch, at_step, mean_of_last, slope_of_last, relative_fall_of_last, rounds_to, change_between),
    )
}


def never_crosses(first: Curve, second: Curve) -> bool:
    """Say whether the second of two runs is the better one, or as good, after every round that both trained."""
    rounds = min(len(first.values), len(second.values))
    return bool((second.gains[:rounds] >= first.gains[:rounds]).all())

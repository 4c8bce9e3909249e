"""Which weights of a run the test split is scored with: those that the selection goes by, and where asked for, others.

Nobody knows at which epoch some reports read their test scores. An experiment that a claim about them names has both
scored, ``test_weights: [best, last]``. That is no part of a run: what is tested does not change what is trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from replisome.errors import ReplisomeError


def also_tested(experiment: str, block: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the weights that an experiment tests beside those that its selection goes by.

    Raises:
        ReplisomeError: those of the selection are not among the weights to test.
    """
    selected = block.get("weights", "best")
    listed = block.get("test_weights", [selected])
    if selected not in listed:
        raise ReplisomeError(
            f"experiments.{experiment}.test_weights: lacks '{selected}', by which the selection goes; add it, or set "
            "'weights' to one of those listed."
        )
    return tuple(kind for kind in listed if kind != selected)


def evaluation_settings(config: Mapping[str, Any], weights: Sequence[str]) -> dict[str, Any]:
    """Return what the scores on the test split depend on, given a run's config.json and the kinds of weights."""
    return {**config, **({"test_weights": list(weights)} if len(weights) > 1 else {})}

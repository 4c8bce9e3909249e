"""Facts that claims may state of any study's models: counts that have no spread over seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from replisome.analysis.results import StudyResults
from replisome.analysis.variants import Variant, values_of
from replisome.errors import ReplisomeError


def parameter_count(study: StudyResults, members: Sequence[Variant]) -> float:
    """Return how many parameters a model has, those that are not trained among them."""
    return _cost(study, members[0], "parameters")


def layer_parameters(study: StudyResults, members: Sequence[Variant], layer: str) -> float:
    """Return how many parameters a layer has; layers have the names of the model's attributes."""
    return _cost(study, members[0], f"parameters.{layer}")


def parameters_shrink_percent(study: StudyResults, members: Sequence[Variant], layer: str | None = None) -> float:
    """Return by how many percent the first model, or one of its layers, is smaller than the second's."""
    name = f"parameters.{layer}" if layer else "parameters"
    small, large = (_cost(study, variant, name) for variant in members)
    return 100 * (1 - small / large)


def _cost(study: StudyResults, variant: Variant, metric: str) -> float:
    values = values_of(study, variant, split="run", metric=metric, role="cost")
    if not len(values):
        raise ReplisomeError(f"model '{variant.model}' has no layer '{metric.removeprefix('parameters.')}'.")
    return float(values[0])


FACTS: Mapping[str, Callable[..., float]] = {
    function.__name__: function for function in (parameter_count, layer_parameters, parameters_shrink_percent)
}

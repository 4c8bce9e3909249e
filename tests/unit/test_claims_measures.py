"""What a claim's number is in our runs, where no seed has a say in it, and where one has."""

from types import SimpleNamespace

import numpy as np
import pytest

from replisome.claims import measures
from replisome.claims.rules import judge


@pytest.fixture
def measured(monkeypatch):
    """Measure a cost of two networks of one seed each; the first has 120 parameters, the second 100."""
    monkeypatch.setattr(measures, "remarks", lambda study, key: None)
    monkeypatch.setattr(measures, "accepted_mark", lambda study, variant: "")
    one = np.array([1.0])
    costs = {n: SimpleNamespace(training=one, scoring=one, memory=one, parameters=n) for n in (120, 100)}
    monkeypatch.setattr(measures, "cost_of", lambda study, variant: costs[variant.parameters])

    def of(cost: str) -> list:
        arms = [SimpleNamespace(parameters=n, trained=True, key="key") for n in costs]
        return [measures.measure(None, arm, {"cost": cost, "scale": "log"}, "x").scores for arm in arms]

    return of


@pytest.mark.parametrize(("cost", "word"), [("parameters", "not replicated"), ("seconds_total", "inconclusive")])
def test_one_seed_tells_how_many_parameters_there_are_and_not_how_long_a_run_takes(measured, cost, word):
    found = judge({"kind": "ratio", "expect": "below_one"}, measured(cost), "this_set")
    assert found.word == word
    if cost == "parameters":
        assert found.estimate[:3] == pytest.approx((1.2, 1.2, 1.2))

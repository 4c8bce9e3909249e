import numpy as np
import pytest
from scipy import stats

from replisome.statistics import bootstrap_mean, mean_over_seeds, paired_difference


def test_the_interval_over_seeds_is_students():
    values = [0.91, 0.93, 0.92, 0.95, 0.90]
    found = mean_over_seeds(values)
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert found == pytest.approx((np.mean(values), low, high, 5))


def test_one_seed_has_a_value_and_no_interval():
    found = mean_over_seeds([0.9])
    assert (found.value, found.n) == (0.9, 1)
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_no_seed_is_no_number():
    assert np.isnan(mean_over_seeds([]).value)


def test_the_bootstrap_of_a_proportion_agrees_with_the_normal_approximation():
    correct = np.repeat([1.0, 0.0], [900, 100])
    found = bootstrap_mean(correct)
    half = 1.96 * np.sqrt(0.9 * 0.1 / 1000)
    assert found.value == pytest.approx(0.9)
    assert found.low == pytest.approx(0.9 - half, abs=0.003)
    assert found.high == pytest.approx(0.9 + half, abs=0.003)
    assert bootstrap_mean(correct) == found  # seeded


def test_the_bootstrap_of_a_constant_is_that_constant():
    assert bootstrap_mean(np.ones(10)) == (1.0, 1.0, 1.0, 10)


def test_pairing_narrows_the_interval_of_a_difference():
    rng = np.random.default_rng(0)
    first = rng.random(500)
    second = first - 0.1 + rng.normal(0, 0.01, 500)
    found = paired_difference(first, second)
    assert found.value == pytest.approx(0.1, abs=0.002)
    assert found.high - found.low < 0.004

import numpy as np
import pytest
from scipy import stats

from replisome.analysis.statistics import (
    bootstrap_mean,
    bootstrap_ratio,
    mean_over_seeds,
    paired_difference,
    resampled_scores,
    with_interval,
)


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


def test_resampled_correlations_are_scipys_on_each_sample():
    rng = np.random.default_rng(3)
    measured = rng.normal(size=60).round(1)  # with ties
    predicted = np.stack([measured + rng.normal(size=60), rng.integers(0, 4, 60).astype(float)])
    found = resampled_scores(predicted, measured, resamples=5, seed=7)
    again = np.random.default_rng(7)
    for sample in range(5):
        items = again.integers(60, size=60)
        for k in range(2):
            one, two = predicted[k][items], measured[items]
            assert found.spearman[k, sample] == pytest.approx(stats.spearmanr(one, two)[0])
            assert found.pearson[k, sample] == pytest.approx(stats.pearsonr(one, two)[0])
            assert found.mse[k, sample] == pytest.approx(np.mean((one - two) ** 2))


def test_the_bootstrap_interval_of_a_correlation_is_near_fishers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    y = x + rng.normal(size=2000)
    value = stats.pearsonr(x, y)[0]
    found = with_interval(value, resampled_scores(x[None], y).pearson[0], 2000)
    low, high = stats.pearsonr(x, y).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.005)


def test_two_calls_on_the_same_items_are_paired():
    rng = np.random.default_rng(1)
    y = rng.normal(size=300)
    one, two = y + rng.normal(size=300), y + rng.normal(size=300)
    apart = resampled_scores(one[None], y).spearman[0] - resampled_scores(two[None], y).spearman[0]
    together = resampled_scores(np.stack([one, two]), y).spearman
    np.testing.assert_allclose(apart, together[0] - together[1])


def test_a_prediction_that_never_varies_has_no_interval():
    samples = resampled_scores(np.ones((1, 20)), np.arange(20.0), resamples=10).spearman[0]
    assert np.isnan(with_interval(float("nan"), samples, 20).low)


def test_nothing_has_no_mean_and_no_interval():
    assert np.isnan(bootstrap_mean(np.empty(0))[:3]).all()
    assert bootstrap_mean(np.empty(0)).n == 0


def test_a_pooled_ratio_and_its_interval():
    rng = np.random.default_rng(0)
    sizes = rng.integers(5, 50, 80).astype(float)
    sums = sizes * rng.normal(3, 1, 80)
    found = bootstrap_ratio(sums, sizes)
    assert found.value == pytest.approx(sums.sum() / sizes.sum())
    result = stats.bootstrap(
        (sums, sizes),
        lambda a, b: a.sum() / b.sum(),
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert found.low == pytest.approx(result.low, rel=0.02)
    assert found.high == pytest.approx(result.high, rel=0.02)
    assert np.isnan(bootstrap_ratio(sums[:1], sizes[:1]).low)
